import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { LONG_POLL_HEARTBEAT_MS } from "../../src/core/limits.ts"
import { HttpScene, type Message, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()
/** Long enough for a receive to have begun to wait. */
const SETTLED_MS = 300
/** What a loaded machine may add to what should take no time. */
const SLACK_MS = 1_000

interface Timed {
  readonly messages: Message[]
  readonly tookMs: number
}

async function timed(queue: string, json: object): Promise<Timed> {
  const askedAt = performance.now()
  const messages = await scene.receive(queue, json)
  return { messages, tookMs: performance.now() - askedAt }
}

const bodies = (messages: readonly Message[]): unknown[] => messages.map(({ body }) => body)

describe("without waiting", () => {
  it("[H20] answers the oldest messages, in order, one unless told otherwise", async () => {
    const queue = await scene.queue()
    await scene.send(queue, ...upTo(10))
    expect(bodies(await scene.receive(queue))).toEqual([0])
    expect(bodies(await scene.receive(queue, { maxMessages: 4 }))).toEqual([1, 2, 3, 4])
    expect(bodies(await scene.receive(queue, { maxMessages: 1000 }))).toEqual([5, 6, 7, 8, 9])
    expect(await timed(queue, { maxMessages: 1000 })).toMatchObject({ messages: [] })
  })

  it("[H20] a message has an id, a receipt, its count and when it was sent", async () => {
    const queue = await scene.queue()
    const askedAt = Date.now()
    const [id] = await scene.send(queue, "x")
    const message = await scene.receiveOne(queue)
    expect(message).toMatchObject({ id, body: "x", deliveryCount: 1 })
    expect(message.receipt).toMatch(/^[A-Za-z0-9_-]{1,128}$/)
    expect(message.sentAt).toBeGreaterThanOrEqual(askedAt - 1)
    expect(message.sentAt).toBeLessThanOrEqual(Date.now() + 1)
  })

  it("[H20] many at once share the messages, each to one", async () => {
    const queue = await scene.queue()
    await scene.send(queue, ...upTo(200))
    const received = await Promise.all(upTo(20).map(() => scene.receive(queue, { maxMessages: 15 })))
    expect(bodies(received.flat()).toSorted((a, b) => Number(a) - Number(b))).toEqual(upTo(200))
  })

  it.each([
    [{ maxMessages: 0 }, "/maxMessages"],
    [{ maxMessages: 1001 }, "/maxMessages"],
    [{ maxMessages: "1" }, "/maxMessages"],
    [{ maxMessages: null }, "/maxMessages"],
    [{ waitMs: -1 }, "/waitMs"],
    [{ waitMs: 20_001 }, "/waitMs"],
    [{ waitMs: 0.5 }, "/waitMs"],
    [{ visibilityTimeoutMs: -1 }, "/visibilityTimeoutMs"],
    [{ visibilityTimeoutMs: 43_200_001 }, "/visibilityTimeoutMs"],
  ])("[H9] %j is refused at %s, and nothing is leased", async (json, pointer) => {
    const queue = await scene.queue()
    await scene.send(queue, "x")
    expect(await scene.post(`${queue}/receive`, json)).toMatchObject(problem(422, "invalid_field", { pointer }))
    expect(await scene.statistics(queue)).toMatchObject({ ready: 1, inFlight: 0, delivered: 0 })
    expect((await scene.receiveOne(queue)).deliveryCount).toBe(1)
  })
})

describe.concurrent("waiting", () => {
  it("[H21] takes no longer than waitMs", async () => {
    const queue = await scene.queue()
    for (const waitMs of [1, 700, LONG_POLL_HEARTBEAT_MS + 500]) {
      const { messages, tookMs } = await timed(queue, { waitMs })
      expect(messages).toEqual([])
      expect(tookMs).toBeGreaterThanOrEqual(waitMs - 1)
      expect(tookMs).toBeLessThan(waitMs + SLACK_MS)
    }
  })

  it("[H21] ends when a message comes", async () => {
    const queue = await scene.queue()
    const waiting = timed(queue, { waitMs: 15_000, maxMessages: 10 })
    await sleep(SETTLED_MS)
    await scene.send(queue, "late")
    const { messages, tookMs } = await waiting
    expect(bodies(messages)).toEqual(["late"])
    expect(tookMs).toBeLessThan(SETTLED_MS + SLACK_MS)
  })

  it("[H21] does not begin where there are messages", async () => {
    const queue = await scene.queue()
    await scene.send(queue, 1, 2)
    const { messages, tookMs } = await timed(queue, { waitMs: 15_000, maxMessages: 10 })
    expect(bodies(messages)).toEqual([1, 2])
    expect(tookMs).toBeLessThan(SLACK_MS)
  })

  it("[H21] ends when a message comes back", async () => {
    const queue = await scene.queue()
    await scene.send(queue, "x")
    const { receipt } = await scene.receiveOne(queue)
    const waiting = timed(queue, { waitMs: 15_000 })
    await sleep(SETTLED_MS)
    await scene.settle("nack", queue, { receipts: [receipt] })
    const { messages, tookMs } = await waiting
    expect(messages).toMatchObject([{ body: "x", deliveryCount: 2 }])
    expect(tookMs).toBeLessThan(SETTLED_MS + SLACK_MS)
  })

  it("[H22] two that wait get one message each", async () => {
    for (const maxMessages of [1, 10]) {
      const queue = await scene.queue()
      const waiting = upTo(2).map(() => timed(queue, { waitMs: 15_000, maxMessages }))
      await sleep(SETTLED_MS)
      await scene.send(queue, "a", "b")
      const answers = await Promise.all(waiting)
      expect(answers.map(({ messages }) => messages.length)).toEqual([1, 1])
      expect(new Set(answers.flatMap(({ messages }) => bodies(messages)))).toEqual(new Set(["a", "b"]))
      for (const { tookMs } of answers) expect(tookMs).toBeLessThan(SETTLED_MS + SLACK_MS)
    }
  })

  it("[H22] of many that wait, as many are served as there are messages, and the rest go on waiting", async () => {
    const queue = await scene.queue()
    const waiting = upTo(20).map(() => timed(queue, { waitMs: 2_500 }))
    await sleep(SETTLED_MS)
    await scene.send(queue, ...upTo(12))
    const answers = await Promise.all(waiting)
    const served = answers.filter(({ messages }) => messages.length === 1)
    expect(served).toHaveLength(12)
    expect(new Set(served.flatMap(({ messages }) => bodies(messages))).size).toBe(12)
    for (const { tookMs } of served) expect(tookMs).toBeLessThan(2_000)
    for (const { tookMs } of answers.filter(({ messages }) => messages.length === 0)) {
      expect(tookMs).toBeGreaterThanOrEqual(2_499)
    }
  })

  it("[H23] a client that goes away takes no message along", async () => {
    const queue = await scene.queue()
    for (const round of upTo(3)) {
      const client = new AbortController()
      const gone = upTo(3).map(() =>
        scene.receive(queue, { waitMs: 20_000, maxMessages: 10 }, client.signal).catch(() => null),
      )
      await sleep(SETTLED_MS)
      client.abort()
      await Promise.all(gone)
      // what comes at once may be given to them before the broker hears that they are gone
      await scene.send(queue, round)
      const { messages, tookMs } = await timed(queue, { waitMs: 15_000 })
      expect(messages).toMatchObject([{ body: round, deliveryCount: 1 }])
      expect(tookMs).toBeLessThan(2 * LONG_POLL_HEARTBEAT_MS + SLACK_MS)
      expect(await scene.settle("ack", queue, { receipts: [messages[0]!.receipt] })).toEqual(["ok"])
    }
    expect(await scene.statistics(queue)).toMatchObject({ ready: 0, inFlight: 0, acknowledged: 3 })
  })

  it("[H24] a visibility timeout of its own comes before the queue's, also where it waits", async () => {
    const queue = await scene.queue({ visibilityTimeoutMs: 60_000 })
    await scene.send(queue, "x")
    await scene.receiveOne(queue, { visibilityTimeoutMs: 200 })
    const waited = await timed(queue, { waitMs: 10_000, visibilityTimeoutMs: 200 })
    expect(waited.messages).toMatchObject([{ deliveryCount: 2 }])
    const again = await timed(queue, { waitMs: 10_000 })
    expect(again.messages).toMatchObject([{ deliveryCount: 3 }])
    expect(waited.tookMs + again.tookMs).toBeLessThan(5_000)
    expect(await scene.receive(queue, { waitMs: 500 })).toEqual([])
  })
})
