import { expect, test, vi } from "vitest"
import type { ErrorCode, Failure } from "../../../src/core/errors.ts"
import { MAX_BODY_BYTES } from "../../../src/core/limits.ts"
import { ok } from "../../../src/core/result.ts"
import type { QueueApi } from "../../../src/objects/contract.ts"
import { catalogOf, fakeEnv, fakeName, queueEntry } from "./fake-env.ts"
import { recorder } from "./recorder.ts"
import { request, send } from "./request.ts"

vi.mock("../../../src/session/open-session.ts", () => ({
  openSession: () => new Response("session"),
  SUBPROTOCOL: "millrace.v1",
}))
vi.mock("../../../src/session/wait.ts", () => ({ waitForMessages: () => {} }))

let names = 0
/** Names are remembered from test to test, so each takes its own. */
function newName(): string {
  return `send-${names++}`
}

function envOf(name: string, queue: Partial<QueueApi>, settings = {}) {
  return fakeEnv({ catalog: catalogOf(queueEntry(name, 1, settings)), queues: { [fakeName(name)]: queue } })
}

test("a batch is sent in order and answered with ids", async () => {
  const name = newName()
  const { sent, queue } = recorder()
  const messages = [{ body: "a", headers: { x: "y" } }, { body: { b: [1, 2] } }]
  const answer = await request(envOf(name, queue), "POST", `/v1/queues/${name}/messages`, { messages })
  expect(answer).toMatchObject({ status: 200, body: { messages: [{ id: "1-0-0" }, { id: "1-0-1" }] } })
  expect(sent).toEqual([
    { format: "text", text: "a", key: null, headers: [["x", "y"]] },
    { format: "json", text: '{"b":[1,2]}', key: null, headers: [] },
  ])
})

test.each([
  ["text/plain; charset=UTF-8", "é", "", "text", []],
  ["text/plain", new Uint8Array([0xff]), "", "bytes", [["content-type", "text/plain"]]],
  ["text/plain;charset=latin1", "x", "", "bytes", [["content-type", "text/plain;charset=latin1"]]],
  ["image/png", "x", "", "bytes", [["content-type", "image/png"]]],
  ["application/json", ' {"a": 1.0}', "?raw=true", "json", []],
  [
    "application/x-www-form-urlencoded",
    "a=b",
    "?raw=true",
    "bytes",
    [["content-type", "application/x-www-form-urlencoded"]],
  ],
] as const)("a raw message of %s is kept as it is", async (type, body, query, format, kept) => {
  const name = newName()
  const { sent, queue } = recorder()
  const headers = { "Content-Type": type, "Millrace-Header-Trace-Id": "t1", "Millrace-Group-Id": "g" }
  const env = envOf(name, queue, { ordering: "fifo" })
  const answer = await send(env, `/v1/queues/${name}/messages${query}`, { method: "POST", body, headers })
  expect(answer).toMatchObject({ status: 200, body: { messages: [{ id: "1-0-0" }] } })
  expect(sent).toMatchObject([{ format, key: "g", headers: [...kept, ["trace-id", "t1"]] }])
  if (typeof body === "string") expect(sent[0]?.text).toBe(body)
})

const JSON_TYPE = { "Content-Type": "application/json" }
const refused: readonly (readonly [string, number, ErrorCode, string | undefined, string, RequestInit])[] = [
  ["broken JSON", 400, "invalid_json", undefined, "", { body: "{", headers: JSON_TYPE }],
  ["no body", 400, "invalid_json", undefined, "", { headers: JSON_TYPE }],
  ["raw JSON that is none", 400, "invalid_json", undefined, "?raw=true", { body: "{", headers: JSON_TYPE }],
  ["an array", 422, "invalid_field", "", "", { body: "[]", headers: JSON_TYPE }],
  ["an unknown field", 422, "invalid_field", "/delay", "", { body: '{"body":1,"delay":1}', headers: JSON_TYPE }],
  ["an unknown query", 422, "invalid_field", "/rwa", "?rwa=true", { body: "1", headers: JSON_TYPE }],
  ["a repeated query", 422, "invalid_field", "/raw", "?raw=true&raw=true", { body: "1", headers: JSON_TYPE }],
  ["a query that is neither", 422, "invalid_field", "/raw", "?raw=yes", { body: "1", headers: JSON_TYPE }],
  ["a group", 422, "invalid_field", "/groupId", "", { body: '{"body":1,"groupId":"a"}', headers: JSON_TYPE }],
  ["a form", 415, "unsupported_media_type", undefined, "", { body: new URLSearchParams({ a: "b" }) }],
  [
    "too long an idempotency key",
    422,
    "invalid_field",
    "/idempotency-key",
    "",
    { body: '{"body":1}', headers: { ...JSON_TYPE, "Idempotency-Key": "k".repeat(125) } },
  ],
  [
    "an unknown header",
    422,
    "invalid_field",
    "/millrace-delay",
    "",
    { body: "1", headers: { "Content-Type": "a/b", "Millrace-Delay": "1" } },
  ],
  ...[
    ["Millrace-Delay-Ms", "1.5"],
    ["Millrace-Deliver-At", "1e3"],
    ["Millrace-Ttl-Ms", "0"],
    ["Millrace-Dedup-Id", "x".repeat(129)],
  ].map(([header, value]): (typeof refused)[number] => {
    const headers = { "Content-Type": "a/b", [header!]: value! }
    return [`${header} of ${value}`, 422, "invalid_field", `/${header!.toLowerCase()}`, "", { body: "1", headers }]
  }),
  ["too large a body", 413, "payload_too_large", undefined, "", { body: "x".repeat(MAX_BODY_BYTES + 1) }],
  ["too large a message", 413, "payload_too_large", undefined, "", { body: "x".repeat(1024 * 1024 + 1) }],
]

test.each(refused)("a send with %s is refused", async (_, status, code, pointer, query, init) => {
  const name = newName()
  const { sent, queue } = recorder()
  const answer = await send(envOf(name, queue), `/v1/queues/${name}/messages${query}`, { method: "POST", ...init })
  expect(answer).toMatchObject({ status, body: { code, ...(pointer === undefined ? {} : { pointer }) } })
  expect(answer.headers.get("content-type")).toBe("application/problem+json")
  expect(sent).toEqual([])
})

test("a raw message has its terms in headers", async () => {
  const name = newName()
  const { sent, queue } = recorder()
  const headers = { "Content-Type": "a/b", "Millrace-Delay-Ms": "5", "Millrace-Ttl-Ms": "7", "Millrace-Dedup-Id": "d" }
  const path = `/v1/queues/${name}/messages`
  await send(envOf(name, queue), path, { method: "POST", body: "x", headers })
  const at = { "Content-Type": "a/b", "Millrace-Deliver-At": "99" }
  await send(envOf(name, queue), path, { method: "POST", body: "x", headers: at })
  expect(sent.map(({ terms }) => terms)).toEqual([
    { delayMs: 5, deliverAt: 0, ttlMs: 7, dedupKey: "\0d" },
    { delayMs: 0, deliverAt: 99, ttlMs: 0, dedupKey: null },
  ])
})

test("an idempotency key names each message by its place", async () => {
  const name = newName()
  const { sent, queue } = recorder()
  const body = JSON.stringify({ messages: [{ body: 1 }, { body: 2, dedupId: "own" }, { body: 3, ttlMs: 5 }] })
  const headers = { ...JSON_TYPE, "Idempotency-Key": "k" }
  await send(envOf(name, queue), `/v1/queues/${name}/messages`, { method: "POST", body, headers })
  expect(sent.map(({ terms }) => terms?.dedupKey)).toEqual(["\0k/0", "\0own", "\0k/2"])
})

test("a queue that does not deduplicate refuses ids of every kind", async () => {
  const name = newName()
  const { sent, queue } = recorder()
  const env = envOf(name, queue, { dedupWindowMs: 0, contentDeduplication: true })
  const post = (body: unknown, headers = {}) =>
    send(env, `/v1/queues/${name}/messages`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { ...JSON_TYPE, ...headers },
    })
  const refusedAt = (pointer: string) => ({ status: 422, body: { code: "invalid_field", pointer } })
  expect(await post({ body: 1, dedupId: "d" })).toMatchObject(refusedAt("/dedupId"))
  expect(await post({ body: 1 }, { "Idempotency-Key": "k" })).toMatchObject(refusedAt("/idempotency-key"))
  expect(sent).toEqual([])
  expect(await post({ body: 1 })).toMatchObject({ status: 200 })
  expect(sent).toEqual([{ format: "json", text: "1", key: null, headers: [] }])
})

test("a queue that deduplicates by content has an id for every message", async () => {
  const name = newName()
  const { sent, queue } = recorder()
  const env = envOf(name, queue, { contentDeduplication: true })
  const messages = [{ body: "a" }, { body: "a", headers: { x: "y" } }, { body: "b" }, { body: "a", dedupId: "own" }]
  await request(env, "POST", `/v1/queues/${name}/messages`, { messages })
  const keys = sent.map(({ terms }) => terms?.dedupKey)
  expect(keys[0]).toMatch(/^\0sha256:[0-9a-f]{64}$/)
  expect(keys[1]).toBe(keys[0])
  expect(keys[2]).not.toBe(keys[0])
  expect(keys[3]).toBe("\0own")
})

test("a body without a length is read as far as the limit", async () => {
  const name = newName()
  const { sent, queue } = recorder()
  const stream = (bytes: number) => new Blob([new Uint8Array(bytes)]).stream()
  const post = (bytes: number) => {
    const init = { method: "POST", body: stream(bytes), duplex: "half", headers: { "Content-Type": "image/png" } }
    return send(envOf(name, queue), `/v1/queues/${name}/messages`, init)
  }
  expect(await post(1000)).toMatchObject({ status: 200 })
  expect(await post(MAX_BODY_BYTES + 1)).toMatchObject({ status: 413, body: { code: "payload_too_large" } })
  expect(sent.length).toBe(1)
})

test("a message that the queue refused is a problem by itself, and one result in a batch", async () => {
  const name = newName()
  const full: Failure = { code: "storage_full" }
  const env = envOf(name, { send: async () => ok({ incarnation: 1, results: [full, 4] }) })
  const single = await request(env, "POST", `/v1/queues/${name}/messages`, { body: 1 })
  expect(single).toMatchObject({ status: 507, body: { code: "storage_full" } })
  const batch = await request(env, "POST", `/v1/queues/${name}/messages`, { messages: [{ body: 1 }, { body: 2 }] })
  expect(batch).toMatchObject({
    status: 200,
    body: { messages: [{ problem: { code: "storage_full" } }, { id: "1-0-4" }] },
  })
})
