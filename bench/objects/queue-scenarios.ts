import type { Settlement } from "../../src/core/queue/commands.ts"
import { batchOf, FIRST, Tally } from "./count.ts"
import type { BenchEnv } from "./env.ts"
import { ObjectPeer } from "./object-peer.ts"
import { openQueue, receive, repeat, send, settle } from "./queue-client.ts"
import type { Report } from "./report.ts"

/** At least as many messages as the figures ask for, and whole batches of 1, 10 and 100. */
const MESSAGES = 2_100
const IN_FLIGHT = 50_000
const IN_FLIGHT_BATCH = 100
const SEED = 20_261_102

/** All sends, then all receives, then all acknowledgements. */
export async function inPhases(env: BenchEnv, batch: number): Promise<Report> {
  const queue = await openQueue(env, `phases-${batch}`)
  const tally = new Tally(queue)
  const rounds = MESSAGES / batch
  const bytes = batchOf(batch)
  const received: Settlement[][] = []
  await tally.step("send", () => repeat(rounds, () => send(queue, bytes)))
  await tally.step("receive", () => repeat(rounds, async () => received.push(await receive(queue, batch))))
  await tally.step("ack", () => repeat(rounds, (round) => settle(queue, received[round]!)))
  return tally.perMessage(MESSAGES)
}

/** Each batch is received and acknowledged before the next is sent, as where consumers keep up. */
export async function inStep(env: BenchEnv, batch: number): Promise<Report> {
  const queue = await openQueue(env, `step-${batch}`)
  const tally = new Tally(queue)
  const bytes = batchOf(batch)
  await repeat(MESSAGES / batch, async () => {
    await tally.step("send", () => send(queue, bytes))
    const received = await tally.step("receive", () => receive(queue, batch))
    await tally.step("ack", () => settle(queue, received))
  })
  return tally.perMessage(MESSAGES)
}

/** As the sends of `inPhases`, over a socket and by a producer whose repeats are recognised. */
export async function producerSends(env: BenchEnv, batch: number): Promise<Report> {
  const queue = await openQueue(env, `producer-${batch}`)
  const peer = await ObjectPeer.open(queue, FIRST.version)
  const tally = new Tally(queue)
  const blob = batchOf(batch)
  await tally.step("send", () =>
    repeat(MESSAGES / batch, async (round) => {
      const producer = { producerId: 1, epoch: 0, sequence: round * batch }
      const terms = { producer, expectedOffset: null }
      const [answer] = await peer.ask({ type: "publish", refs: [round], counts: [batch], terms }, blob)
      const [confirm] = answer?.operation.type === "confirm" ? answer.operation.confirms : []
      if (confirm?.repeatedCount !== 0) throw new Error(JSON.stringify(answer))
    }),
  )
  peer.close()
  return tally.perMessage(MESSAGES)
}

/** Acknowledgements of 100 messages that lie anywhere among 50,000 in flight. */
export async function atRandom(env: BenchEnv): Promise<Report> {
  const queue = await openQueue(env, "random")
  const rounds = IN_FLIGHT / IN_FLIGHT_BATCH
  const bytes = batchOf(IN_FLIGHT_BATCH)
  await repeat(rounds, () => send(queue, bytes))
  const acks: Settlement[] = []
  await repeat(rounds, async () => acks.push(...(await receive(queue, IN_FLIGHT_BATCH))))
  shuffle(acks)
  const tally = new Tally(queue)
  await tally.step("ack", () =>
    repeat(rounds, (round) => settle(queue, acks.slice(round * IN_FLIGHT_BATCH, (round + 1) * IN_FLIGHT_BATCH))),
  )
  return tally.perMessage(IN_FLIGHT)
}

/** The same order on every run: a linear congruential generator drives Fisher and Yates. */
function shuffle(items: unknown[]): void {
  let state = SEED
  for (let last = items.length - 1; last > 0; last--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const other = Math.floor((state / 2 ** 32) * (last + 1))
    const held = items[last]
    items[last] = items[other]
    items[other] = held
  }
}
