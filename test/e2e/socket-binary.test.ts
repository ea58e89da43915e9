import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Format } from "../../src/core/log/types.ts"
import {
  decodeMessages,
  decodeRecords,
  decodeSharedRecords,
  headerTexts,
} from "../../src/protocol/native/wire-deliver-decode.ts"
import { encodeWireMessage } from "../../src/protocol/native/wire-message.ts"
import { encodePublish, type WireEntry } from "../../src/protocol/native/wire-publish-encode.ts"
import type { Frame, SocketClient } from "../support/socket-client.ts"
import { problemCode, SocketScene } from "../support/socket-scene.ts"

const scene = new SocketScene()
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const entry = (format: Format, value: Uint8Array, more: Partial<WireEntry> = {}): WireEntry => {
  return { format, value, key: null, headers: [], producedAt: null, ...more }
}

const HEADERS = [{ name: utf8("näme"), value: utf8("wert ✓") }]
/** One of each form, with what JSON shows of it. */
const ENTRIES: readonly (readonly [WireEntry, Frame])[] = [
  [entry("text", utf8("grüße \u0000")), { body: "grüße \u0000" }],
  [entry("json", utf8('{"a":[1.5,null],"b":"\\u0041"}')), { body: { a: [1.5, null], b: "A" } }],
  [entry("bytes", Uint8Array.of(0, 255, 128, 10)), { bodyBase64: "AP+ACg==" }],
  [entry("text", new Uint8Array(), { headers: HEADERS }), { body: "", headers: { näme: "wert ✓" } }],
]

/** Sends a frame with its batch. */
function sendBinary(client: SocketClient, frame: object, ...entries: readonly WireEntry[]): void {
  client.send(encodeWireMessage({ json: JSON.stringify({ ...frame, batch: true }), batches: [encodePublish(entries)] }))
}

/** The entries of binary deliveries until there are `count`. */
async function collect<Entry>(
  client: SocketClient,
  count: number,
  decode: (batch: Uint8Array) => Entry[],
): Promise<Entry[]> {
  const entries: Entry[] = []
  while (entries.length < count) entries.push(...decode((await client.takeType("deliver"))["batch"] as Uint8Array))
  return entries
}

describe("binary messages", () => {
  it("[W50] [W51] messages of every form go in by one form and come out by the other", async () => {
    const name = await scene.queue()
    const client = await scene.connect()
    sendBinary(client, { type: "publish", ref: 1, queue: name }, ...ENTRIES.map(([sent]) => sent))
    expect((await client.takeType("confirm"))["results"]).toHaveLength(ENTRIES.length)
    client.send({ type: "subscribe", sub: 1, queue: name, credit: ENTRIES.length })
    const shown = await client.collect(1, ENTRIES.length)
    expect(shown).toMatchObject(ENTRIES.map(([, json]) => json))

    client.send({ type: "subscribe", sub: 2, queue: name, credit: 100, binary: true })
    client.send({ type: "nack", ref: 2, sub: 1, receipts: shown.map(({ receipt }) => receipt) })
    const back = await collect(client, ENTRIES.length, decodeMessages)
    expect(back.map(({ record }) => ({ ...record }))).toEqual(ENTRIES.map(([sent]) => sent))
    expect(back.map(({ id, deliveryCount }) => [id, deliveryCount])).toEqual(shown.map(({ id }) => [id, 2]))

    const messages = ENTRIES.map(([, json]) => json)
    await scene.call("POST", `/v1/queues/${name}/messages`, { messages })
    const sent = await collect(client, ENTRIES.length, decodeMessages)
    const expected = ENTRIES.map(([{ format, value }]) => ({ format, value }))
    expected[1] = { format: "json", value: utf8(JSON.stringify(messages[1]!["body"])) }
    expect(sent.map(({ record }) => record)).toMatchObject(expected)
    expect(headerTexts(sent[3]!.record!.headers)).toEqual({ näme: "wert ✓" })
    client.send({ type: "ack", ref: 3, sub: 2, receipts: [...back, ...sent].map(({ receipt }) => receipt) })
    await client.take(({ type, ref }) => type === "settled" && ref === 3)
    expect(await scene.inFlight(name)).toBe(0)
  })

  it("[W50] [W51] so do records, with keys, tombstones and times of their producer", async () => {
    const name = await scene.topic(1)
    const client = await scene.connect()
    const records = [
      entry("json", utf8("[1]"), { key: utf8("k") }),
      entry("tombstone", new Uint8Array(), { key: utf8("k") }),
      entry("text", utf8("x"), { key: new Uint8Array(), producedAt: 1_700_000_000_000, headers: HEADERS }),
    ]
    sendBinary(client, { type: "publish", ref: 1, topic: name, partition: 0 }, ...records)
    expect((await client.takeType("confirm"))["results"]).toMatchObject([{ offset: 0 }, { offset: 1 }, { offset: 2 }])
    const place = { topic: name, partition: 0, from: "earliest", credit: 10 }
    client.send({ type: "subscribe", sub: 1, ...place })
    expect(await client.collect(1, 3)).toMatchObject([
      { offset: 0, key: "k", body: [1] },
      { offset: 1, key: "k", tombstone: true },
      { offset: 2, key: "", body: "x", headers: { näme: "wert ✓" } },
    ])
    client.send({ type: "subscribe", sub: 2, ...place, binary: true })
    const delivered = await client.takeType("deliver")
    expect(delivered).toMatchObject({ sub: 2, nextOffset: 3, endOffset: 3 })
    const read = decodeRecords(delivered["batch"] as Uint8Array)
    expect(read.map(({ record }) => ({ ...record }))).toEqual(records)
    expect(read.map(({ offset }) => offset)).toEqual([0, 1, 2])
    expect(read.every(({ timestamp }) => timestamp > 1_700_000_000_000)).toBe(true)
  })

  it("[W51] records of a share group can be settled by the receipts of their batch", async () => {
    const [topic, group] = [await scene.topic(1), await scene.group({ type: "share", autoOffsetReset: "earliest" })]
    await scene.append(topic, [{ body: "a" }, { body: { b: 1 } }])
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, topic, partition: 0, share: group, credit: 10, binary: true })
    const records = await collect(client, 2, decodeSharedRecords)
    expect(records.map(({ offset, deliveryCount }) => [offset, deliveryCount])).toEqual([
      [0, 1],
      [1, 1],
    ])
    expect(records.map(({ record }) => record!.format)).toEqual(["text", "json"])
    client.send({ type: "ack", ref: 1, sub: 1, receipts: records.map(({ receipt }) => receipt) })
    expect((await client.takeType("settled"))["results"]).toMatchObject([{ ok: true }, { ok: true }])
  })

  it("[W49] [W50] whatever the bytes, the socket stays open", async () => {
    const name = await scene.queue()
    const client = await scene.connect()
    const good = encodeWireMessage({
      json: JSON.stringify([
        { type: "publish", ref: 1, queue: name, batch: true },
        { type: "subscribe", sub: 1, queue: "nowhere", credit: 1, binary: true },
      ]),
      batches: [encodePublish(ENTRIES.map(([sent]) => sent))],
    })
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Uint8Array.of(1, ...bytes)),
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }).map((flips) => {
        const bytes = good.slice()
        for (const [place, byte] of flips) bytes[place] = byte
        return bytes
      }),
      fc.nat(good.length).map((length) => good.slice(0, length)),
    )
    const samples = fc.sample(anyBytes, { numRuns: 500, seed: 6 })
    for (const bytes of samples) client.send(bytes)
    client.send({ type: "ping" })
    await client.takeType("pong")
    const codes = new Set(client.frames.filter(({ type }) => type === "error").map(problemCode))
    expect(codes).toContain("invalid_request")
    expect([...codes].filter((code) => code === "internal_error" || code === "unavailable")).toEqual([])
    sendBinary(client, { type: "publish", ref: 77, queue: name }, ENTRIES[0]![0])
    const confirm = await client.take(({ type, ref }) => type === "confirm" && ref === 77)
    expect(confirm["results"]).toHaveLength(1)
  })
})
