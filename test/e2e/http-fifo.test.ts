import { describe, expect, it } from "vitest"
import { HttpScene, type Message, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()

const bodies = (messages: readonly Message[]): unknown[] => messages.map(({ body }) => body)
const receiptsOf = (messages: readonly Message[]): string[] => messages.map(({ receipt }) => receipt)

describe("message groups", () => {
  it("[H16] a fair queue takes messages with a group and without", async () => {
    const queue = await scene.queue({ fair: true })
    const messages = [{ body: 1, groupId: "tenant" }, { body: 2 }]
    expect((await scene.post(`${queue}/messages`, { messages })).status).toBe(200)
    const received = await scene.receive(queue, { maxMessages: 10 })
    expect(received.map(({ body, groupId }) => [body, groupId])).toEqual([
      [1, "tenant"],
      [2, undefined],
    ])
  })

  it("[H16] any other standard queue refuses them", async () => {
    const queue = await scene.queue()
    const refused = problem(422, "invalid_field", { pointer: "/groupId" })
    expect(await scene.post(`${queue}/messages`, { body: 1, groupId: "g" })).toMatchObject(refused)
    expect(await scene.statistics(queue)).toMatchObject({ sent: 0 })
  })

  it("[H31] a group stays in order through nacks, rejects and other groups", async () => {
    const queue = await scene.queue({ ordering: "fifo" })
    const messages = upTo(20).map((n) => ({ body: n, groupId: `g${n % 2}` }))
    await scene.post(`${queue}/messages`, { messages })
    const seen = new Map<unknown, number[]>()
    for (let round = 0; round < 60; round++) {
      const [message] = await scene.receive(queue)
      if (message === undefined) break
      const { body, groupId, receipt, deliveryCount } = message
      const isFirst = deliveryCount === 1
      if (isFirst) seen.set(groupId, [...(seen.get(groupId) ?? []), Number(body)])
      // each comes back once, and one in five is rejected then
      const verb = isFirst || Number(body) % 5 === 0 ? "nack" : "ack"
      const options = verb === "nack" && !isFirst ? { reject: true } : {}
      expect(await scene.settle(verb, queue, { receipts: [receipt], ...options })).toEqual(["ok"])
    }
    expect(seen.get("g0")).toEqual(upTo(10).map((n) => 2 * n))
    expect(seen.get("g1")).toEqual(upTo(10).map((n) => 2 * n + 1))
    expect(await scene.statistics(queue)).toMatchObject({ ready: 0, inFlight: 0, acknowledged: 16, dropped: 4 })
  })
})

describe("an attempt id", () => {
  it.each([{}, { ordering: "fifo" }])("[H43] repeats a receive of a queue with %j", async (settings) => {
    const queue = await scene.queue(settings)
    const group = "ordering" in settings ? { groupId: "g" } : {}
    await scene.post(`${queue}/messages`, { messages: upTo(5).map((body) => ({ body, ...group })) })
    const first = await scene.receive(queue, { maxMessages: 2, attemptId: "one" })
    expect(bodies(first)).toEqual([0, 1])
    expect(await scene.receive(queue, { maxMessages: 2, attemptId: "one" })).toEqual(first)
    expect(await scene.statistics(queue)).toMatchObject({ inFlight: 2, delivered: 2 })
    await scene.settle("ack", queue, { receipts: receiptsOf(first) })
    expect(bodies(await scene.receive(queue, { maxMessages: 2, attemptId: "one" }))).toEqual([2, 3])
  })

  it("[H43] also of one that waits", async () => {
    const queue = await scene.queue()
    const asked = { attemptId: "w", waitMs: 15_000 }
    const waiting = scene.receive(queue, asked)
    await scene.send(queue, "a", "b")
    const first = await waiting
    expect(bodies(first)).toEqual(["a"])
    expect(await scene.receive(queue, asked)).toEqual(first)
    expect(bodies(await scene.receive(queue, { attemptId: "x" }))).toEqual(["b"])
  })

  it.each(["", "x".repeat(129), 5, null])("[H43] %j is none", async (attemptId) => {
    const queue = await scene.queue()
    const refused = problem(422, "invalid_field", { pointer: "/attemptId" })
    expect(await scene.post(`${queue}/receive`, { attemptId })).toMatchObject(refused)
  })
})

describe("a nack without fault", () => {
  it("[H44] does not count towards maxDeliveries, but towards maxAttempts", async () => {
    const queue = await scene.queue({ maxDeliveries: 2, maxAttempts: 4 })
    await scene.send(queue, "x")
    for (const _ of upTo(3)) {
      const { receipt } = await scene.receiveOne(queue)
      expect(await scene.settle("nack", queue, { receipts: [receipt], fault: false })).toEqual(["ok"])
    }
    const { receipt } = await scene.receiveOne(queue)
    expect(await scene.settle("nack", queue, { entries: [{ receipt, fault: false }] })).toEqual(["ok"])
    expect(await scene.receive(queue)).toEqual([])
    expect(await scene.statistics(queue)).toMatchObject({ ready: 0, dropped: 1 })
  })

  it.each([
    [{ receipts: ["$"], fault: 1 }, "/fault"],
    [{ receipts: ["$"], fault: false, reject: true }, "/fault"],
    [{ entries: [{ receipt: "$" }, { receipt: "$", fault: "no" }] }, "/entries/1/fault"],
  ])("[H44] [H9] %j is refused at %s", async (json, pointer) => {
    const queue = await scene.queue()
    expect(await scene.post(`${queue}/nack`, json)).toMatchObject(problem(422, "invalid_field", { pointer }))
  })
})
