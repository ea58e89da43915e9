import { afterAll, beforeAll, expect, it } from "vitest"
import { startTestBroker, type TestBroker } from "../support/broker.ts"
import { ask } from "../support/load.ts"
import { ProducerLoad } from "../support/producer-load.ts"
import { SocketClient } from "../support/socket-client.ts"

const BREAKS = 20
/** Each so-and-so-many-th break is the broker's, the others are the network's. */
const KILL_EVERY = 4
let broker: TestBroker
let toQueue: ProducerLoad
let toPartition: ProducerLoad

async function newLoad(target: ConstructorParameters<typeof ProducerLoad>[1]): Promise<ProducerLoad> {
  const opened = (await ask(broker, "POST", "/v1/producers", {}))!.body as unknown as Record<string, number>
  const producer = { id: opened["producerId"]!, epoch: opened["epoch"]! }
  return new ProducerLoad(() => SocketClient.open(broker), target, producer)
}

/** All messages of the queue, in order. */
async function drain(): Promise<{ readonly id: string; readonly body: unknown }[]> {
  const drained: { readonly id: string; readonly body: unknown }[] = []
  for (;;) {
    const received = await ask(broker, "POST", "/v1/queues/work/receive", { maxMessages: 1000 })
    const messages = received!.body.messages!
    if (messages.length === 0) return drained
    drained.push(...messages.map(({ id, body }) => ({ id, body })))
    await ask(broker, "POST", "/v1/queues/work/ack", { receipts: messages.map(({ receipt }) => receipt) })
  }
}

async function readAll(): Promise<{ readonly id: number; readonly body: unknown }[]> {
  const records: { readonly id: number; readonly body: unknown }[] = []
  for (let from = 0; ;) {
    const page = (await ask(broker, "GET", `/v1/topics/log/partitions/0/records?from=${from}`))!.body
    records.push(...page.records!.map(({ offset: id, body }) => ({ id, body })))
    from = page.nextOffset!
    if (from >= page.endOffset!) return records
  }
}

beforeAll(async () => {
  broker = await startTestBroker()
  await ask(broker, "PUT", "/v1/queues/work", {})
  await ask(broker, "PUT", "/v1/topics/log", { partitions: 1 })
  toQueue = await newLoad({ queue: "work" })
  toPartition = await newLoad({ topic: "log", partition: 0, partitions: 1 })
  const loads = [toQueue, toPartition]
  for (let run = 1; run <= BREAKS; run++) {
    // at another point of the work each time
    const [answers, turns] = [run % 7, (run * 5) % 11]
    const isKill = run % KILL_EVERY === 0
    const clients: SocketClient[] = []
    await Promise.all(
      loads.map((load) =>
        load.workAndBreak(answers, turns, async (client) => {
          clients.push(client)
          if (!isKill) client.terminate()
        }),
      ),
    )
    if (!isKill) continue
    await broker.kill9()
    for (const client of clients) client.terminate()
    await broker.restart()
  }
  for (const load of loads) await load.finish()
})

afterAll(() => broker.dispose())

it("was broken off under load: much was stored, and some of it was said again", () => {
  for (const load of [toQueue, toPartition]) {
    expect(load.wrong).toEqual([])
    expect(load.stored).toHaveLength(load.published)
    expect(load.published).toBeGreaterThan(500)
    expect(load.repeated).toBeGreaterThan(0)
  }
})

it("[W58] [W52] [Q53] each message of a producer is in its queue once and in order, under the id that was said", async () => {
  const messages = await drain()
  expect(messages).toEqual(toQueue.stored.map((id, body) => ({ id, body })))
})

it("[W58] [S6] each record of a producer is in its partition once and in order, at the offset that was said", async () => {
  const records = await readAll()
  expect(records).toEqual(toPartition.stored.map((id, body) => ({ id, body })))
})
