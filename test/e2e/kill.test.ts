import { afterAll, beforeAll, expect, it } from "vitest"
import { startTestBroker, type TestBroker } from "../support/broker.ts"
import { type Answer, ask, emptyHistory, runLoad } from "../support/load.ts"

type Messages = NonNullable<Answer["body"]["messages"]>

const KILLS = 5
const PARTITIONS = 2
let broker: TestBroker
const history = emptyHistory()

/** What is in a queue, by receiving until nothing comes; in-flight messages come back after the timeout. */
async function drain(queue: string): Promise<Messages> {
  const drained: Messages[number][] = []
  for (;;) {
    const received = await ask(broker, "POST", `/v1/queues/${queue}/receive`, {
      maxMessages: 500,
      waitMs: 3000,
      visibilityTimeoutMs: 60_000,
    })
    const messages = received!.body.messages!
    if (messages.length === 0) return drained
    drained.push(...messages)
    await ask(broker, "POST", `/v1/queues/${queue}/ack`, { receipts: messages.map((message) => message.receipt) })
  }
}

async function readAll(partition: number): Promise<Map<number, string>> {
  const bodies = new Map<number, string>()
  for (let from = 0; ;) {
    const page = await ask(broker, "GET", `/v1/topics/log/partitions/${partition}/records?from=${from}`)
    for (const { offset, body } of page!.body.records!) bodies.set(offset, body)
    from = page!.body.nextOffset!
    if (from >= page!.body.endOffset!) return bodies
  }
}

beforeAll(async () => {
  broker = await startTestBroker()
  await ask(broker, "PUT", "/v1/queues/dead", {})
  await ask(broker, "PUT", "/v1/queues/work", { visibilityTimeoutMs: 1000, maxDeliveries: 2, deadLetterQueue: "dead" })
  await ask(broker, "PUT", "/v1/topics/log", { partitions: PARTITIONS })
  for (let run = 0; run < KILLS; run++) {
    const stop = new AbortController()
    const load = runLoad(broker, history, run, stop.signal)
    // long enough for some hundred commits, at another point of their work each time
    await new Promise((resolve) => setTimeout(resolve, 500 + run * 137))
    await broker.kill9()
    stop.abort()
    await load
    await broker.restart()
  }
})

afterAll(() => broker.dispose())

it("was killed under load: much was confirmed, and some requests got no answer", () => {
  expect(history.sent.size).toBeGreaterThan(500)
  expect(history.acked.size).toBeGreaterThan(200)
  expect(history.appended.size).toBeGreaterThan(500)
  expect(history.unanswered).toBeGreaterThan(0)
})

it("[Q1] no message whose send was confirmed is lost, through kill -9 and restart", async () => {
  const left = await drain("work")
  const dead = await drain("dead")
  const found = new Set([...left, ...dead].map((message) => message.body))
  const lost = [...history.sent].filter((body) => !history.ackAsked.has(body) && !found.has(body))
  // a poison message that ran out of deliveries left by the dead-letter queue, any other by an acknowledgement
  expect(lost).toEqual([])
  const letters = dead.map((message) => message.body)
  expect(new Set(letters).size).toBe(letters.length)
  expect(letters.filter((body) => history.acked.has(body))).toEqual([])
  expect(left.filter((message) => history.acked.has(message.body))).toEqual([])
  expect(dead.every((message) => message.headers?.["millrace-dead-letter-source"] === "work")).toBe(true)
  expect(dead.length).toBeGreaterThan(0)
})

it("[Q2] no message is delivered by a request made after its acknowledgement was confirmed", () => {
  const late = history.deliveries.filter(({ body, askedAt }) => askedAt > (history.acked.get(body) ?? Infinity))
  expect(late).toEqual([])
})

it("[S1] no confirmed record is lost or moved, and offsets have no gaps", async () => {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const stored = await readAll(partition)
    expect([...stored.keys()]).toEqual(Array.from({ length: stored.size }, (_, offset) => offset))
    for (const [place, body] of history.appended) {
      const [at, offset] = place.split("/")
      if (Number(at) === partition) expect(stored.get(Number(offset))).toBe(body)
    }
    expect(new Set(stored.values()).size).toBe(stored.size)
  }
})
