import { describe, expect, it } from "vitest"
import { HttpScene, type Message, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()
/** Dead letters move in the background. */
const POLL = { timeout: 10_000 }
/** How late a redelivery may be. */
const LATE_MS = 1_000
/** What a loaded machine may add to an answer. */
const SLACK_MS = 500

const receiptsOf = (messages: readonly Message[]): string[] => messages.map(({ receipt }) => receipt)
const bodies = (messages: readonly Message[]): unknown[] => messages.map(({ body }) => body)

/** A queue with one message that was received once. */
async function held(settings: object = {}): Promise<{ queue: string; message: Message }> {
  const queue = await scene.queue(settings)
  await scene.send(queue, "x")
  return { queue, message: await scene.receiveOne(queue) }
}

/** Begins `lease`, then waits for the message that comes back; checks when it does. */
async function comesBackAfter<T>(queue: string, timeoutMs: number, lease: () => Promise<T>): Promise<Message> {
  const earliestAt = performance.now() + timeoutMs
  await lease()
  const latestAt = performance.now() + timeoutMs + LATE_MS + SLACK_MS
  const message = await scene.receiveOne(queue, { waitMs: 15_000 })
  const cameAt = performance.now()
  expect(cameAt).toBeGreaterThanOrEqual(earliestAt - 1)
  expect(cameAt).toBeLessThan(latestAt)
  return message
}

describe("receipts", () => {
  it("[H25] acknowledging twice is fine, in one request and in two", async () => {
    const { queue, message } = await held()
    const { receipt } = message
    expect(await scene.settle("ack", queue, { receipts: [receipt, receipt] })).toEqual(["ok", "ok"])
    expect(await scene.settle("ack", queue, { entries: [{ receipt }] })).toEqual(["ok"])
    expect(await scene.settle("nack", queue, { receipts: [receipt] })).toEqual(["receipt_expired"])
    expect(await scene.statistics(queue)).toMatchObject({ ready: 0, inFlight: 0, acknowledged: 1, bytes: 0 })
  })

  it("[H25] of an earlier delivery has expired", async () => {
    const { queue, message } = await held()
    await scene.settle("nack", queue, { receipts: [message.receipt] })
    const { receipt } = await scene.receiveOne(queue)
    for (const verb of ["ack", "nack"] as const) {
      const answer = await scene.post(`${queue}/${verb}`, { receipts: [message.receipt] })
      const expected = { problem: { code: "receipt_expired", status: 409, title: "Receipt expired" } }
      expect(answer).toMatchObject({ status: 200, body: { results: [expected] } })
    }
    const extend = { receipts: [message.receipt], visibilityTimeoutMs: 0 }
    expect(await scene.settle("extend", queue, extend)).toEqual(["receipt_expired"])
    expect(await scene.statistics(queue)).toMatchObject({ inFlight: 1, acknowledged: 0 })
    expect(await scene.settle("ack", queue, { receipts: [receipt] })).toEqual(["ok"])
  })

  it("[H25] that are none, or another queue's, or of an earlier life of the queue are invalid", async () => {
    const { queue, message } = await held()
    const { queue: other, message: foreign } = await held()
    const { receipt } = message
    const spoiled = (receipt.startsWith("B") ? "C" : "B") + receipt.slice(1)
    const garbage = ["", "x", "ä", "=", "A".repeat(128), "A".repeat(5000), spoiled, `${receipt}A`, receipt.slice(1)]
    const none = [...garbage, foreign.receipt]
    for (const verb of ["ack", "nack", "extend"] as const) {
      const options = verb === "extend" ? { visibilityTimeoutMs: 0 } : {}
      const results = await scene.settle(verb, queue, { receipts: none, ...options })
      expect(results).toEqual(none.map(() => "invalid_receipt"))
    }
    await scene.delete(other)
    await scene.put(other)
    await scene.send(other, "x")
    expect(await scene.settle("ack", other, { receipts: [foreign.receipt] })).toEqual(["invalid_receipt"])
    expect(await scene.statistics(queue)).toMatchObject({ inFlight: 1, acknowledged: 0 })
    expect(await scene.statistics(other)).toMatchObject({ ready: 1, acknowledged: 0 })
  })

  it("[H26] have a result each, in order, whatever the others have", async () => {
    const queue = await scene.queue()
    await scene.send(queue, ...upTo(100))
    const [first, second, ...rest] = receiptsOf(await scene.receive(queue, { maxMessages: 100 }))
    await scene.settle("nack", queue, { receipts: [second], delayMs: 60_000 })
    const mixed = [first, "garbage", second, rest[0], first]
    const outcomes = ["ok", "invalid_receipt", "receipt_expired", "ok", "ok"]
    expect(await scene.settle("ack", queue, { receipts: mixed })).toEqual(outcomes)
    expect(await scene.settle("ack", queue, { receipts: rest })).toEqual(rest.map(() => "ok"))
    expect(await scene.statistics(queue)).toMatchObject({ ready: 0, inFlight: 0, delayed: 1, acknowledged: 99 })
  })

  it.each([
    ["ack", { receipts: [] }, "/receipts"],
    ["ack", { receipts: "x" }, "/receipts"],
    ["ack", {}, "/receipts"],
    ["ack", { receipts: ["$", 5] }, "/receipts/1"],
    ["ack", { receipts: upTo(1001).map(() => "x") }, "/receipts"],
    ["ack", { receipts: ["$"], delayMs: 1 }, "/delayMs"],
    ["ack", { receipts: ["$"], entries: [{ receipt: "$" }] }, "/receipts"],
    ["ack", { entries: [{ receipt: "$" }, { receipt: 1 }] }, "/entries/1/receipt"],
    ["ack", { entries: [{ receipt: "$", delayMs: 1 }] }, "/entries/0/delayMs"],
    ["nack", { receipts: ["$"], delayMs: -1 }, "/delayMs"],
    ["nack", { receipts: ["$"], delayMs: 604_800_001 }, "/delayMs"],
    ["nack", { receipts: ["$"], reject: "yes" }, "/reject"],
    ["nack", { receipts: ["$"], reject: true, delayMs: 1 }, "/delayMs"],
    ["nack", { receipts: ["$"], error: 5 }, "/error"],
    ["nack", { receipts: ["$"], error: "x".repeat(8193) }, "/error"],
    ["nack", { entries: [{ receipt: "$" }, { receipt: "$", delayMs: "1" }] }, "/entries/1/delayMs"],
    ["extend", { receipts: ["$"] }, "/visibilityTimeoutMs"],
    ["extend", { receipts: ["$"], visibilityTimeoutMs: 43_200_001 }, "/visibilityTimeoutMs"],
    ["extend", { entries: [{ receipt: "$" }] }, "/entries/0/visibilityTimeoutMs"],
  ])("[H9] %s of %j is refused at %s, and settles nothing", async (verb, json, pointer) => {
    const { queue, message } = await held()
    const asked = JSON.parse(JSON.stringify(json).replaceAll("$", message.receipt)) as object
    expect(await scene.post(`${queue}/${verb}`, asked)).toMatchObject(problem(422, "invalid_field", { pointer }))
    expect(await scene.statistics(queue)).toMatchObject({ inFlight: 1, acknowledged: 0, dropped: 0 })
  })
})

describe.concurrent("redelivery", () => {
  it("[H27] comes within a second after the visibility timeout, and not before", async () => {
    const queue = await scene.queue({ visibilityTimeoutMs: 900 })
    await scene.send(queue, "x")
    let first: Message | null = null
    const second = await comesBackAfter(queue, 900, async () => (first = await scene.receiveOne(queue)))
    expect(second).toEqual({ ...first!, receipt: second.receipt, deliveryCount: 2 })
    expect(await scene.settle("ack", queue, { receipts: [first!.receipt] })).toEqual(["receipt_expired"])
    expect(await scene.settle("ack", queue, { receipts: [second.receipt] })).toEqual(["ok"])
    expect(await scene.receive(queue, { waitMs: 1_500 })).toEqual([])
  })

  it("[H28] a nack gives back at once, or after its delay, or after the queue's", async () => {
    const retryDelay = { kind: "constant", delayMs: 800 }
    const { queue, message } = await held({ retryDelay })
    const nack = (receipt: string, options: object) => () =>
      scene.settle("nack", queue, { receipts: [receipt], ...options })
    const second = await comesBackAfter(queue, 800, nack(message.receipt, {}))
    const third = await comesBackAfter(queue, 0, nack(second.receipt, { delayMs: 0 }))
    const fourth = await comesBackAfter(queue, 1_200, nack(third.receipt, { delayMs: 1_200 }))
    expect([second, third, fourth].map(({ deliveryCount }) => deliveryCount)).toEqual([2, 3, 4])
  })

  it("[H28] a delay for each entry", async () => {
    const queue = await scene.queue()
    await scene.send(queue, "a", "b", "c")
    const [a, b, c] = receiptsOf(await scene.receive(queue, { maxMessages: 3 }))
    const entries = [{ receipt: a, delayMs: 1_000 }, { receipt: b }, { receipt: c, delayMs: 500 }]
    expect(await scene.settle("nack", queue, { entries })).toEqual(["ok", "ok", "ok"])
    const order: unknown[] = []
    for (const _ of entries) order.push((await scene.receiveOne(queue, { waitMs: 5_000 })).body)
    expect(order).toEqual(["b", "c", "a"])
  })

  it("[H29] an extension holds a message for longer, or shorter, from now on", async () => {
    const { queue, message } = await held({ visibilityTimeoutMs: 700 })
    const extend = (visibilityTimeoutMs: number) => () =>
      scene.settle("extend", queue, { receipts: [message.receipt], visibilityTimeoutMs })
    expect(await extend(60_000)()).toEqual(["ok"])
    expect(await scene.receive(queue, { waitMs: 2_000 })).toEqual([])
    const again = await comesBackAfter(queue, 300, extend(300))
    const entries = [{ receipt: again.receipt, visibilityTimeoutMs: 0 }]
    const third = await comesBackAfter(queue, 0, () => scene.settle("extend", queue, { entries }))
    expect(third.deliveryCount).toBe(3)
  })
})

describe.concurrent("dead letters", () => {
  const nameOf = (path: string) => path.slice("/v1/queues/".length)

  it("[H30] a message without deliveries left goes to the dead-letter queue, with its story", async () => {
    const letters = await scene.queue()
    const queue = await scene.queue({ maxDeliveries: 2, deadLetterQueue: nameOf(letters), visibilityTimeoutMs: 400 })
    const message = { body: { n: 1 }, headers: { trace: "t" } }
    const sent = await scene.post(`${queue}/messages`, message)
    const [{ id }] = (sent.body as { messages: [{ id: string }] }).messages
    const first = await scene.receiveOne(queue)
    await scene.settle("nack", queue, { receipts: [first.receipt], error: "first" })
    await scene.receiveOne(queue)
    const letter = await scene.receiveOne(letters, { waitMs: 10_000 })
    expect(letter).toMatchObject({ ...message, deliveryCount: 1 })
    expect(letter.headers).toMatchObject({
      trace: "t",
      "millrace-dead-letter-source": nameOf(queue),
      "millrace-dead-letter-id": id,
      "millrace-dead-letter-offset": "0",
      "millrace-dead-letter-reason": "max_deliveries",
      "millrace-dead-letter-delivery-count": "2",
    })
    const deliveredAt = Number(letter.headers!["millrace-dead-letter-first-delivered-at"])
    expect(deliveredAt).toBeGreaterThanOrEqual(first.sentAt)
    expect(Number(letter.headers!["millrace-dead-letter-at"])).toBeGreaterThanOrEqual(deliveredAt + 400)
    expect(await scene.receive(queue)).toEqual([])
    await expect
      .poll(() => scene.statistics(queue), POLL)
      .toMatchObject({ ready: 0, inFlight: 0, forwarding: 0, deadLettered: 1 })
  })

  it("[H30] a rejected message goes at once, and says why", async () => {
    const letters = await scene.queue()
    const queue = await scene.queue({ deadLetterQueue: nameOf(letters) })
    await scene.send(queue, "a", "b", "c")
    const [a, b, c] = receiptsOf(await scene.receive(queue, { maxMessages: 3 }))
    const entries = [
      { receipt: a, reject: true, error: "no good" },
      { receipt: b, reject: true, error: null },
    ]
    expect(await scene.settle("nack", queue, { entries })).toEqual(["ok", "ok"])
    expect(await scene.settle("nack", queue, { receipts: [a], reject: true })).toEqual(["receipt_expired"])
    expect(await scene.settle("ack", queue, { receipts: [a, c] })).toEqual(["ok", "ok"])
    await expect.poll(() => scene.statistics(letters), POLL).toMatchObject({ ready: 2 })
    const [first, second] = await scene.receive(letters, { maxMessages: 10 })
    const reason = { "millrace-dead-letter-reason": "rejected", "millrace-dead-letter-delivery-count": "1" }
    expect(first).toMatchObject({ body: "a", headers: { ...reason, "millrace-dead-letter-error": "no good" } })
    expect(second).toMatchObject({ body: "b", headers: reason })
    expect(second!.headers).not.toHaveProperty("millrace-dead-letter-error")
    expect(await scene.statistics(queue)).toMatchObject({ deadLettered: 2, dropped: 0, acknowledged: 1 })
  })

  it("[H30] without a dead-letter queue a message is dropped and counted", async () => {
    const { queue, message } = await held({ maxDeliveries: 1 })
    expect(await scene.settle("nack", queue, { receipts: [message.receipt] })).toEqual(["ok"])
    expect(await scene.receive(queue)).toEqual([])
    expect(await scene.statistics(queue)).toMatchObject({ ready: 0, dropped: 1, deadLettered: 0, bytes: 0 })
  })
})

describe("a fifo queue", () => {
  const grouped = (queue: string, ...messages: readonly (readonly [groupId: string, body: unknown])[]) =>
    scene.post(`${queue}/messages`, { messages: messages.map(([groupId, body]) => ({ groupId, body })) })

  it("[H31] keeps a group's messages back while one is in flight, and lets other groups pass", async () => {
    const queue = await scene.queue({ ordering: "fifo" })
    await grouped(queue, ["a", 1], ["a", 2], ["b", 3], ["a", 4], ["b", 5])
    const first = await scene.receiveOne(queue)
    expect(first).toMatchObject({ groupId: "a", body: 1 })
    const second = await scene.receive(queue, { maxMessages: 10 })
    expect(bodies(second)).toEqual([3, 5])
    expect(await scene.receive(queue, { maxMessages: 10 })).toEqual([])
    await scene.settle("nack", queue, { receipts: [first.receipt] })
    const again = await scene.receive(queue, { maxMessages: 2 })
    expect(again.map(({ body, deliveryCount }) => [body, deliveryCount])).toEqual([
      [1, 2],
      [2, 1],
    ])
    expect(await scene.settle("ack", queue, { receipts: receiptsOf([...again, ...second]) })).toHaveLength(4)
    expect(bodies(await scene.receive(queue, { maxMessages: 10 }))).toEqual([4])
  })

  it("[H31] a receive that waits is woken when its group is free", async () => {
    const queue = await scene.queue({ ordering: "fifo" })
    await grouped(queue, ["a", 1], ["a", 2])
    const { receipt } = await scene.receiveOne(queue)
    const waiting = scene.receive(queue, { waitMs: 15_000 })
    await new Promise((resolve) => setTimeout(resolve, 300))
    await scene.settle("ack", queue, { receipts: [receipt] })
    expect(bodies(await waiting)).toEqual([2])
  })

  it("[H16] [H31] asks for a group, of any script", async () => {
    const queue = await scene.queue({ ordering: "fifo" })
    const refused = problem(422, "invalid_field", { pointer: "/groupId" })
    expect(await scene.post(`${queue}/messages`, { body: 1 })).toMatchObject(refused)
    for (const groupId of ["", 5, null, "x".repeat(1025)]) {
      expect(await scene.post(`${queue}/messages`, { body: 1, groupId })).toMatchObject(refused)
    }
    const expected = problem(422, "invalid_field", { pointer: "/messages/1/groupId" })
    const messages = [{ body: 1, groupId: "g" }, { body: 2 }]
    expect(await scene.post(`${queue}/messages`, { messages })).toMatchObject(expected)
    expect(await scene.statistics(queue)).toMatchObject({ sent: 0 })
    const groupId = "漢\u0000🚀"
    expect((await scene.post(`${queue}/messages`, { body: 1, groupId })).status).toBe(200)
    expect((await scene.receiveOne(queue)).groupId).toBe(groupId)
  })
})
