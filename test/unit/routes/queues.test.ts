import { expect, test, vi } from "vitest"
import type { Failure } from "../../../src/core/errors.ts"
import { encodeDeliveries } from "../../../src/core/log/delivered.ts"
import { encodeFrame } from "../../../src/core/log/frame.ts"
import { err, ok } from "../../../src/core/result.ts"
import { MAX_PATCHED_ANNOTATIONS, METADATA_TTL_MS } from "../../../src/core/limits.ts"
import type { CatalogApi, QueueApi } from "../../../src/objects/contract.ts"
import { formatReceipt } from "../../../src/protocol/native/receipt.ts"
import { waitForMessages } from "../../../src/session/wait.ts"
import { catalogOf, fakeEnv, fakeName, queueEntry } from "./fake-env.ts"
import { recorder } from "./recorder.ts"
import { request, send } from "./request.ts"

vi.mock("../../../src/session/open-session.ts", () => ({
  openSession: () => new Response("session"),
  SUBPROTOCOL: "millrace.v1",
}))
vi.mock("../../../src/session/wait.ts", () => ({ waitForMessages: vi.fn<typeof waitForMessages>() }))

let names = 0
/** Names are remembered from test to test, so each takes its own. */
function newName(): string {
  return `queue-${names++}`
}

function envOf(name: string, queue: Partial<QueueApi>, settings = {}) {
  return fakeEnv({ catalog: catalogOf(queueEntry(name, 1, settings)), queues: { [fakeName(name)]: queue } })
}

test("an object that knows newer settings is called again with them", async () => {
  const name = newName()
  let version = 1
  const getQueue = vi.fn<CatalogApi["getQueue"]>(async () => ok(queueEntry(name, version)))
  const sendTo: QueueApi["send"] = async (given) => {
    if (given < version) return err({ code: "stale_metadata", version })
    return ok({ incarnation: 1, results: [0] })
  }
  const env = fakeEnv({ catalog: { getQueue }, queues: { [fakeName(name)]: { send: sendTo } } })
  const post = () => request(env, "POST", `/v1/queues/${name}/messages`, { body: 1 })
  expect((await post()).status).toBe(200)
  expect((await post()).status).toBe(200)
  expect(getQueue).toHaveBeenCalledTimes(1)
  version = 2
  expect((await post()).status).toBe(200)
  expect(getQueue).toHaveBeenCalledTimes(2)
})

test("an entry that has grown old is loaded again by one of the requests that come together", async () => {
  const name = newName()
  const getQueue = vi.fn<CatalogApi["getQueue"]>(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    return ok(queueEntry(name))
  })
  const { queue } = recorder()
  const env = fakeEnv({ catalog: { getQueue }, queues: { [fakeName(name)]: queue } })
  const send = () => request(env, "POST", `/v1/queues/${name}/messages`, { body: 1 })
  await send()
  vi.spyOn(Date, "now").mockReturnValue(Date.now() + METADATA_TTL_MS)
  const answers = await Promise.all(Array.from({ length: 10 }, send))
  vi.restoreAllMocks()
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
  expect(getQueue).toHaveBeenCalledTimes(2)
})

test("an unknown queue is not found, also when it was known before", async () => {
  const name = newName()
  const missing: Failure = { code: "not_found", resource: "queue", name }
  let exists = true
  const getQueue = async () => (exists ? ok(queueEntry(name)) : err(missing))
  const receive: QueueApi["receive"] = async () => {
    return exists ? ok({ incarnation: 1, deliveries: encodeDeliveries([]) }) : err(missing)
  }
  const env = fakeEnv({ catalog: { getQueue }, queues: { [fakeName(name)]: { receive } } })
  expect(await request(env, "POST", `/v1/queues/${name}/receive`)).toMatchObject({
    status: 200,
    body: { messages: [] },
  })
  exists = false
  expect(await request(env, "POST", `/v1/queues/${name}/receive`)).toMatchObject({
    status: 404,
    body: { code: "not_found", resource: "queue", name },
  })
})

function failing(marks: object): () => Promise<never> {
  return async () => {
    throw Object.assign(new Error("lost"), marks)
  }
}

test("an object's exception is a 503 and only what is idempotent is repeated", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue()
  const name = newName()
  const sendTo = vi.fn<QueueApi["send"]>(failing({ retryable: true }))
  const statistics = vi.fn<QueueApi["statistics"]>(failing({ retryable: true }))
  const settle = vi.fn<QueueApi["settle"]>(failing({ overloaded: true, retryable: true }))
  const env = envOf(name, { send: sendTo, statistics, settle })
  const sent = await request(env, "POST", `/v1/queues/${name}/messages`, { body: 1 })
  expect(sent).toMatchObject({ status: 503, body: { code: "unavailable" } })
  expect(sent.headers.get("Retry-After")).toBe("1")
  expect(sendTo).toHaveBeenCalledTimes(1)
  expect(await request(env, "GET", `/v1/queues/${name}`)).toMatchObject({ status: 503, body: { code: "unavailable" } })
  expect(statistics).toHaveBeenCalledTimes(2)
  const receipts = [formatReceipt({ incarnation: 1, shard: 0, stateId: 0, stateGeneration: 0, offset: 0, attempt: 1 })]
  const acked = await request(env, "POST", `/v1/queues/${name}/ack`, { receipts })
  expect(acked).toMatchObject({ status: 503, body: { code: "overloaded" } })
  expect(settle).toHaveBeenCalledTimes(1)
  log.mockRestore()
})

test("what was received for a client that is gone is handed back", async () => {
  const name = newName()
  const frame = encodeFrame({ format: "bytes", value: new Uint8Array(), key: null, headers: [], producedAt: null })
  const delivery = { offset: 5, messageId: 1, appendedAt: 0, attempt: 2, deliveryCount: 1, firstDeliveredAt: 0, frame }
  const client = new AbortController()
  const settle = vi.fn<QueueApi["settle"]>(async () => ok([null]))
  const receive: QueueApi["receive"] = async () => {
    client.abort()
    return ok({ incarnation: 3, deliveries: encodeDeliveries([delivery]) })
  }
  const env = envOf(name, { receive, settle })
  await send(env, `/v1/queues/${name}/receive`, { method: "POST", signal: client.signal })
  expect(settle).toHaveBeenCalledWith(1, [
    {
      kind: "undelivered",
      receipt: { incarnation: 3, shard: 0, stateId: 0, stateGeneration: 0, offset: 5, attempt: 2 },
    },
  ])
})

/** A queue that is empty at first, and one message for whoever waits. */
function waitingQueue() {
  const frame = encodeFrame({ format: "bytes", value: new Uint8Array(), key: null, headers: [], producedAt: null })
  const delivery = { offset: 5, messageId: 1, appendedAt: 0, attempt: 2, deliveryCount: 1, firstDeliveredAt: 0, frame }
  const settle = vi.fn<QueueApi["settle"]>(async () => ok([null]))
  const receive: QueueApi["receive"] = async () => ok({ incarnation: 3, deliveries: encodeDeliveries([]) })
  return { settle, receive, late: { incarnation: 3, deliveries: encodeDeliveries([delivery]) } }
}

test("a receive waits for a message, and for no longer than it was told to", async () => {
  const name = newName()
  const { late, ...queue } = waitingQueue()
  vi.mocked(waitForMessages).mockResolvedValueOnce(ok(late))
  const answer = await request(envOf(name, queue), "POST", `/v1/queues/${name}/receive`, { waitMs: 500 })
  expect(answer).toMatchObject({ status: 200, body: { messages: [{ id: "3-0-1" }] } })
  expect(waitForMessages).toHaveBeenLastCalledWith(
    expect.anything(),
    1,
    { maxMessages: 1, visibilityTimeoutMs: null, attemptId: null },
    500,
    expect.any(AbortSignal),
  )
  expect(queue.settle).not.toHaveBeenCalled()
  vi.mocked(waitForMessages).mockResolvedValueOnce(err({ code: "unavailable", retryAfterMs: 1 }))
  const failed = await request(envOf(name, queue), "POST", `/v1/queues/${name}/receive`, { waitMs: 500 })
  expect(failed).toMatchObject({ status: 200, body: { messages: [] } })
})

test("what came for a client that left while it waited is handed back", async () => {
  const name = newName()
  const { late, ...queue } = waitingQueue()
  const client = new AbortController()
  vi.mocked(waitForMessages).mockImplementationOnce(async (_stub, _version, _request, _waitMs, gone) => {
    client.abort()
    expect(gone.aborted).toBe(true)
    return ok(late)
  })
  const body = JSON.stringify({ waitMs: 500 })
  const init = { method: "POST", body, signal: client.signal, headers: { "Content-Type": "application/json" } }
  const answer = send(envOf(name, queue), `/v1/queues/${name}/receive`, init)
  await vi.waitFor(() => expect(queue.settle).toHaveBeenCalledTimes(1))
  expect(queue.settle.mock.calls[0]?.[1]).toMatchObject([{ kind: "undelivered", receipt: { offset: 5, attempt: 2 } }])
  void answer
})

test.each([
  ["receive", { maxMessages: 0 }, "/maxMessages"],
  ["receive", { maxMessages: 1001 }, "/maxMessages"],
  ["receive", { maxMessages: "1" }, "/maxMessages"],
  ["receive", { waitMs: 20_001 }, "/waitMs"],
  ["receive", { visibilityTimeoutMs: -1 }, "/visibilityTimeoutMs"],
  ["receive", { wait: 1 }, "/wait"],
  ["receive", { attemptId: "" }, "/attemptId"],
  ["receive", { attemptId: "x".repeat(129) }, "/attemptId"],
  ["receive", { attemptId: 5 }, "/attemptId"],
  ["nack", { receipts: ["x"], fault: "no" }, "/fault"],
  ["receive", [], ""],
  ["ack", {}, "/receipts"],
  ["nack", { receipts: ["x"], delayMs: -1 }, "/delayMs"],
  ["extend", { receipts: ["x"] }, "/visibilityTimeoutMs"],
])("%s of %j is refused at %s", async (verb, body, pointer) => {
  const name = newName()
  const answer = await request(envOf(name, {}), "POST", `/v1/queues/${name}/${verb}`, body)
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_field", pointer } })
})

test.each([
  [{ ordering: "lifo" }, "/ordering"],
  [{ visibilityTimeoutMs: 43_200_001 }, "/visibilityTimeoutMs"],
  [{ visibilityTimeoutMs: 1.5 }, "/visibilityTimeoutMs"],
  [{ maxDeliveries: 0 }, "/maxDeliveries"],
  [{ maxDeliveries: undefined, deadLetterQueue: "a b" }, "/deadLetterQueue"],
  [{ deadLetterQueue: "self" }, "/deadLetterQueue"],
  [{ retryDelay: { kind: "random" } }, "/retryDelay/kind"],
  [{ retryDelay: { kind: "constant" } }, "/retryDelay/delayMs"],
  [{ retryDelay: { kind: "constant", delayMs: 1, maxMs: 2 } }, "/retryDelay/maxMs"],
  [{ retryDelay: { kind: "exponential", baseMs: 1, maxMs: 2, jitter: 2 } }, "/retryDelay/jitter"],
  [{ fair: "yes" }, "/fair"],
  [{ singleActiveConsumer: 1 }, "/singleActiveConsumer"],
  [{ retentionMs: 59_999 }, "/retentionMs"],
  [{ retentionMs: 365 * 24 * 60 * 60 * 1000 + 1 }, "/retentionMs"],
  [{ delayMs: -1 }, "/delayMs"],
  [{ delayMs: 604_800_001 }, "/delayMs"],
  [{ maxAttempts: 0 }, "/maxAttempts"],
  [{ maxAttempts: 100_001 }, "/maxAttempts"],
  [{ onExpiry: "forget" }, "/onExpiry"],
  [{ contentDeduplication: null }, "/contentDeduplication"],
  [{ dedupScope: "topic" }, "/dedupScope"],
  [{ dedupWindowMs: -1 }, "/dedupWindowMs"],
  [{ dedupWindowMs: 604_800_001 }, "/dedupWindowMs"],
  [{ maxMessages: 0 }, "/maxMessages"],
  [{ maxMessages: 1e9 + 1 }, "/maxMessages"],
  [{ maxBytes: 0 }, "/maxBytes"],
  [{ maxBytes: 8 * 1024 ** 3 + 1 }, "/maxBytes"],
  [{ maxInFlight: 0 }, "/maxInFlight"],
  [{ maxInFlight: 120_001 }, "/maxInFlight"],
  [{ overflow: "drop" }, "/overflow"],
  [{ sendingPaused: "true" }, "/sendingPaused"],
  [{ deliveryPaused: 0 }, "/deliveryPaused"],
  [{ annotations: { a: false } }, "/annotations/a"],
  [{ annotations: { ["x".repeat(257)]: "" } }, `/annotations/${"x".repeat(257)}`],
  [{ retention: 1 }, "/retention"],
  [[], ""],
  [null, ""],
])("a queue with %j is refused at %s", async (body, pointer) => {
  const answer = await request(fakeEnv({}), "PUT", "/v1/queues/self", body)
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_field", pointer } })
})

test("[N12] a change of more annotations than can go and come is refused", async () => {
  const names = Array.from({ length: MAX_PATCHED_ANNOTATIONS + 1 }, (_, index) => [index, null] as const)
  const answer = await request(fakeEnv({}), "PUT", "/v1/queues/self", { annotations: Object.fromEntries(names) })
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_field", pointer: "/annotations" } })
})

test("a queue is created, shown, listed and deleted", async () => {
  const name = newName()
  const entry = queueEntry(name)
  const putQueue = vi.fn<CatalogApi["putQueue"]>(async () => ok({ created: true, entry }))
  const listQueues = vi.fn<CatalogApi["listQueues"]>(async () => ({ items: [entry], cursor: name }))
  const env = fakeEnv({ catalog: { putQueue, listQueues, deleteQueue: async () => ok(null) } })
  const shown = { name, settings: entry.settings, createdAt: 1, updatedAt: 2 }
  const put = await request(env, "PUT", `/v1/queues/${name}`, { maxDeliveries: null })
  expect(put).toMatchObject({ status: 201, body: shown })
  expect(put.headers.get("Location")).toBe(`/v1/queues/${name}`)
  expect(putQueue).toHaveBeenCalledWith(name, { maxDeliveries: null })
  expect(await request(env, "GET", "/v1/queues?prefix=q&limit=1&cursor=a")).toMatchObject({
    status: 200,
    body: { queues: [shown], cursor: name },
  })
  expect(listQueues).toHaveBeenCalledWith({ prefix: "q", limit: 1, cursor: "a" })
  expect(await request(env, "DELETE", `/v1/queues/${name}`)).toMatchObject({ status: 204, body: "" })
})

test.each(["limit=0", "limit=1001", "limit=x", "limit=1e2", "prefix=a%20b", "cursor=", "from=a"])(
  "a list with %s is refused",
  async (query) => {
    const answer = await request(fakeEnv({}), "GET", `/v1/queues?${query}`)
    expect(answer).toMatchObject({ status: 422, body: { pointer: `/${query.split("=")[0]}` } })
  },
)
