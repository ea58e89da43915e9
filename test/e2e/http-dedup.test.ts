import { describe, expect, it } from "vitest"
import { HttpScene, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()

/** Sends; answers the ids. */
async function send(queue: string, json: object, headers: Record<string, string> = {}): Promise<string[]> {
  const sent = await scene.request("POST", `${queue}/messages`, { json, headers })
  expect(sent).toMatchObject({ status: 200 })
  return (sent.body as { messages: { id: string }[] }).messages.map(({ id }) => id)
}

describe("deduplication by id", () => {
  it("[H41] a repeat is answered with the first id, and nothing is stored", async () => {
    const queue = await scene.queue()
    const [first] = await send(queue, { body: 1, dedupId: "a" })
    expect(await send(queue, { body: 2, dedupId: "a" })).toEqual([first])
    const [again, other, twice] = await send(queue, {
      messages: [
        { body: 3, dedupId: "a" },
        { body: 4, dedupId: "b" },
        { body: 5, dedupId: "b" },
      ],
    })
    expect(again).toBe(first)
    expect(other).not.toBe(first)
    expect(twice).toBe(other)
    expect((await scene.receive(queue, { maxMessages: 10 })).map(({ body }) => body)).toEqual([1, 4])
    expect(await scene.statistics(queue)).toMatchObject({ sent: 2, deduplicated: 3 })
  })

  it("[H41] whatever has become of the first, and without an id there is no repeat", async () => {
    const queue = await scene.queue()
    const [first] = await send(queue, { body: 1, dedupId: "a" })
    const { receipt } = await scene.receiveOne(queue)
    await scene.settle("ack", queue, { receipts: [receipt] })
    expect(await send(queue, { body: 1, dedupId: "a" })).toEqual([first])
    expect(await scene.receive(queue)).toEqual([])
    expect(new Set(await send(queue, { messages: upTo(5).map(() => ({ body: 1 })) })).size).toBe(5)
  })

  it("[H41] ids count in the whole queue, or in their group", async () => {
    const wide = await scene.queue({ ordering: "fifo" })
    const [first] = await send(wide, { body: 1, groupId: "g", dedupId: "a" })
    expect(await send(wide, { body: 1, groupId: "h", dedupId: "a" })).toEqual([first])
    const narrow = await scene.queue({ ordering: "fifo", dedupScope: "group" })
    const [one] = await send(narrow, { body: 1, groupId: "g", dedupId: "a" })
    const [another] = await send(narrow, { body: 1, groupId: "h", dedupId: "a" })
    expect(another).not.toBe(one)
    expect(await send(narrow, { body: 1, groupId: "g", dedupId: "a" })).toEqual([one])
  })

  it.each(["", "x".repeat(129), "é".repeat(65), 5, null])("[H41] %j is no id", async (dedupId) => {
    const queue = await scene.queue()
    const refused = problem(422, "invalid_field", { pointer: "/dedupId" })
    expect(await scene.post(`${queue}/messages`, { body: 1, dedupId })).toMatchObject(refused)
    expect(await scene.statistics(queue)).toMatchObject({ sent: 0 })
  })

  it("[H41] a queue that does not deduplicate says so", async () => {
    const queue = await scene.queue({ dedupWindowMs: 0 })
    const messages = [{ body: 1 }, { body: 1, dedupId: "a" }]
    const refused = problem(422, "invalid_field", { pointer: "/messages/1/dedupId" })
    expect(await scene.post(`${queue}/messages`, { messages })).toMatchObject(refused)
    expect(await scene.statistics(queue)).toMatchObject({ sent: 0 })
  })
})

describe("an idempotency key", () => {
  it("[H17] makes a batch that is sent again the same messages", async () => {
    const queue = await scene.queue()
    const batch = { messages: upTo(1000).map((body) => ({ body })) }
    const ids = await send(queue, batch, { "idempotency-key": "x".repeat(124) })
    expect(new Set(ids).size).toBe(1000)
    expect(await send(queue, batch, { "idempotency-key": "x".repeat(124) })).toEqual(ids)
    expect(await scene.statistics(queue)).toMatchObject({ sent: 1000, deduplicated: 1000 })
  })

  it("[H17] is the id k/i, where a message has none of its own", async () => {
    const queue = await scene.queue()
    const messages = [{ body: 0 }, { body: 1, dedupId: "own" }, { body: 2 }]
    const [first, own, third] = await send(queue, { messages }, { "idempotency-key": "k" })
    expect(await send(queue, { body: 1, dedupId: "k/0" })).toEqual([first])
    expect(await send(queue, { body: 1, dedupId: "own" })).toEqual([own])
    expect(await send(queue, { body: 1, dedupId: "k/2" })).toEqual([third])
    expect(await send(queue, { body: 1 }, { "idempotency-key": "k" })).toEqual([first])
  })

  it("[H17] [H19] goes with a raw body too", async () => {
    const queue = await scene.queue()
    const headers = { "content-type": "text/plain", "idempotency-key": "k" }
    const sent = await scene.request("POST", `${queue}/messages`, { body: "x", headers })
    const again = await scene.request("POST", `${queue}/messages`, { body: "x", headers })
    expect(again).toMatchObject({ status: 200, body: sent.body })
    const named = { "content-type": "text/plain", "Millrace-Dedup-Id": "k/0" }
    expect(await scene.request("POST", `${queue}/messages`, { body: "y", headers: named })).toMatchObject({
      body: sent.body,
    })
    expect(await scene.statistics(queue)).toMatchObject({ sent: 1, deduplicated: 2 })
  })

  it.each(["", "x".repeat(125)])("[H17] %j is none", async (key) => {
    const queue = await scene.queue()
    const options = { json: { body: 1 }, headers: { "idempotency-key": key } }
    expect(await scene.request("POST", `${queue}/messages`, options)).toMatchObject(
      problem(422, "invalid_field", { pointer: "/idempotency-key" }),
    )
  })
})

describe("deduplication by content", () => {
  it("[H42] the same body is the same message, whatever its headers", async () => {
    const queue = await scene.queue({ contentDeduplication: true })
    const [first, second] = await send(queue, { messages: [{ body: "a" }, { body: "b" }] })
    expect(second).not.toBe(first)
    expect(await send(queue, { body: "a", headers: { x: "y" } })).toEqual([first])
    expect(await send(queue, { bodyBase64: btoa("a") })).toEqual([first])
    const [named] = await send(queue, { body: "a", dedupId: "own" })
    expect(named).not.toBe(first)
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("a"))
    const hex = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("")
    expect(await send(queue, { body: "other", dedupId: `sha256:${hex}` })).toEqual([first])
    expect(await scene.statistics(queue)).toMatchObject({ sent: 3, deduplicated: 3 })
  })

  it("[H42] is off unless it is switched on, and without a window", async () => {
    for (const settings of [{}, { contentDeduplication: true, dedupWindowMs: 0 }]) {
      const queue = await scene.queue(settings)
      await send(queue, { messages: [{ body: "a" }, { body: "a" }] })
      expect(await scene.statistics(queue)).toMatchObject({ sent: 2, deduplicated: 0 })
    }
  })
})
