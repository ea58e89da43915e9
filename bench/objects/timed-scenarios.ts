import type { Settlement } from "../../src/core/queue/commands.ts"
import { RECEIVE_ATTEMPT_MS } from "../../src/core/limits.ts"
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../src/core/queue/settings.ts"
import { type Pass, withStoppedClock } from "./clock.ts"
import { batchOf, FIRST, Tally, type Terms, valueOf } from "./count.ts"
import type { BenchEnv } from "./env.ts"
import { openQueue, type Queue, receiveSome, repeat, send, settle } from "./queue-client.ts"
import type { Report } from "./report.ts"

/** As many as the scenarios without a clock have. */
const MESSAGES = 2_100
const EXPIRING = 10_000
const GROUPS = 100
/** Between two requests, so that what depends on their times is as in a queue in use. */
const STEP_MS = 2
const DELAY_MS = 10 * 60 * 1000
const RETENTION_MS = 60 * 60 * 1000
/** After this everything that has expired was swept out. */
const SWEPT_MS = 60 * 1000

/** What a queue's whole life costs that uses some feature, and waits until nothing of it is left. */
interface Life {
  readonly name: string
  readonly batch: number
  readonly settings: Partial<QueueSettings>
  /** Terms of message `number`. */
  readonly termsOf: (number: number) => Terms
  readonly attemptIdOf?: (round: number) => string
  /** Each receive is acknowledged before the next: a group of which something is in flight has nothing for it. */
  readonly inOrder?: true
  /** From the last send until the first receive. */
  readonly waitMs?: number
  /** From the last acknowledgement until nothing is remembered. */
  readonly sweepMs?: number
}

/** FIFO groups and deduplication ids, all in one queue. */
export async function fifoWithDedup(env: BenchEnv, batch: number): Promise<Report> {
  const termsOf = (number: number): Terms => ({ groupId: groupOf(number), dedupId: dedupIdOf(number) })
  const sweepMs = DEFAULT_QUEUE_SETTINGS.dedupWindowMs
  return lifeOf(env, { name: "fifo-dedup", batch, settings: { ordering: "fifo" }, termsOf, inOrder: true, sweepMs })
}

/** Nothing but deduplication ids. */
export async function dedup(env: BenchEnv, batch: number): Promise<Report> {
  const termsOf = (number: number): Terms => ({ dedupId: dedupIdOf(number) })
  return lifeOf(env, { name: "dedup", batch, settings: {}, termsOf, sweepMs: DEFAULT_QUEUE_SETTINGS.dedupWindowMs })
}

/** A tenant each in turn. */
export async function fair(env: BenchEnv, batch: number): Promise<Report> {
  const termsOf = (number: number): Terms => ({ groupId: groupOf(number) })
  return lifeOf(env, { name: "fair", batch, settings: { fair: true }, termsOf })
}

/** A time to live that does not run out. */
export async function withTimeToLive(env: BenchEnv, batch: number): Promise<Report> {
  return lifeOf(env, { name: "ttl", batch, settings: {}, termsOf: () => ({ ttlMs: DELAY_MS }), sweepMs: DELAY_MS })
}

/** Receives that could be repeated. */
export async function withAttemptIds(env: BenchEnv, batch: number): Promise<Report> {
  const attemptIdOf = (round: number): string => `attempt-${String(round).padStart(12, "0")}`
  const sweepMs = RECEIVE_ATTEMPT_MS
  return lifeOf(env, { name: "attempts", batch, settings: {}, termsOf: () => ({}), attemptIdOf, sweepMs })
}

/** Batches that wait, each for a time of its own. */
export async function scheduled(env: BenchEnv, batch: number): Promise<Report> {
  const termsOf = (): Terms => ({ delayMs: DELAY_MS })
  return lifeOf(env, { name: "scheduled", batch, settings: {}, termsOf, waitMs: DELAY_MS })
}

/** Messages that nobody receives. */
export async function expiring(env: BenchEnv, batch: number): Promise<Report> {
  return withStoppedClock(async (pass) => {
    const queue = await openQueue(env, `expiring-${batch}`, { retentionMs: RETENTION_MS })
    const tally = new Tally(queue)
    const bytes = batchOf(batch)
    await tally.step("send", () => repeat(EXPIRING / batch, () => step(pass, () => send(queue, bytes))))
    pass(RETENTION_MS + SWEPT_MS)
    await tally.step("sweep", () => queue.wake())
    await mustBeEmpty(queue)
    return tally.perMessage(EXPIRING)
  })
}

async function lifeOf(env: BenchEnv, life: Life): Promise<Report> {
  const { batch, settings, termsOf, waitMs = 0, sweepMs = 0, attemptIdOf = () => null } = life
  return withStoppedClock(async (pass) => {
    const queue = await openQueue(env, `${life.name}-${batch}`, settings)
    const tally = new Tally(queue)
    const rounds = MESSAGES / batch
    await tally.step("send", () =>
      repeat(rounds, (round) =>
        step(pass, () =>
          send(
            queue,
            batchOf(batch, (index) => termsOf(round * batch + index)),
          ),
        ),
      ),
    )
    if (waitMs > 0) await tally.step("wait", () => inSteps(queue, pass, waitMs))
    const received: Settlement[][] = []
    const acknowledge = async (): Promise<void> => {
      for (const acks of received.splice(0)) await step(pass, () => tally.step("ack", () => settle(queue, acks)))
    }
    // a receive may be short where a group goes on behind what the window covers
    for (let [round, left] = [0, MESSAGES]; left > 0; round++) {
      pass(STEP_MS)
      const acks = await tally.step("receive", () => receiveSome(queue, batch, attemptIdOf(round)))
      if (acks.length === 0) throw new Error(`nothing received, ${left} left`)
      received.push(acks)
      left -= acks.length
      if (life.inOrder) await acknowledge()
    }
    await acknowledge()
    pass(sweepMs)
    if (sweepMs > 0) await tally.step("sweep", () => queue.wake())
    await mustBeEmpty(queue)
    return tally.perMessage(MESSAGES)
  })
}

async function step(pass: Pass, work: () => Promise<unknown>): Promise<void> {
  pass(STEP_MS)
  await work()
}

/** Lets time pass so that the alarm comes on time, between any two messages that were sent in a row. */
async function inSteps(queue: Queue, pass: Pass, ms: number): Promise<void> {
  const sendingMs = (MESSAGES + 1) * STEP_MS
  pass(ms - sendingMs)
  for (let passedMs = 0; passedMs < sendingMs; passedMs += STEP_MS) {
    pass(STEP_MS)
    await queue.wake()
  }
}

async function mustBeEmpty(queue: Queue): Promise<void> {
  const statistics = valueOf(await queue.statistics(FIRST.version))
  const { ready, inFlight, delayed, scheduled: waiting, bytes } = statistics
  if (ready + inFlight + delayed + waiting + bytes > 0) throw new Error(JSON.stringify(statistics))
}

function groupOf(number: number): string {
  return `group-${number % GROUPS}`
}

/** As long as a UUID. */
function dedupIdOf(number: number): string {
  return String(number).padStart(36, "0")
}
