import { describe, expect, it } from "vitest"
import { HttpScene, problem } from "../support/http.ts"

const scene = new HttpScene()
const POLL = { timeout: 15_000 }
/** Far enough for a loaded machine to look around before. */
const AHEAD_MS = 4_000

interface Sent {
  readonly messages: readonly { readonly id: string }[]
}

/** Sends a message; answers its id. */
async function sendOne(queue: string, message: object): Promise<string> {
  const sent = await scene.post(`${queue}/messages`, message)
  expect(sent).toMatchObject({ status: 200 })
  return (sent.body as Sent).messages[0]!.id
}

describe.concurrent("a time of its own", () => {
  it.each([
    ["delayMs", (at: number) => ({ delayMs: at - Date.now() })],
    ["deliverAt", (at: number) => ({ deliverAt: at })],
  ])("[H40] a message with %s is not delivered before, keeps its id, and is scheduled until then", async (_, term) => {
    const queue = await scene.queue()
    const at = Date.now() + AHEAD_MS
    const id = await sendOne(queue, { body: "later", ...term(at) })
    expect(await scene.statistics(queue)).toMatchObject({ ready: 0, scheduled: 1, sent: 1 })
    await scene.send(queue, "now")
    expect((await scene.receiveOne(queue)).body).toBe("now")
    const message = await scene.receiveOne(queue, { waitMs: 15_000 })
    expect(Date.now()).toBeGreaterThanOrEqual(at - 1)
    expect(message).toMatchObject({ id, body: "later", deliveryCount: 1 })
    expect(message.sentAt).toBeGreaterThanOrEqual(at - 1)
    expect(await scene.statistics(queue)).toMatchObject({ scheduled: 0, sent: 2 })
  })

  it("[H40] an instant that has passed is now, and so is no delay", async () => {
    const queue = await scene.queue()
    const messages = [
      { body: 1, deliverAt: 0 },
      { body: 2, deliverAt: Date.now() - 1 },
      { body: 3, delayMs: 0 },
    ]
    expect((await scene.post(`${queue}/messages`, { messages })).status).toBe(200)
    expect((await scene.receive(queue, { maxMessages: 10 })).map(({ body }) => body)).toEqual([1, 2, 3])
  })

  it("[H40] messages come in the order of their times, whatever that of their sends", async () => {
    const queue = await scene.queue()
    const at = Date.now() + AHEAD_MS
    const messages = [3, 1, 2, 0].map((nth) => ({ body: nth, deliverAt: at + nth * 300 }))
    await scene.post(`${queue}/messages`, { messages })
    const order: unknown[] = []
    for (const _ of messages) order.push((await scene.receiveOne(queue, { waitMs: 15_000 })).body)
    expect(order).toEqual([0, 1, 2, 3])
  })

  it("[H40] a queue's delay holds back every message", async () => {
    const queue = await scene.queue({ delayMs: AHEAD_MS })
    const sentAt = Date.now()
    await scene.send(queue, "x")
    expect(await scene.receive(queue)).toEqual([])
    expect(await scene.statistics(queue)).toMatchObject({ ready: 0, delayed: 1, scheduled: 0 })
    expect((await scene.receiveOne(queue, { waitMs: 15_000 })).body).toBe("x")
    expect(Date.now()).toBeGreaterThanOrEqual(sentAt + AHEAD_MS - 1)
  })

  it("[H40] a message that is older than it may be is not delivered, and counted", async () => {
    const queue = await scene.queue()
    await sendOne(queue, { body: "short", ttlMs: 1 })
    await sendOne(queue, { body: "long", ttlMs: 60_000 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect((await scene.receive(queue, { maxMessages: 10 })).map(({ body }) => body)).toEqual(["long"])
    await expect.poll(() => scene.statistics(queue), POLL).toMatchObject({ expired: 1, ready: 0, inFlight: 1 })
  })
})

describe("refused", () => {
  it.each([
    [{ delayMs: -1 }, "/delayMs"],
    [{ delayMs: 3_153_600_000_001 }, "/delayMs"],
    [{ delayMs: "5" }, "/delayMs"],
    [{ deliverAt: -1 }, "/deliverAt"],
    [{ deliverAt: 7_258_118_400_001 }, "/deliverAt"],
    [{ deliverAt: "2030-01-01T00:00:00Z" }, "/deliverAt"],
    [{ delayMs: 1, deliverAt: 1 }, "/deliverAt"],
    [{ ttlMs: 0 }, "/ttlMs"],
    [{ ttlMs: 0.5 }, "/ttlMs"],
  ])("[H40] [H9] %j is refused at %s, and nothing is stored", async (terms, pointer) => {
    const queue = await scene.queue()
    const refused = problem(422, "invalid_field", { pointer })
    expect(await scene.post(`${queue}/messages`, { body: 1, ...terms })).toMatchObject(refused)
    const messages = [{ body: 1 }, { body: 2, ...terms }]
    const inBatch = problem(422, "invalid_field", { pointer: `/messages/1${pointer}` })
    expect(await scene.post(`${queue}/messages`, { messages })).toMatchObject(inBatch)
    expect(await scene.statistics(queue)).toMatchObject({ sent: 0, ready: 0, scheduled: 0 })
  })

  it.each([{ delayMs: 0 }, { delayMs: 5 }, { deliverAt: 0 }])(
    "[H40] [Q25] a fifo queue does not take %j",
    async (terms) => {
      const queue = await scene.queue({ ordering: "fifo" })
      const refused = problem(422, "invalid_field", { pointer: `/${Object.keys(terms)[0]}` })
      expect(await scene.post(`${queue}/messages`, { body: 1, groupId: "g", ...terms })).toMatchObject(refused)
      expect(await scene.statistics(queue)).toMatchObject({ sent: 0 })
    },
  )
})

describe("cancelled", () => {
  it("[H49] a scheduled message is shown and deleted by its id, and never comes", async () => {
    const queue = await scene.queue()
    const dueAt = Date.now() + AHEAD_MS
    const id = await sendOne(queue, { body: "never", deliverAt: dueAt })
    await sendOne(queue, { body: "comes", deliverAt: dueAt + 1 })
    const path = `${queue}/messages/${id}`
    expect(await scene.get(path)).toMatchObject({ status: 200, body: { id, state: "scheduled", dueAt, body: "never" } })
    expect(await scene.delete(path)).toMatchObject({ status: 204 })
    expect(await scene.get(path)).toMatchObject(problem(404, "not_found", { resource: "message" }))
    expect(await scene.delete(path)).toMatchObject(problem(404, "not_found", { resource: "message" }))
    expect((await scene.receiveOne(queue, { waitMs: 15_000 })).body).toBe("comes")
    expect(await scene.statistics(queue)).toMatchObject({ ready: 0, scheduled: 0, removed: 1 })
  })
})
