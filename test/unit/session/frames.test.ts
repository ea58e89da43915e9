import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MAX_BODY_BYTES } from "../../../src/core/limits.ts"
import { parseClientText } from "../../../src/session/client-frames.ts"
import { codeOf, FakeBroker, FakeClient } from "./fakes.ts"

interface Refusal {
  readonly message: unknown
  readonly code: string
  readonly pointer?: string
}

const PUBLISH = { type: "publish", ref: 1, queue: "jobs", messages: [{ body: "x" }] }
const SUBSCRIBE = { type: "subscribe", sub: 1, queue: "jobs", credit: 1 }
const READ = { type: "subscribe", sub: 1, topic: "t", partition: 0, from: "earliest", credit: 1 }
const OWNED = { ...READ, group: "g", memberId: "m", epoch: 1 }
const SHARE = { type: "subscribe", sub: 1, topic: "t", partition: 0, share: "s", credit: 1 }
const ACK = { type: "ack", ref: 1, queue: "jobs", receipts: ["x"] }
const ACK_SHARE = { type: "ack", ref: 1, topic: "t", share: "s", receipts: ["x"] }
const JOIN = { type: "join", sub: 1, group: "g", topics: ["t"] }
const OFFSET = { topic: "t", partition: 0, epoch: 1, offset: 3 }
const COMMIT = { type: "commit", ref: 1, group: "g", memberId: "m", offsets: [OFFSET] }

const REFUSALS: readonly Refusal[] = [
  { message: 7, code: "invalid_field", pointer: "" },
  { message: {}, code: "invalid_field", pointer: "/type" },
  { message: { type: "toString" }, code: "invalid_field", pointer: "/type" },
  { message: [], code: "invalid_request" },
  { message: Array.from({ length: 1001 }, () => ({ type: "ping" })), code: "invalid_request" },
  { message: { ...PUBLISH, ref: "1" }, code: "invalid_field", pointer: "/ref" },
  { message: { ...PUBLISH, more: 1 }, code: "invalid_field", pointer: "/more" },
  { message: { ...PUBLISH, queue: "no/name" }, code: "invalid_name" },
  { message: { ...PUBLISH, queue: 1 }, code: "invalid_field", pointer: "/queue" },
  { message: { ...PUBLISH, topic: "t" }, code: "invalid_field", pointer: "/queue" },
  { message: { ...PUBLISH, messages: [] }, code: "invalid_field", pointer: "/messages" },
  { message: { ...PUBLISH, messages: [{ body: "x" }, {}] }, code: "invalid_field", pointer: "/messages/1/body" },
  { message: { ...SUBSCRIBE, sub: -1 }, code: "invalid_field", pointer: "/sub" },
  { message: { ...SUBSCRIBE, credit: 1.5 }, code: "invalid_field", pointer: "/credit" },
  { message: { ...SUBSCRIBE, creditBytes: "1" }, code: "invalid_field", pointer: "/creditBytes" },
  { message: { ...SUBSCRIBE, visibilityTimeoutMs: 1e12 }, code: "invalid_field", pointer: "/visibilityTimeoutMs" },
  { message: { ...SUBSCRIBE, from: 0 }, code: "invalid_field", pointer: "/from" },
  { message: { ...READ, partition: 256 }, code: "invalid_field", pointer: "/partition" },
  { message: { ...READ, from: "middle" }, code: "invalid_field", pointer: "/from" },
  { message: { ...READ, from: -1 }, code: "invalid_field", pointer: "/from" },
  { message: { ...ACK, sub: 1 }, code: "invalid_field", pointer: "/queue" },
  { message: { ...ACK, receipts: [1] }, code: "invalid_field", pointer: "/receipts/0" },
  { message: { type: "credit", sub: 9, credit: 1 }, code: "invalid_field", pointer: "/sub" },
  { message: { type: "unsubscribe", sub: 9 }, code: "invalid_field", pointer: "/sub" },
  { message: { type: "ack", ref: 1, sub: 9, receipts: ["x"] }, code: "invalid_field", pointer: "/sub" },
  { message: { ...OWNED, epoch: undefined }, code: "invalid_field", pointer: "/epoch" },
  { message: { ...READ, memberId: "m" }, code: "invalid_field", pointer: "/group" },
  { message: { ...OWNED, memberId: "" }, code: "invalid_field", pointer: "/memberId" },
  { message: { ...OWNED, epoch: -1 }, code: "invalid_field", pointer: "/epoch" },
  { message: { ...SHARE, share: "no/name" }, code: "invalid_name" },
  { message: { ...SHARE, from: 0 }, code: "invalid_field", pointer: "/from" },
  { message: { ...SHARE, group: "g" }, code: "invalid_field", pointer: "/group" },
  { message: { ...SHARE, lockDurationMs: 1e12 }, code: "invalid_field", pointer: "/lockDurationMs" },
  { message: { ...SUBSCRIBE, share: "s" }, code: "invalid_field", pointer: "/share" },
  { message: { ...ACK_SHARE, queue: "jobs" }, code: "invalid_field", pointer: "/queue" },
  { message: { ...ACK_SHARE, sub: 1 }, code: "invalid_field", pointer: "/topic" },
  { message: { ...ACK_SHARE, topic: undefined }, code: "invalid_field", pointer: "/topic" },
  { message: { ...ACK_SHARE, share: undefined }, code: "invalid_field", pointer: "/share" },
  { message: { ...JOIN, sub: null }, code: "invalid_field", pointer: "/sub" },
  { message: { ...JOIN, group: "no/name" }, code: "invalid_name" },
  { message: { ...JOIN, topics: undefined }, code: "invalid_field", pointer: "/topics" },
  { message: { ...JOIN, topics: ["t", "no/name"] }, code: "invalid_field", pointer: "/topics/1" },
  { message: { ...JOIN, topics: Array.from({ length: 101 }, () => "t") }, code: "invalid_field", pointer: "/topics" },
  { message: { ...JOIN, patterns: ["a/*"] }, code: "invalid_field", pointer: "/patterns/0" },
  { message: { ...JOIN, instanceId: 7 }, code: "invalid_field", pointer: "/instanceId" },
  { message: { ...JOIN, more: 1 }, code: "invalid_field", pointer: "/more" },
  { message: { type: "heartbeat", sub: 1 }, code: "invalid_field", pointer: "/sub" },
  { message: { type: "heartbeat", sub: 1, owned: {} }, code: "invalid_field", pointer: "/owned" },
  {
    message: { type: "heartbeat", sub: 1, owned: [{ topic: "t", partition: 256 }] },
    code: "invalid_field",
    pointer: "/owned/0/partition",
  },
  { message: { type: "leave", sub: 1 }, code: "invalid_field", pointer: "/sub" },
  { message: { type: "leave", sub: 1, group: "g" }, code: "invalid_field", pointer: "/group" },
  { message: { ...COMMIT, ref: -1 }, code: "invalid_field", pointer: "/ref" },
  { message: { ...COMMIT, group: 1 }, code: "invalid_field", pointer: "/group" },
  { message: { ...COMMIT, offsets: [] }, code: "invalid_field", pointer: "/offsets" },
  { message: { ...COMMIT, offsets: [OFFSET, OFFSET] }, code: "invalid_field", pointer: "/offsets/1" },
  {
    message: { ...COMMIT, offsets: [{ ...OFFSET, epoch: undefined }] },
    code: "invalid_field",
    pointer: "/offsets/0/epoch",
  },
  { message: { ...COMMIT, memberId: undefined }, code: "invalid_field", pointer: "/offsets/0/epoch" },
]

describe("frames", () => {
  it("[W2] frames of an array stand for themselves, and their answers leave as one message", async () => {
    const client = new FakeClient(new FakeBroker())
    await client.say([{ type: "ping" }, { type: "none", ref: 4 }, { type: "ping" }])
    expect(client.texts).toHaveLength(1)
    expect(client.frames.map(({ type, ref }) => [type, ref])).toEqual([
      ["pong", undefined],
      ["error", 4],
      ["pong", undefined],
    ])
  })

  it("[W2] one answer is an object, not an array", async () => {
    const client = new FakeClient(new FakeBroker())
    await client.say({ type: "ping" })
    expect(client.texts).toEqual(['{"type":"pong"}'])
  })

  it("[W2] JSON bodies in an array of frames are kept as they were written", () => {
    const text = `[ {"type":"ping"},{"type":"publish","ref":1,"queue":"q","messages":[{"body": 1.0e2 }]} ]`
    const [, parsed] = parseClientText(text)
    const frame = parsed?.ok === true ? parsed.value.frame : null
    expect(frame).toMatchObject({
      type: "publish-messages",
      messages: { records: [{ value: new TextEncoder().encode("1.0e2") }] },
    })
  })

  it("[W39] JSON bodies of records that come with an offset are kept as they were written", () => {
    const offset = `{"topic":"t","partition":0,"epoch":1,"offset":3,"records":[{"body": 1.0e2 }]}`
    const [parsed] = parseClientText(`{"type":"commit","ref":1,"group":"g","memberId":"m","offsets":[${offset}]}`)
    const frame = parsed?.ok === true ? parsed.value.frame : null
    const value = new TextEncoder().encode("1.0e2")
    expect(frame).toMatchObject({ type: "commit", offsets: [{ offset: 3, records: [{ record: { value } }] }] })
  })

  it.each(REFUSALS)("[W3] refuses and goes on: $code $pointer", async ({ message, code, pointer }) => {
    const client = new FakeClient(new FakeBroker())
    await client.say(message)
    const [frame, ...more] = client.take()
    expect(more).toEqual([])
    expect(frame).toMatchObject({ type: "error", problem: pointer === undefined ? { code } : { code, pointer } })
    expect(client.broker.resolved).toEqual([])
    await client.say({ type: "ping" })
    expect(client.take()).toEqual([{ type: "pong" }])
  })

  it("[W3] a message that is no JSON, too large or binary is one error", async () => {
    const client = new FakeClient(new FakeBroker())
    client.session.receive("{")
    client.session.receive(" ".repeat(MAX_BODY_BYTES + 1))
    client.session.receive(`"${"é".repeat(MAX_BODY_BYTES / 2)}"`)
    client.session.receive(Uint8Array.of(1))
    client.session.receive(new Uint8Array(MAX_BODY_BYTES + 1))
    await client.say({ type: "ping" })
    const codes = ["invalid_json", "payload_too_large", "payload_too_large", "invalid_request", "payload_too_large"]
    expect(client.frames.slice(0, -1).map(codeOf)).toEqual(codes)
    expect(client.frames.at(-1)).toEqual({ type: "pong" })
  })

  it("[W3] any JSON is parsed or refused, never thrown at", () => {
    const settling = ["messages", "records", "credit", "receipts", "share"]
    const grouping = ["group", "memberId", "epoch", "topics", "patterns", "owned", "offsets", "partition", "instanceId"]
    const field = fc.constantFrom("type", "ref", "sub", "queue", "topic", ...settling, ...grouping)
    const talking = ["publish", "subscribe", "credit", "ack", "nack", "extend", "unsubscribe", "ping"]
    const type = fc.constantFrom(...talking, "join", "heartbeat", "leave", "commit")
    const value = fc.oneof(type, fc.jsonValue())
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(field, value)), (message) => {
        for (const parsed of parseClientText(JSON.stringify(message))) expect(typeof parsed.ok).toBe("boolean")
      }),
    )
  })
})
