import { describe, expect, it } from "vitest"
import { HttpScene, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()

const DEFAULTS = {
  ordering: "standard",
  fair: false,
  singleActiveConsumer: false,
  visibilityTimeoutMs: 30_000,
  retentionMs: 345_600_000,
  delayMs: 0,
  maxDeliveries: null,
  maxAttempts: null,
  deadLetterQueue: null,
  retryDelay: { kind: "constant", delayMs: 0 },
  onExpiry: "drop",
  contentDeduplication: false,
  dedupScope: "queue",
  dedupWindowMs: 300_000,
  maxMessages: null,
  maxBytes: null,
  maxInFlight: 120_000,
  overflow: "reject",
  sendingPaused: false,
  deliveryPaused: false,
  annotations: {},
}

interface QueueView {
  readonly settings: object
  readonly createdAt: number
  readonly updatedAt: number
}

describe("PUT", () => {
  it("[H11] creates with defaults, and says so once", async () => {
    const path = `/v1/queues/${scene.newName()}`
    const askedAt = Date.now()
    const created = await scene.request("PUT", path)
    expect(created).toMatchObject({ status: 201, body: { name: path.slice(11), settings: DEFAULTS } })
    expect(created.headers.get("location")).toBe(path)
    const { createdAt, updatedAt } = created.body as QueueView
    expect(updatedAt).toBe(createdAt)
    expect(createdAt).toBeGreaterThanOrEqual(askedAt - 1)
    expect(createdAt).toBeLessThanOrEqual(Date.now() + 1)
    for (const body of [{}, DEFAULTS])
      expect(await scene.put(path, body)).toMatchObject({ status: 200, body: created.body })
  })

  it("[N12] keeps annotations: merged by name, null takes one away", async () => {
    const path = await scene.queue({ annotations: { team: "billing", tier: "1" } })
    const changed = await scene.put(path, { annotations: { tier: null, owner: "ana" } })
    const annotations = { team: "billing", owner: "ana" }
    expect(changed).toMatchObject({ status: 200, body: { settings: { ...DEFAULTS, annotations } } })
    expect((await scene.get(path)).body).toMatchObject({ settings: { annotations } })
  })

  it("[H11] changes the fields named, and no others", async () => {
    const path = await scene.queue({ visibilityTimeoutMs: 5_000, maxDeliveries: 3 })
    await scene.send(path, "stays")
    const retryDelay = { kind: "exponential", baseMs: 100, maxMs: 1_000, jitter: 0.5 }
    const changed = await scene.put(path, { maxDeliveries: null, retryDelay })
    const settings = { ...DEFAULTS, visibilityTimeoutMs: 5_000, retryDelay }
    expect(changed).toMatchObject({ status: 200, body: { settings } })
    expect(await scene.get(path)).toMatchObject({ status: 200, body: { settings, statistics: { ready: 1 } } })
    expect((await scene.receiveOne(path)).body).toBe("stays")
  })

  it("[H11] every setting may be at its limits", async () => {
    const largest = {
      visibilityTimeoutMs: 43_200_000,
      retentionMs: 31_536_000_000,
      delayMs: 604_800_000,
      maxDeliveries: 1000,
      maxAttempts: 100_000,
      dedupWindowMs: 604_800_000,
      maxMessages: 1_000_000_000,
      maxBytes: 8 * 1024 ** 3,
      maxInFlight: 120_000,
    }
    expect(await scene.put(await scene.queue(), largest)).toMatchObject({ status: 200, body: { settings: largest } })
    const smallest = {
      visibilityTimeoutMs: 0,
      retentionMs: 60_000,
      delayMs: 0,
      maxDeliveries: 1,
      maxAttempts: 1,
      dedupWindowMs: 0,
      maxMessages: 1,
      maxBytes: 1,
      maxInFlight: 1,
      retryDelay: { kind: "linear", stepMs: 0, maxMs: 604_800_000 },
    }
    expect(await scene.put(await scene.queue(), smallest)).toMatchObject({ status: 200, body: { settings: smallest } })
  })

  it.each([
    [{ ordering: "lifo" }, "/ordering"],
    [{ ordering: null }, "/ordering"],
    [{ visibilityTimeoutMs: -1 }, "/visibilityTimeoutMs"],
    [{ visibilityTimeoutMs: 43_200_001 }, "/visibilityTimeoutMs"],
    [{ visibilityTimeoutMs: 0.5 }, "/visibilityTimeoutMs"],
    [{ visibilityTimeoutMs: "30000" }, "/visibilityTimeoutMs"],
    [{ maxDeliveries: 0 }, "/maxDeliveries"],
    [{ maxDeliveries: 1001 }, "/maxDeliveries"],
    [{ fair: 1 }, "/fair"],
    [{ ordering: "fifo", fair: true }, "/fair"],
    [{ singleActiveConsumer: null }, "/singleActiveConsumer"],
    [{ retentionMs: 59_999 }, "/retentionMs"],
    [{ delayMs: 604_800_001 }, "/delayMs"],
    [{ maxAttempts: 0 }, "/maxAttempts"],
    [{ onExpiry: "dead-letter" }, "/onExpiry"],
    [{ contentDeduplication: "yes" }, "/contentDeduplication"],
    [{ dedupScope: "all" }, "/dedupScope"],
    [{ dedupWindowMs: 604_800_001 }, "/dedupWindowMs"],
    [{ maxMessages: 0 }, "/maxMessages"],
    [{ maxBytes: 8 * 1024 ** 3 + 1 }, "/maxBytes"],
    [{ maxInFlight: 120_001 }, "/maxInFlight"],
    [{ overflow: "dead-letter" }, "/overflow"],
    [{ sendingPaused: "no" }, "/sendingPaused"],
    [{ deliveryPaused: 1 }, "/deliveryPaused"],
    [{ annotations: { team: 1 } }, "/annotations/team"],
    [{ annotations: { "": "x" } }, "/annotations/"],
    [{ annotations: { long: "x".repeat(32 * 1024) } }, "/annotations"],
    [{ deadLetterQueue: "a b" }, "/deadLetterQueue"],
    [{ deadLetterQueue: "there-is-none" }, "/deadLetterQueue"],
    [{ retryDelay: 5 }, "/retryDelay"],
    [{ retryDelay: { kind: "never" } }, "/retryDelay/kind"],
    [{ retryDelay: { kind: "constant", delayMs: 604_800_001 } }, "/retryDelay/delayMs"],
    [{ retryDelay: { kind: "exponential", baseMs: 1, maxMs: 1, jitter: 1.5 } }, "/retryDelay/jitter"],
  ])("[H9] [H11] [Q47] %j is refused at %s, and nothing is created or changed", async (settings, pointer) => {
    const path = `/v1/queues/${scene.newName()}`
    expect(await scene.put(path, settings)).toMatchObject(problem(422, "invalid_field", { pointer }))
    expect(await scene.get(path)).toMatchObject(problem(404, "not_found"))
    await scene.put(path)
    const status = JSON.stringify(settings).includes("fifo") ? 409 : 422
    expect(await scene.put(path, { maxDeliveries: 7, ...settings })).toMatchObject({ status })
    expect(await scene.get(path)).toMatchObject({ body: { settings: DEFAULTS } })
  })

  it("[H11] whether it is fair is fixed", async () => {
    const fair = await scene.queue({ fair: true })
    expect(await scene.put(fair, { fair: false })).toMatchObject(problem(409, "conflict"))
    expect((await scene.put(fair, { fair: true, maxInFlight: 7 })).status).toBe(200)
    expect(await scene.put(await scene.queue(), { fair: true })).toMatchObject(problem(409, "conflict"))
  })

  it("[H11] ordering is fixed, and a dead-letter queue must not lead back", async () => {
    const fifo = await scene.queue({ ordering: "fifo" })
    const standard = await scene.queue()
    expect(await scene.put(fifo, { ordering: "standard" })).toMatchObject(problem(409, "conflict"))
    expect((await scene.put(fifo, { ordering: "fifo" })).status).toBe(200)
    const pointer = "/deadLetterQueue"
    const refused = problem(422, "invalid_field", { pointer })
    const nameOf = (path: string) => path.slice("/v1/queues/".length)
    expect(await scene.put(standard, { deadLetterQueue: nameOf(fifo) })).toMatchObject(refused)
    expect(await scene.put(standard, { deadLetterQueue: nameOf(standard) })).toMatchObject(refused)
    const next = await scene.queue({ deadLetterQueue: nameOf(standard) })
    expect(await scene.put(standard, { deadLetterQueue: nameOf(next) })).toMatchObject(refused)
    expect(await scene.get(standard)).toMatchObject({ body: { settings: DEFAULTS } })
  })

  it("[H11] many at once create one", async () => {
    const path = `/v1/queues/${scene.newName()}`
    const answers = await Promise.all(upTo(10).map(() => scene.put(path)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(9)
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
  })
})

describe("GET", () => {
  it("[H12] shows exact statistics", async () => {
    const path = await scene.queue()
    const nothing = { ready: 0, inFlight: 0, delayed: 0, scheduled: 0, bytes: 0, oldestAt: null, forwarding: 0 }
    const noTotals = { sent: 0, deduplicated: 0, delivered: 0, acknowledged: 0, deadLettered: 0, dropped: 0 }
    const noMore = { expired: 0, removed: 0, redriven: 0, rates: { sent: 0, delivered: 0, acknowledged: 0 } }
    expect(await scene.statistics(path)).toEqual({ ...nothing, ...noTotals, ...noMore })
    await scene.send(path, ...upTo(10))
    const messages = await scene.receive(path, { maxMessages: 4 })
    const [first, second, third] = messages.map(({ receipt }) => receipt)
    expect(await scene.settle("ack", path, { receipts: [first] })).toEqual(["ok"])
    expect(await scene.settle("nack", path, { receipts: [second], delayMs: 60_000 })).toEqual(["ok"])
    expect(await scene.settle("nack", path, { receipts: [third], reject: true })).toEqual(["ok"])
    const statistics = await scene.statistics(path)
    expect(statistics).toMatchObject({ ready: 6, inFlight: 1, delayed: 1, sent: 10, delivered: 4 })
    expect(statistics).toMatchObject({ acknowledged: 1, deadLettered: 0, dropped: 1, forwarding: 0 })
    expect(statistics["bytes"]).toBeGreaterThan(0)
    expect(statistics["oldestAt"]).toBe(messages[1]!.sentAt)
  })

  it("[H12] a queue that is not there is not found, by any operation", async () => {
    const path = `/v1/queues/${scene.newName()}`
    const notFound = problem(404, "not_found", { resource: "queue", name: path.slice(11) })
    expect(await scene.get(path)).toMatchObject(notFound)
    expect(await scene.delete(path)).toMatchObject(notFound)
    expect(await scene.post(`${path}/messages`, { body: 1 })).toMatchObject(notFound)
    expect(await scene.post(`${path}/receive`, { waitMs: 5_000 })).toMatchObject(notFound)
    expect(await scene.post(`${path}/ack`, { receipts: ["a"] })).toMatchObject(notFound)
    expect(await scene.post(`${path}/nack`, { receipts: ["a"] })).toMatchObject(notFound)
    expect(await scene.post(`${path}/extend`, { receipts: ["a"], visibilityTimeoutMs: 1 })).toMatchObject(notFound)
    expect(await scene.get(`${path}/messages`)).toMatchObject(notFound)
    expect(await scene.delete(`${path}/messages`)).toMatchObject(notFound)
    expect(await scene.get(`${path}/messages/1-0-1`)).toMatchObject(notFound)
    expect(await scene.delete(`${path}/messages/1-0-1`)).toMatchObject(notFound)
    expect(await scene.post(`${path}/messages/1-0-1/resend`, {})).toMatchObject(notFound)
    expect(await scene.post(`${path}/redrive`, {})).toMatchObject(notFound)
    expect(await scene.get(`${path}/redrive`)).toMatchObject(notFound)
    expect(await scene.delete(`${path}/redrive`)).toMatchObject(notFound)
  })
})

describe("lists", () => {
  /** All names that begin with `prefix`, by pages of `limit`. */
  async function list(kind: "queues" | "topics", prefix: string, limit: number): Promise<string[]> {
    const names: string[] = []
    for (let cursor: string | null = ""; cursor !== null;) {
      const query = `prefix=${prefix}&limit=${limit}${cursor === "" ? "" : `&cursor=${cursor}`}`
      const answer = await scene.get(`/v1/${kind}?${query}`)
      expect(answer.status).toBe(200)
      const page = answer.body as { cursor: string | null } & Record<string, { name: string }[]>
      expect(page[kind]!.length).toBeLessThanOrEqual(limit)
      names.push(...page[kind]!.map(({ name }) => name))
      cursor = page.cursor
    }
    return names
  }

  it.each(["queues", "topics"] as const)("[H13] of %s are in order, by prefix, in pages", async (kind) => {
    const names = ["list-B", "list-a", "list-a.b", "list-a_b", "list-b", "list.a", "lisT", "listing"]
    await Promise.all(names.map((name) => scene.put(`/v1/${kind}/${name}`)))
    const wanted = names.filter((name) => name.startsWith("list-")).sort()
    for (const limit of [1, 2, 5, 1000]) expect(await list(kind, "list-", limit)).toEqual(wanted)
    expect(await list(kind, "list-a", 1)).toEqual(["list-a", "list-a.b", "list-a_b"])
    expect(await list(kind, "list-a_", 1)).toEqual(["list-a_b"])
    expect(await list(kind, "nothing-like-it", 1)).toEqual([])
    const shown = (await scene.get(`/v1/${kind}?prefix=list-B`)).body as Record<string, unknown[]>
    expect(Object.keys(shown[kind]![0] as object).sort()).toEqual(["createdAt", "name", "settings", "updatedAt"])
  })

  it.each([
    "limit=0",
    "limit=1001",
    "limit=-1",
    "limit=1.5",
    "limit=1e2",
    "limit=",
    "prefix=a%20b",
    "prefix=%25",
    "cursor=",
  ])("[H13] %s is refused", async (query) => {
    const expected = problem(422, "invalid_field", { pointer: `/${query.split("=")[0]}` })
    for (const kind of ["queues", "topics"]) expect(await scene.get(`/v1/${kind}?${query}`)).toMatchObject(expected)
  })
})

describe("DELETE", () => {
  it("[H14] ends a queue and its messages; the name may be used again", async () => {
    const path = await scene.queue({ visibilityTimeoutMs: 7_000 })
    await scene.send(path, 1, 2, 3)
    const { receipt } = await scene.receiveOne(path)
    expect(await scene.delete(path)).toMatchObject({ status: 204, body: "" })
    expect(await scene.get(path)).toMatchObject(problem(404, "not_found"))
    expect(await scene.delete(path)).toMatchObject(problem(404, "not_found"))
    expect(await scene.post(`${path}/messages`, { body: 1 })).toMatchObject(problem(404, "not_found"))
    expect(await scene.put(path)).toMatchObject({ status: 201, body: { settings: DEFAULTS } })
    expect(await scene.receive(path, { maxMessages: 10 })).toEqual([])
    expect(await scene.statistics(path)).toMatchObject({ ready: 0, inFlight: 0, sent: 0 })
    for (const verb of ["ack", "nack"] as const) {
      expect(await scene.settle(verb, path, { receipts: [receipt] })).toEqual(["invalid_receipt"])
    }
  })

  it("[H14] ends a receive that waits", async () => {
    const path = await scene.queue()
    const waiting = scene.post(`${path}/receive`, { waitMs: 15_000 })
    await new Promise((resolve) => setTimeout(resolve, 300))
    const askedAt = performance.now()
    expect((await scene.delete(path)).status).toBe(204)
    // its status was sent when it began to wait
    expect(await waiting).toMatchObject({ status: 200, body: { messages: [] } })
    expect(performance.now() - askedAt).toBeLessThan(3_000)
  })
})
