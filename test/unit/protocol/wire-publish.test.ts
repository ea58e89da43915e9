import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  MAX_BATCH_ENTRIES,
  MAX_HEADERS,
  MAX_KEY_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_TIMESTAMP,
} from "../../../src/core/limits.ts"
import { encodeFrame } from "../../../src/core/log/frame.ts"
import { parseMessages } from "../../../src/protocol/native/messages.ts"
import { parseRecords } from "../../../src/protocol/native/records.ts"
import { parseMessageBatch, parseRecordBatch } from "../../../src/protocol/native/wire-publish-decode.ts"
import { encodePublish, type WireEntry } from "../../../src/protocol/native/wire-publish-encode.ts"
import { anyMessage, anyWireRecord, asJson, utf8 } from "./wire-arbitraries.ts"

const PLAIN: WireEntry = { format: "text", value: utf8("mill"), key: null, headers: [], producedAt: null }

const batchOf = (...entries: Partial<WireEntry>[]) => encodePublish(entries.map((entry) => ({ ...PLAIN, ...entry })))
const header = (name: string | Uint8Array, value: string | Uint8Array) => ({
  name: typeof name === "string" ? utf8(name) : name,
  value: typeof value === "string" ? utf8(value) : value,
})
const refusedAt = (pointer: string) => ({ ok: false, error: { code: "invalid_field", pointer } })
const INVALID_UTF8 = Uint8Array.of(0x61, 0xff)

describe("the batch of a publish", () => {
  it("[W51] a message is stored the same, whichever form it came in", () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 5 }), (messages) => {
        const text = `{"messages":[${messages.map((message) => asJson(message, "groupId")).join()}]}`
        const json = parseMessages(text, (JSON.parse(text) as { messages: unknown }).messages)
        const binary = parseMessageBatch(encodePublish(messages))
        if (!json.ok || !binary.ok) throw new Error("refused")
        expect(binary.value.records.map(encodeFrame)).toEqual(json.value.records.map(encodeFrame))
        expect(binary.value.terms).toEqual(json.value.terms)
      }),
    )
  })

  it("[W51] so is a record", () => {
    fc.assert(
      fc.property(fc.array(anyWireRecord, { minLength: 1, maxLength: 5 }), (records) => {
        const text = `{"records":[${records.map((record) => asJson(record, "key")).join()}]}`
        const json = parseRecords(text, (JSON.parse(text) as { records: unknown }).records)
        const binary = parseRecordBatch(encodePublish(records))
        if (!json.ok || !binary.ok) throw new Error("refused")
        expect(binary.value.map(({ record }) => encodeFrame(record))).toEqual(
          json.value.map(({ record }) => encodeFrame(record)),
        )
        expect(binary.value.every(({ partition }) => partition === null)).toBe(true)
      }),
    )
  })

  it("[W50] what is refused in JSON is refused here, with the entry's place", () => {
    const long = new Uint8Array(MAX_KEY_BYTES + 1).fill(0x61)
    const many = Array.from({ length: 101 }, (_, index) => header(`h${index}`, ""))
    const both: [Partial<WireEntry>, string][] = [
      [{ value: INVALID_UTF8 }, "/body"],
      [{ format: "json", value: utf8("{") }, "/body"],
      [{ format: "json", value: utf8("\uFEFF1") }, "/body"],
      [{ format: "json", value: Uint8Array.of(0x22, 0xff, 0x22) }, "/body"],
      [{ headers: many }, "/headers"],
      [{ headers: [header("", "x")] }, "/headers"],
      [{ headers: [header("a".repeat(257), "x")] }, "/headers"],
      [{ headers: [header("a", "x".repeat(8193))] }, "/headers"],
      [{ headers: [header(INVALID_UTF8, "x")] }, "/headers"],
      [{ headers: [header("a", INVALID_UTF8)] }, "/headers"],
    ]
    const ofMessages: [Partial<WireEntry>, string][] = [
      ...both,
      [{ key: new Uint8Array() }, "/groupId"],
      [{ key: long }, "/groupId"],
      [{ key: INVALID_UTF8 }, "/groupId"],
      [{ format: "tombstone", value: new Uint8Array(), key: utf8("k") }, "/tombstone"],
      [{ producedAt: 1 }, "/timestamp"],
      [{ terms: { delayMs: 1, deliverAt: 1 } }, "/deliverAt"],
      [{ terms: { delayMs: Number.MAX_SAFE_INTEGER } }, "/delayMs"],
      [{ terms: { ttlMs: 0 } }, "/ttlMs"],
      [{ terms: { dedupId: "" } }, "/dedupId"],
    ]
    const ofRecords: [Partial<WireEntry>, string][] = [
      ...both,
      [{ key: long }, "/key"],
      [{ key: INVALID_UTF8 }, "/key"],
      [{ format: "tombstone", value: new Uint8Array() }, "/key"],
      [{ producedAt: MAX_TIMESTAMP + 1 }, "/timestamp"],
      [{ terms: { delayMs: 1 } }, "/delayMs"],
    ]
    for (const [entry, field] of ofMessages) {
      expect(parseMessageBatch(batchOf({}, entry))).toMatchObject(refusedAt(`/batch/1${field}`))
    }
    for (const [entry, field] of ofRecords) {
      expect(parseRecordBatch(batchOf({}, {}, entry))).toMatchObject(refusedAt(`/batch/2${field}`))
    }
  })

  it("[W50] a message that is too large is named, and none or too many are refused as a whole", () => {
    const large = batchOf({}, { value: new Uint8Array(MAX_MESSAGE_BYTES).fill(0x61), key: utf8("k") })
    const error = { code: "payload_too_large", limitBytes: MAX_MESSAGE_BYTES, pointer: "/batch/1" }
    expect(parseMessageBatch(large)).toEqual({ ok: false, error })
    expect(parseRecordBatch(large)).toEqual({ ok: false, error })
    expect(parseMessageBatch(batchOf())).toMatchObject(refusedAt("/batch"))
    const many = batchOf(...Array.from({ length: MAX_BATCH_ENTRIES + 1 }, () => ({})))
    expect(parseRecordBatch(many)).toMatchObject(refusedAt("/batch"))
  })

  it("[W50] of too many headers none is read", () => {
    // version, two entries: terms, flags, count of headers; the second has one header more than it may have
    const whole = [0, 0, 0, 0]
    const cutOff = Uint8Array.of(1, 2, ...whole, 0, 0, MAX_HEADERS + 1)
    expect(parseMessageBatch(cutOff)).toMatchObject(refusedAt("/batch/1/headers"))
    expect(parseRecordBatch(cutOff)).toMatchObject(refusedAt("/batch/1/headers"))
  })

  it("[W50] garbage is refused, whatever it is", () => {
    const whole = fc.oneof(fc.array(anyMessage, { maxLength: 3 }), fc.array(anyWireRecord, { maxLength: 3 }))
    const anyGarbage = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Uint8Array.of(1, 1, ...bytes)),
      fc.tuple(whole, fc.nat(), fc.nat(255)).map(([entries, place, byte]) => {
        const bytes = encodePublish(entries)
        bytes[place % bytes.length] = byte
        return bytes
      }),
      fc.tuple(whole, fc.nat()).map(([entries, length]) => encodePublish(entries).slice(0, length % 40)),
    )
    fc.assert(
      fc.property(anyGarbage, (bytes) => {
        for (const parsed of [parseMessageBatch(bytes), parseRecordBatch(bytes)]) {
          if (!parsed.ok) expect(["invalid_field", "payload_too_large"]).toContain(parsed.error.code)
        }
      }),
      { numRuns: 2000 },
    )
    const good = batchOf({ key: utf8("k"), headers: [header("a", "b")], terms: { delayMs: 5, dedupId: "d" } })
    for (let length = 0; length < good.length; length++) {
      expect(parseMessageBatch(good.subarray(0, length))).toMatchObject(refusedAt("/batch"))
    }
    expect(parseMessageBatch(Uint8Array.of(...good, 0))).toMatchObject(refusedAt("/batch"))
  })
})
