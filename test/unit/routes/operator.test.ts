import { expect, test, vi } from "vitest"
import { keyHash } from "../../../src/core/bytes/key-hash.ts"
import { decodeFrame, encodeFrame, encodeMovedFrame } from "../../../src/core/log/frame.ts"
import type { BrowsedMessage } from "../../../src/core/queue/operator/commands.ts"
import { err, ok } from "../../../src/core/result.ts"
import type { QueueApi } from "../../../src/objects/contract.ts"
import { formatCursor } from "../../../src/protocol/native/browse-cursor.ts"
import { browsed, envOf, NO_FILTER, RECORD, text } from "./operated.ts"
import { request } from "./request.ts"

vi.mock("../../../src/session/open-session.ts", () => ({
  openSession: () => new Response("session"),
  SUBPROTOCOL: "millrace.v1",
}))
vi.mock("../../../src/session/wait.ts", () => ({ waitForMessages: () => {} }))

let names = 0
/** Names are remembered from test to test, so each takes its own. */
function newName(): string {
  return `operated-${names++}`
}

/** What a dead letter of `source` says of itself. */
const storyOf = (source: string) => [
  { name: text("millrace-dead-letter-source"), value: text(source) },
  { name: text("millrace-dead-letter-reason"), value: text("rejected") },
]

test("a browse shows messages as they stand, and a cursor that goes on", async () => {
  const name = newName()
  const cursor = { incarnation: 3, at: 2 ** 45, messageId: 7 }
  const messages = [
    browsed({ expiresAt: 900 }),
    browsed({ state: "in_flight", untilAt: 300, consumer: 0, deliveryCount: 2, firstDeliveredAt: 200 }),
    browsed({ state: "scheduled", offset: null, untilAt: 400 }),
    browsed({ frame: new Uint8Array() }),
  ]
  const browse = vi.fn<QueueApi["browse"]>(async () => ok({ incarnation: 3, messages, cursor }))
  const env = envOf(name, { browse })
  const page = await request(env, "GET", `/v1/queues/${name}/messages?state=scheduled&limit=7`)
  expect(browse).toHaveBeenLastCalledWith(1, { state: "scheduled", limit: 7, cursor: null, filter: NO_FILTER })
  const shown = { id: "3-0-5", sentAt: 100, deliveryCount: 0, body: "hi" }
  expect(page).toMatchObject({ status: 200 })
  const { messages: listed, cursor: next } = page.body as { messages: object[]; cursor: string }
  expect(listed.slice(0, 3)).toEqual([
    { ...shown, state: "ready", expiresAt: 900 },
    { ...shown, state: "in_flight", leaseUntilAt: 300, consumer: 0, deliveryCount: 2, firstDeliveredAt: 200 },
    { ...shown, state: "scheduled", dueAt: 400 },
  ])
  expect(listed[3]).toMatchObject({ id: "3-0-5", problem: { code: "corrupt_batch" } })
  await request(env, "GET", `/v1/queues/${name}/messages?state=scheduled&cursor=${next}`)
  expect(browse).toHaveBeenLastCalledWith(1, { state: "scheduled", limit: 100, cursor, filter: NO_FILTER })
})

test("a browse may be filtered", async () => {
  const name = newName()
  const browse = vi.fn<QueueApi["browse"]>(async () => ok({ incarnation: 3, messages: [], cursor: null }))
  const query = "reason=rejected&header=a:b:c&groupId=g%C3%A4&sentAfter=5&sentBefore=9"
  const page = await request(envOf(name, { browse }), "GET", `/v1/queues/${name}/messages?${query}`)
  expect(page).toMatchObject({ status: 200, body: { messages: [], cursor: null } })
  const filter = { reason: "rejected", header: { name: "a", value: "b:c" }, groupId: "gä", sentAfter: 5, sentBefore: 9 }
  expect(browse).toHaveBeenLastCalledWith(1, { state: "ready", limit: 100, cursor: null, filter })
})

const READY_CURSOR = formatCursor("ready", { incarnation: 1, at: 2, messageId: 0 })

test.each([
  ["state=gone", "/state"],
  ["state=ready&state=ready", "/state"],
  ["limit=0", "/limit"],
  ["limit=1001", "/limit"],
  ["cursor=", "/cursor"],
  ["cursor=AQ", "/cursor"],
  [`cursor=${READY_CURSOR}A`, "/cursor"],
  [`cursor=${READY_CURSOR}&state=delayed`, "/cursor"],
  ["reason=bored", "/reason"],
  ["header=a", "/header"],
  ["header=:a", "/header"],
  ["groupId=", "/groupId"],
  ["sentAfter=now", "/sentAfter"],
  ["sentBefore=-1", "/sentBefore"],
  ["offset=1", "/offset"],
])("a browse with %s is refused at %s", async (query, pointer) => {
  const name = newName()
  const answer = await request(envOf(name, {}), "GET", `/v1/queues/${name}/messages?${query}`)
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_field", pointer } })
})

test("a message is found and deleted by its id, in this life of its queue", async () => {
  const name = newName()
  const find = vi.fn<QueueApi["find"]>(async () => ok({ ...browsed(), incarnation: 1 }))
  const remove = vi.fn<QueueApi["remove"]>(async () => ok(null))
  const env = envOf(name, { find, remove })
  const path = `/v1/queues/${name}/messages`
  expect(await request(env, "GET", `${path}/1-0-5`)).toMatchObject({ status: 200, body: { id: "1-0-5", body: "hi" } })
  expect(await request(env, "DELETE", `${path}/1-0-5`)).toMatchObject({ status: 204, body: "" })
  expect(find).toHaveBeenLastCalledWith(1, 5)
  expect(remove).toHaveBeenLastCalledWith(1, 5)
  for (const id of ["2-0-5", "1-1-5"]) {
    const gone = { status: 404, body: { code: "not_found", resource: "message", name: id } }
    expect(await request(env, "GET", `${path}/${id}`)).toMatchObject(gone)
    expect(await request(env, "DELETE", `${path}/${id}`)).toMatchObject(gone)
    expect(await request(env, "POST", `${path}/${id}/resend`)).toMatchObject(gone)
  }
  for (const id of ["5", "1-0-", "1-0-05", "1-0-5-1", "a-0-5", "1-0-9007199254740993", "-1-0-5"]) {
    const garbage = { status: 400, body: { code: "invalid_request" } }
    expect(await request(env, "GET", `${path}/${id}`)).toMatchObject(garbage)
    expect(await request(env, "DELETE", `${path}/${id}`)).toMatchObject(garbage)
  }
  expect(find).toHaveBeenCalledTimes(1)
  expect(remove).toHaveBeenCalledTimes(1)
})

test("a message that somebody works on is not deleted", async () => {
  const name = newName()
  const env = envOf(name, { remove: async () => err({ code: "message_in_flight" }) })
  const answer = await request(env, "DELETE", `/v1/queues/${name}/messages/1-0-5`)
  expect(answer).toMatchObject({ status: 409, body: { code: "message_in_flight" } })
})

/** A queue that holds one message. */
function holding(message: BrowsedMessage) {
  const resend = vi.fn<QueueApi["resend"]>(async (_version, { queue }) => ok(queue ?? "source"))
  return { find: async () => ok({ ...message, incarnation: 1 }), resend }
}

test("a message is sent on as it is", async () => {
  const name = newName()
  const queue = holding(browsed({ frame: encodeMovedFrame(encodeFrame(RECORD), storyOf("source")) }))
  const env = envOf(name, queue, { source: {}, other: {} })
  const path = `/v1/queues/${name}/messages/1-0-5/resend`
  expect(await request(env, "POST", path)).toMatchObject({ status: 200, body: { queue: "source" } })
  expect(queue.resend).toHaveBeenLastCalledWith(1, { messageId: 5, queue: null, frame: null, keyHash: 0 })
  expect(await request(env, "POST", path, { queue: "other" })).toMatchObject({ body: { queue: "other" } })
  expect(queue.resend).toHaveBeenLastCalledWith(1, { messageId: 5, queue: "other", frame: null, keyHash: 0 })
})

test("what is edited replaces what the message had, and its story stays", async () => {
  const name = newName()
  const headers = [{ name: text("a"), value: text("1") }]
  const story = storyOf("tenants")
  const frame = encodeMovedFrame(encodeFrame({ ...RECORD, key: text("g"), headers }), story)
  const queue = holding(browsed({ frame }))
  const env = envOf(name, queue, { [name]: { fair: true }, tenants: { fair: true } })
  const path = `/v1/queues/${name}/messages/1-0-5/resend`
  const resent = async (body: object) => {
    expect(await request(env, "POST", path, body)).toMatchObject({ status: 200 })
    const { frame: edited, keyHash: hash } = queue.resend.mock.lastCall![1]
    return { record: decodeFrame(edited!), hash }
  }
  const body = await resent({ body: { n: 1 } })
  expect(body.record).toEqual({
    format: "json",
    value: text('{"n":1}'),
    key: text("g"),
    headers: [...headers, ...story],
    producedAt: 12,
  })
  expect(body.hash).toBe(keyHash(text("g")))
  const bytes = await resent({ bodyBase64: "AP8=", headers: { b: "2" } })
  expect(bytes.record).toMatchObject({ format: "bytes", value: Uint8Array.of(0, 255), key: text("g") })
  expect(bytes.record.headers).toEqual([{ name: text("b"), value: text("2") }, ...story])
  const grouped = await resent({ groupId: "h", headers: {} })
  expect(grouped.record).toMatchObject({ value: text("hi"), key: text("h"), headers: story })
  expect(grouped.hash).toBe(keyHash(text("h")))
})

test.each([
  [{ queue: "none" }, 422, "invalid_field", "/queue"],
  [{ queue: "ordered" }, 422, "invalid_field", "/queue"],
  [{ queue: "a b" }, 422, "invalid_field", "/queue"],
  [{}, 422, "invalid_field", "/queue"],
  [{ queue: "other", body: 1, bodyBase64: "" }, 422, "invalid_field", "/bodyBase64"],
  [{ queue: "other", groupId: "g" }, 422, "invalid_field", "/groupId"],
  [{ queue: "other", groupId: "" }, 422, "invalid_field", "/groupId"],
  [{ queue: "other", headers: [] }, 422, "invalid_field", "/headers"],
  [{ queue: "other", delayMs: 1 }, 422, "invalid_field", "/delayMs"],
  [{ queue: "other", body: "x".repeat(1024 * 1024 + 1) }, 413, "payload_too_large", undefined],
  [[], 422, "invalid_field", ""],
])("a resend of %j is refused", async (body, status, code, pointer) => {
  const name = newName()
  const queue = holding(browsed())
  const env = envOf(name, queue, { other: {}, ordered: { ordering: "fifo" } })
  const answer = await request(env, "POST", `/v1/queues/${name}/messages/1-0-5/resend`, body)
  expect(answer).toMatchObject({ status, body: { code, ...(pointer === undefined ? {} : { pointer }) } })
  expect(queue.resend).not.toHaveBeenCalled()
})

test("a damaged message is sent on with a body that takes its place, or left to the queue to refuse", async () => {
  const name = newName()
  const queue = holding(browsed({ frame: new Uint8Array() }))
  const env = envOf(name, queue, { other: {} })
  const path = `/v1/queues/${name}/messages/1-0-5/resend`
  const edited = await request(env, "POST", path, { queue: "other", headers: {} })
  expect(edited).toMatchObject({ status: 500, body: { code: "corrupt_batch", firstOffset: 4 } })
  expect(await request(env, "POST", path, { queue: "other", body: "new" })).toMatchObject({ status: 200 })
  expect(decodeFrame(queue.resend.mock.lastCall![1].frame!)).toMatchObject({ format: "text", value: text("new") })
  expect(await request(env, "POST", path, { queue: "other" })).toMatchObject({ status: 200 })
})
