import { describe, expect, it } from "vitest"
import { HttpScene, type Message, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()
const POLL = { timeout: 15_000 }
const nameOf = (path: string) => path.slice("/v1/queues/".length)

interface Browsed extends Message {
  readonly state: string
  readonly dueAt?: number
  readonly leaseUntilAt?: number
}

interface Page {
  readonly messages: readonly Browsed[]
  readonly cursor: string | null
}

async function browse(queue: string, query = ""): Promise<Page> {
  const page = await scene.get(`${queue}/messages${query}`)
  expect(page).toMatchObject({ status: 200 })
  return page.body as Page
}

async function bodiesOf(queue: string, query = ""): Promise<unknown[]> {
  return (await browse(queue, query)).messages.map(({ body }) => body)
}

/** A queue with a message in each state; answers their ids by state. */
async function everyState(): Promise<{ queue: string; ids: Record<string, string>; receipt: string }> {
  const queue = await scene.queue()
  const later = { body: "scheduled", delayMs: 600_000 }
  const [inFlight, delayed, ready] = await scene.send(queue, "in_flight", "delayed", "ready")
  const sent = await scene.post(`${queue}/messages`, later)
  const [{ id: scheduled }] = (sent.body as { messages: [{ id: string }] }).messages
  const [held, released] = await scene.receive(queue, { maxMessages: 2, visibilityTimeoutMs: 600_000 })
  await scene.settle("nack", queue, { receipts: [released!.receipt], delayMs: 600_000 })
  return { queue, ids: { in_flight: inFlight!, delayed: delayed!, ready: ready!, scheduled }, receipt: held!.receipt }
}

describe("browse", () => {
  it("[H46] shows the messages of each state, and changes nothing", async () => {
    const { queue, ids } = await everyState()
    const before = JSON.stringify({ ...(await scene.statistics(queue)), rates: null })
    const now = Date.now()
    const states = {
      ready: { deliveryCount: 0 },
      in_flight: { deliveryCount: 1, consumer: 0 },
      delayed: { deliveryCount: 1 },
      scheduled: { deliveryCount: 0 },
    }
    for (const [state, standing] of Object.entries(states)) {
      const { messages, cursor } = await browse(queue, `?state=${state}`)
      expect(messages).toMatchObject([{ id: ids[state], state, body: state, ...standing }])
      expect(messages[0]!.sentAt).toBeLessThanOrEqual(now + 1)
      const { dueAt, leaseUntilAt, sentAt } = messages[0]!
      const untilAt = state === "in_flight" ? leaseUntilAt : dueAt
      if (state === "ready") expect([dueAt, leaseUntilAt]).toEqual([undefined, undefined])
      else expect(untilAt).toBeGreaterThanOrEqual(sentAt + 600_000)
      expect(cursor).toBeNull()
      expect(await scene.get(`${queue}/messages/${ids[state]}`)).toMatchObject({ status: 200, body: messages[0] })
    }
    expect(await bodiesOf(queue)).toEqual(["ready"])
    expect(JSON.stringify({ ...(await scene.statistics(queue)), rates: null })).toBe(before)
  })

  it("[H46] shows groups, headers, bytes and what expires", async () => {
    const queue = await scene.queue({ ordering: "fifo" })
    await scene.post(`${queue}/messages`, { bodyBase64: "AP8=", groupId: "g", headers: { a: "b" }, ttlMs: 600_000 })
    const { messages } = await browse(queue)
    expect(messages).toMatchObject([{ bodyBase64: "AP8=", groupId: "g", headers: { a: "b" } }])
    expect(messages[0]).toHaveProperty("expiresAt", messages[0]!.sentAt + 600_000)
  })

  it("[H47] goes on behind each page, of every state", async () => {
    const queue = await scene.queue()
    await scene.send(queue, ...upTo(25))
    const at = Date.now() + 600_000
    await scene.post(`${queue}/messages`, { messages: upTo(25).map((body) => ({ body, deliverAt: at + (body % 3) })) })
    for (const state of ["ready", "scheduled"]) {
      const seen: unknown[] = []
      for (let cursor: string | null = ""; cursor !== null;) {
        const page = await browse(queue, `?state=${state}&limit=7${cursor === "" ? "" : `&cursor=${cursor}`}`)
        expect(page.messages.length).toBeLessThanOrEqual(7)
        seen.push(...page.messages.map(({ body }) => body))
        cursor = page.cursor
      }
      const expected = state === "ready" ? upTo(25) : upTo(25).toSorted((a, b) => (a % 3) - (b % 3) || a - b)
      expect(seen).toEqual(expected)
    }
  })

  it("[H47] a cursor of another state or another life goes nowhere", async () => {
    const queue = await scene.queue()
    await scene.send(queue, ...upTo(3))
    const { cursor } = await browse(queue, "?limit=1")
    const refused = problem(422, "invalid_field", { pointer: "/cursor" })
    expect(await scene.get(`${queue}/messages?state=delayed&cursor=${cursor}`)).toMatchObject(refused)
    expect(await scene.get(`${queue}/messages?cursor=${cursor}x`)).toMatchObject(refused)
    await scene.delete(queue)
    await scene.put(queue)
    expect(await scene.get(`${queue}/messages?cursor=${cursor}`)).toMatchObject(problem(410, "log_recreated"))
  })

  it("[H48] by filter", async () => {
    const queue = await scene.queue({ fair: true })
    await scene.post(`${queue}/messages`, {
      messages: [
        { body: 1, groupId: "g" },
        { body: 2, headers: { a: "x:y" } },
      ],
    })
    const sentAt = (await browse(queue)).messages[1]!.sentAt
    await expect.poll(() => Date.now()).toBeGreaterThan(sentAt + 1)
    await scene.post(`${queue}/messages`, { body: 3, groupId: "g", headers: { a: "z" } })
    const { messages } = await browse(queue)
    const last = messages[2]!.sentAt
    expect(await bodiesOf(queue, "?groupId=g")).toEqual([1, 3])
    expect(await bodiesOf(queue, "?header=a:x:y")).toEqual([2])
    expect(await bodiesOf(queue, "?groupId=g&header=a:z")).toEqual([3])
    expect(await bodiesOf(queue, "?groupId=g&header=a:x:y")).toEqual([])
    expect(await bodiesOf(queue, `?sentBefore=${last}`)).toEqual([1, 2])
    expect(await bodiesOf(queue, `?sentAfter=${last}`)).toEqual([3])
    expect(await bodiesOf(queue, "?reason=rejected")).toEqual([])
  })

  it.each(["state=x", "limit=0", "limit=1001", "cursor=x", "reason=x", "header=x", "groupId=", "sentAfter=x", "x=1"])(
    "[H46] [H48] %s is refused",
    async (query) => {
      const queue = await scene.queue()
      const expected = problem(422, "invalid_field", { pointer: `/${query.split("=")[0]}` })
      expect(await scene.get(`${queue}/messages?${query}`)).toMatchObject(expected)
    },
  )
})

describe("one message", () => {
  it("[H49] is deleted whatever its state, but in flight", async () => {
    const { queue, ids, receipt } = await everyState()
    expect(await scene.delete(`${queue}/messages/${ids["in_flight"]}`)).toMatchObject(problem(409, "message_in_flight"))
    for (const state of ["ready", "delayed", "scheduled"]) {
      expect(await scene.delete(`${queue}/messages/${ids[state]}`)).toMatchObject({ status: 204, body: "" })
      expect(await scene.get(`${queue}/messages/${ids[state]}`)).toMatchObject(problem(404, "not_found"))
    }
    expect(await scene.settle("ack", queue, { receipts: [receipt] })).toEqual(["ok"])
    expect(await scene.delete(`${queue}/messages/${ids["in_flight"]}`)).toMatchObject(problem(404, "not_found"))
    const nothing = { ready: 0, inFlight: 0, delayed: 0, scheduled: 0, bytes: 0, removed: 3, acknowledged: 1 }
    expect(await scene.statistics(queue)).toMatchObject(nothing)
  })

  it("[H49] of an earlier life is not found, and what is no id is refused", async () => {
    const queue = await scene.queue()
    const [id] = await scene.send(queue, "x")
    await scene.delete(queue)
    await scene.put(queue)
    const [other] = await scene.send(queue, "y")
    expect(other).not.toBe(id)
    const gone = problem(404, "not_found", { resource: "message", name: id })
    expect(await scene.get(`${queue}/messages/${id}`)).toMatchObject(gone)
    expect(await scene.delete(`${queue}/messages/${id}`)).toMatchObject(gone)
    for (const garbage of ["x", "1", "1-0", `${other}-1`, `${other}x`, "%20"]) {
      expect(await scene.delete(`${queue}/messages/${garbage}`)).toMatchObject(problem(400, "invalid_request"))
    }
    expect(await bodiesOf(queue)).toEqual(["y"])
  })
})

describe("purge", () => {
  it("[H50] deletes everything", async () => {
    const { queue, receipt } = await everyState()
    expect(await scene.delete(`${queue}/messages`)).toMatchObject({ status: 200, body: { removed: 4 } })
    const nothing = { ready: 0, inFlight: 0, delayed: 0, scheduled: 0, bytes: 0, removed: 4 }
    expect(await scene.statistics(queue)).toMatchObject(nothing)
    expect(await scene.settle("ack", queue, { receipts: [receipt] })).toEqual(["ok"])
    await scene.send(queue, "next")
    expect((await scene.receiveOne(queue)).body).toBe("next")
  })

  it("[H50] [H48] of some states, and of what matches", async () => {
    const { queue } = await everyState()
    const purge = (query: string) => scene.delete(`${queue}/messages?${query}`)
    expect(await purge("state=delayed,scheduled")).toMatchObject({ status: 200, body: { removed: 2 } })
    expect(await scene.statistics(queue)).toMatchObject({ ready: 1, inFlight: 1, delayed: 0, scheduled: 0 })
    await scene.post(`${queue}/messages`, {
      messages: upTo(10).map((body) => ({ body, headers: { n: `${body % 2}` } })),
    })
    expect(await purge("header=n:1")).toMatchObject({ body: { removed: 5 } })
    expect(await bodiesOf(queue)).toEqual(["ready", 0, 2, 4, 6, 8])
    const pointer = "/state"
    expect(await purge("state=ready,none")).toMatchObject(problem(422, "invalid_field", { pointer }))
    expect(await purge("state=ready&state=delayed")).toMatchObject(problem(422, "invalid_field", { pointer }))
    expect(await scene.statistics(queue)).toMatchObject({ ready: 6, inFlight: 1, removed: 7 })
  })
})

describe("resend", () => {
  /** A dead letter of `source`, in its dead-letter queue. */
  async function deadLetter(): Promise<{ source: string; letters: string; id: string }> {
    const letters = await scene.queue()
    const source = await scene.queue({ deadLetterQueue: nameOf(letters) })
    await scene.post(`${source}/messages`, { body: "bad", headers: { a: "1" } })
    const { receipt } = await scene.receiveOne(source)
    await scene.settle("nack", source, { receipts: [receipt], reject: true })
    await expect.poll(() => bodiesOf(letters), POLL).toEqual(["bad"])
    return { source, letters, id: (await browse(letters)).messages[0]!.id }
  }

  it("[H51] sends a dead letter back to where it came from, and finishes it", async () => {
    const { source, letters, id } = await deadLetter()
    const path = `${letters}/messages/${id}/resend`
    expect(await scene.request("POST", path)).toMatchObject({ status: 200, body: { queue: nameOf(source) } })
    expect(await scene.receiveOne(source, { waitMs: 15_000 })).toMatchObject({ body: "bad", headers: { a: "1" } })
    expect(await scene.get(`${letters}/messages/${id}`)).toMatchObject(problem(404, "not_found"))
    expect(await scene.statistics(letters)).toMatchObject({ ready: 0, redriven: 1 })
    expect(await scene.request("POST", path)).toMatchObject(problem(404, "not_found"))
  })

  it("[H51] edited, and to another queue", async () => {
    const { letters, id } = await deadLetter()
    const other = await scene.queue()
    const edited = { queue: nameOf(other), body: { good: true }, headers: { b: "2" } }
    const sent = await scene.post(`${letters}/messages/${id}/resend`, edited)
    expect(sent).toMatchObject({ status: 200, body: { queue: nameOf(other) } })
    const message = await scene.receiveOne(other, { waitMs: 15_000 })
    expect(message).toMatchObject({ body: { good: true }, headers: { b: "2" } })
    expect(message.headers).not.toHaveProperty("a")
  })

  it("[H51] is refused where it can't go, and nothing happens", async () => {
    const { letters, id } = await deadLetter()
    const fifo = await scene.queue({ ordering: "fifo" })
    const path = `${letters}/messages/${id}/resend`
    for (const queue of ["there-is-none", nameOf(fifo), "a b"]) {
      const refused = problem(422, "invalid_field", { pointer: "/queue" })
      expect(await scene.post(path, { queue })).toMatchObject(refused)
    }
    expect(await scene.post(path, { body: 1, bodyBase64: "" })).toMatchObject(problem(422, "invalid_field"))
    expect(await scene.post(path, { groupId: "g" })).toMatchObject(
      problem(422, "invalid_field", { pointer: "/groupId" }),
    )
    expect(await bodiesOf(letters)).toEqual(["bad"])
    const [plain] = await scene.send(letters, "no dead letter")
    expect(await scene.post(`${letters}/messages/${plain}/resend`, {})).toMatchObject(
      problem(422, "invalid_field", { pointer: "/queue" }),
    )
  })
})
