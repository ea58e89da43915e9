import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MAX_BODY_BYTES } from "../../../src/core/limits.ts"
import { decodeFrame } from "../../../src/core/log/frame.ts"
import { decodeSubmissions } from "../../../src/core/log/submission.ts"
import type { Framed, ToObject } from "../../../src/protocol/internal/frames.ts"
import { decodeMessages, decodeRecords, decodeSharedRecords } from "../../../src/protocol/native/wire-deliver-decode.ts"
import { encodeWireMessage } from "../../../src/protocol/native/wire-message.ts"
import { encodePublish, type WireEntry } from "../../../src/protocol/native/wire-publish-encode.ts"
import { rowsOf } from "../protocol/rows.ts"
import { codeOf, deliveries, FakeBroker, FakeClient, settled } from "./fakes.ts"

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const PUBLISH = { type: "publish", ref: 1, queue: "jobs", batch: true }
const APPEND = { type: "publish", ref: 2, topic: "t", partition: 0, batch: true }

const entry = (value: string, more: Partial<WireEntry> = {}): WireEntry => {
  return { format: "text", value: utf8(value), key: null, headers: [], producedAt: null, ...more }
}
const message = (frames: unknown, ...batches: Uint8Array[]) =>
  encodeWireMessage({ json: JSON.stringify(frames), batches })

function connected(): FakeClient {
  const broker = new FakeBroker().queue("jobs").queue("fifo", { ordering: "fifo" }).topic("t", 1)
  return new FakeClient(broker.group("s", { type: "share" }))
}

async function say(client: FakeClient, ...messages: Uint8Array[]): Promise<void> {
  for (const bytes of messages) client.session.receive(bytes)
  await settled()
}

/** The values that were published in an internal frame, publish by publish. */
function valuesOf(frame: readonly Framed<ToObject>[]): string[][] {
  return frame.map(({ blob }) => {
    const { frames, positions, lengths } = decodeSubmissions(blob)
    return positions.map((position, index) => {
      return new TextDecoder().decode(decodeFrame(frames.subarray(position, position + lengths[index]!)).value)
    })
  })
}

describe("binary messages", () => {
  it("[W49] [W50] publish what is in their batches, each frame its own, among frames of text", async () => {
    const client = connected()
    const text = { type: "publish", ref: 3, queue: "jobs", messages: [{ body: "text" }] }
    const jobs = encodePublish([entry("a"), entry("b", { terms: { delayMs: 5 } })])
    await say(client, message([PUBLISH, { type: "ping" }, APPEND, text], jobs, encodePublish([entry("c")])))
    expect(client.take()).toEqual([{ type: "pong" }])
    expect(client.broker.socket("queue/jobs").frames.flatMap(valuesOf)).toEqual([["a", "b", "text"]])
    expect(client.broker.socket("topic/t/0").frames.flatMap(valuesOf)).toEqual([["c"]])
    client.broker.socket("queue/jobs").confirmQueue(client.broker.socket("queue/jobs").frames[0]!, 5)
    await settled()
    expect(client.take()).toMatchObject([
      { type: "confirm", ref: 1, results: [{ id: "7-0-5" }, { id: "7-0-6" }] },
      { type: "confirm", ref: 3 },
    ])
  })

  it("[W49] that can't be read do nothing, and the next one works", async () => {
    const batch = encodePublish([entry("a")])
    const refused = [
      new Uint8Array(),
      Uint8Array.of(2, ...message(PUBLISH, batch).subarray(1)),
      message(PUBLISH),
      message(PUBLISH, batch, batch),
      message([PUBLISH, PUBLISH], batch),
      message({ type: "ping" }, batch),
      message(PUBLISH, batch).subarray(0, -1),
      message([]),
    ]
    for (const bytes of refused) {
      const client = connected()
      await say(client, bytes)
      expect(client.take().map(codeOf)).toEqual(["invalid_request"])
      expect(client.broker.sockets.size).toBe(0)
      await say(client, message({ type: "ping" }))
      expect(client.take()).toEqual([{ type: "pong" }])
    }
  })

  it("[W49] hold JSON and no more bytes than a text message", async () => {
    const client = connected()
    await say(client, encodeWireMessage({ json: "{", batches: [] }), new Uint8Array(MAX_BODY_BYTES + 1))
    await say(client, encodeWireMessage({ json: '\uFEFF{"type":"ping"}', batches: [] }))
    expect(client.take().map(codeOf)).toEqual(["invalid_json", "payload_too_large", "invalid_json"])
  })

  it("[W50] a batch that is refused refuses its frame alone", async () => {
    const client = connected()
    const wrong = encodePublish([entry("a"), entry("{", { format: "json" })])
    await say(client, message([PUBLISH, APPEND], wrong, encodePublish([entry("c")])))
    expect(client.take()).toMatchObject([
      { type: "error", ref: 1, problem: { code: "invalid_field", pointer: "/batch/1/body" } },
    ])
    expect(client.broker.socket("topic/t/0").frames.flatMap(valuesOf)).toEqual([["c"]])
    await say(client, message(PUBLISH, Uint8Array.of(1, 1)))
    expect(client.take()).toMatchObject([{ ref: 1, problem: { code: "invalid_field", pointer: "/batch" } }])
  })

  it("[W50] a batch stands in place of the entries, in a binary message only", async () => {
    const client = connected()
    const batch = encodePublish([entry("a")])
    await say(client, message({ ...PUBLISH, messages: [] }, batch), message({ ...APPEND, records: [] }, batch))
    await say(client, message({ type: "credit", sub: 1, credit: 1, batch: true }, batch))
    await client.say(PUBLISH, { ...APPEND, batch: false })
    const pointers = client.frames.map(({ problem }) => (problem as { pointer: string }).pointer)
    expect(pointers).toEqual(["/messages", "/records", "/batch", "/batch", "/batch"])
  })

  it("[W50] what the settings of a name refuse has its place in the batch", async () => {
    const client = connected()
    const groups = encodePublish([entry("a", { key: utf8("g") }), entry("b")])
    await say(client, message({ ...PUBLISH, queue: "fifo" }, groups))
    expect(client.take()).toMatchObject([{ ref: 1, problem: { pointer: "/batch/1/groupId" } }])
  })

  it("[W51] carry the deliveries of a subscription that wants them so, in the same message as other frames", async () => {
    const client = connected()
    await client.say(
      { type: "subscribe", sub: 1, queue: "jobs", credit: 10, binary: true },
      { type: "subscribe", sub: 2, topic: "t", partition: 0, from: 0, credit: 10, binary: true },
      { type: "subscribe", sub: 3, queue: "jobs", credit: 10 },
    )
    const jobs = client.broker.socket("queue/jobs")
    jobs.say({ type: "subscribed", sub: 1, incarnation: 7, nextOffset: null })
    jobs.say({ type: "subscribed", sub: 3, incarnation: 7, nextOffset: null })
    client.broker.socket("topic/t/0").say({ type: "subscribed", sub: 2, incarnation: 7, nextOffset: 0 })
    await settled()
    client.take()
    const blob = deliveries(["a", "b"])
    const rows = rowsOf([{ ...entry("c"), key: utf8("k") }], 5)
    const frame = { fromOffset: 5, nextOffset: 6, endOffset: 9, count: 1, damaged: [] }
    jobs.say({ type: "deliver", sub: 1 }, blob)
    jobs.say({ type: "deliver", sub: 3 }, blob)
    client.broker.socket("topic/t/0").say({ type: "rows", sub: 2, ...frame }, rows)
    await settled()
    expect(client.messages).toHaveLength(1)
    const [messages, plain, records] = client.take()
    expect(messages).toMatchObject({ type: "deliver", sub: 1, bytes: plain!["bytes"] })
    const entries = plain!["messages"] as { id: string; receipt: string }[]
    const decoded = decodeMessages(messages!["batch"] as Uint8Array)
    expect(decoded.map(({ id, receipt }) => ({ id, receipt }))).toMatchObject(
      entries.map(({ id, receipt }) => ({ id, receipt })),
    )
    expect(decoded.map(({ record }) => record!.value)).toEqual([utf8("a"), utf8("b")])
    expect(records).toMatchObject({ type: "deliver", sub: 2, nextOffset: 6, endOffset: 9, bytes: rows.length })
    expect(decodeRecords(records!["batch"] as Uint8Array)).toMatchObject([
      { offset: 5, timestamp: 1000, record: { value: utf8("c"), key: utf8("k") } },
    ])
  })

  it("[W51] rows that can't be read are one damaged range", async () => {
    const client = connected()
    await client.say({ type: "subscribe", sub: 2, topic: "t", partition: 0, from: 0, credit: 10, binary: true })
    const socket = client.broker.socket("topic/t/0")
    socket.say({ type: "subscribed", sub: 2, incarnation: 7, nextOffset: 0 })
    const frame = { fromOffset: 5, nextOffset: 9, endOffset: 9, count: 1, damaged: [] }
    socket.say({ type: "rows", sub: 2, ...frame }, Uint8Array.of(1, 2, 3))
    await settled()
    const batch = client.frames.at(-1)!["batch"] as Uint8Array
    expect(decodeRecords(batch)).toMatchObject([
      { offset: 5, record: null, problem: { code: "corrupt_batch", firstOffset: 5, lastOffset: 8 } },
    ])
  })

  it("[W51] a share group's records have their receipts in the batch and ranges in the frame", async () => {
    const client = connected()
    await client.say({ type: "subscribe", sub: 1, topic: "t", partition: 0, share: "s", credit: 10, binary: true })
    const socket = client.broker.socket("topic/t/0")
    socket.say({ type: "share-subscribed", sub: 1, incarnation: 7, stateId: 3, stateGeneration: 4 })
    socket.say({ type: "deliver", sub: 1 }, deliveries(["a", "b"], 40))
    await settled()
    const delivered = client.frames.at(-1)!
    expect(delivered).toMatchObject({ type: "deliver", ranges: [{ firstOffset: 40, lastOffset: 41, partition: 0 }] })
    const records = decodeSharedRecords(delivered["batch"] as Uint8Array)
    expect(records).toMatchObject([
      { offset: 40, deliveryCount: 1, record: { value: utf8("a") } },
      { offset: 41, deliveryCount: 1, record: { value: utf8("b") } },
    ])
    await client.say({ type: "ack", ref: 9, sub: 1, receipts: records.map(({ receipt }) => receipt) })
    const settle = socket.operations.at(-1)
    expect(settle).toMatchObject({
      type: "settle-share",
      settlements: [{ receipt: { offset: 40 } }, { receipt: { offset: 41 } }],
    })
  })

  it("[W49] whatever the bytes, they are frames or one refusal, and the session goes on", async () => {
    const client = connected()
    const good = message([PUBLISH, APPEND], encodePublish([entry("a")]), encodePublish([entry("c")]))
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .tuple(fc.nat(), fc.nat(255))
        .map(([place, byte]) => good.map((is, at) => (at === place % good.length ? byte : is))),
      fc.nat(good.length).map((length) => good.subarray(0, length)),
      fc
        .array(fc.uint8Array({ maxLength: 20 }), { maxLength: 3 })
        .map((batches) => message([PUBLISH, APPEND], ...batches)),
    )
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        client.session.receive(bytes)
      }),
      { numRuns: 1000 },
    )
    await settled()
    expect(client.closedWith).toBeNull()
    const known = ["invalid_request", "invalid_json", "invalid_field", "invalid_name", "not_found"]
    for (const { type, problem } of client.take()) {
      if (type === "error") expect(known).toContain(codeOf({ problem }))
    }
    await say(client, message({ type: "ping" }))
    expect(client.take()).toEqual([{ type: "pong" }])
  })
})
