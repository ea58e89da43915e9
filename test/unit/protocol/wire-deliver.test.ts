import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { encodeFrame, encodeMovedFrame } from "../../../src/core/log/frame.ts"
import type { Delivery, LogRecord } from "../../../src/core/log/types.ts"
import { deliveriesJson } from "../../../src/protocol/native/deliveries.ts"
import { readEntries } from "../../../src/protocol/native/reads.ts"
import { shareContent } from "../../../src/protocol/native/share-json.ts"
import {
  decodeMessages,
  decodeRecords,
  decodeSharedRecords,
  headerTexts,
} from "../../../src/protocol/native/wire-deliver-decode.ts"
import {
  encodeMessageBatch,
  encodeRecordBatch,
  encodeSharedBatch,
} from "../../../src/protocol/native/wire-deliver-encode.ts"
import { storedEntries } from "../../../src/protocol/native/wire-rows.ts"
import { expectCorrupt, expectOnlyCorrupt, truncations } from "../log/arbitraries.ts"
import { damage, rowsOf } from "./rows.ts"
import { anyWireRecord, utf8 } from "./wire-arbitraries.ts"

const QUEUE = { incarnation: 3, shard: 0 }
const SHARE = { incarnation: 3, partition: 2, stateId: 5, stateGeneration: 7 }
const PLACED = { offset: 41, messageId: 40, appendedAt: 1_790_000_000_000, attempt: 2, deliveryCount: 2 }

const delivery = (frame: Uint8Array): Delivery => ({ ...PLACED, firstDeliveredAt: 1, frame })
const parsed = (json: string): Record<string, unknown>[] => JSON.parse(json) as Record<string, unknown>[]
const sharedJson = (deliveries: readonly Delivery[], timestamp: "broker" | "producer") =>
  (JSON.parse(`{${shareContent(SHARE, deliveries, timestamp)}}`) as { records: Record<string, unknown>[] }).records
const anyStored = anyWireRecord.map((entry): LogRecord => {
  const { format, value, key, headers, producedAt } = entry
  return { format, value, key, headers, producedAt }
})
const DAMAGED = Uint8Array.of(1, 2, 3, 4, 5, 6)

describe("the batch of a delivery", () => {
  it("[W51] a message is delivered as it was stored, with what JSON says of it", () => {
    fc.assert(
      fc.property(anyStored, (record) => {
        const deliveries = [delivery(encodeFrame(record)), delivery(encodeFrame(record))]
        const decoded = decodeMessages(encodeMessageBatch(QUEUE, deliveries))
        const json = parsed(deliveriesJson(QUEUE, deliveries))
        expect(decoded).toHaveLength(2)
        for (const [index, { record: content, problem, ...rest }] of decoded.entries()) {
          expect(content).toEqual(record)
          expect(problem).toBeNull()
          expect(json[index]).toMatchObject({ ...rest })
          expect(json[index]!["headers"] ?? {}).toEqual(headerTexts(content!.headers))
        }
      }),
    )
  })

  it("[W51] a dead letter has its story among its headers", () => {
    const record: LogRecord = { format: "bytes", value: utf8("x"), key: utf8("k"), headers: [], producedAt: 5 }
    const story = [{ name: utf8("millrace-dead-letter-reason"), value: utf8("max-deliveries") }]
    const moved = encodeMovedFrame(encodeFrame(record), story)
    const [message] = decodeMessages(encodeMessageBatch(QUEUE, [delivery(moved)]))
    expect(message!.record).toEqual({ ...record, headers: story })
    const many = Array.from({ length: 200 }, (_, index) => ({ name: utf8(`h${index}`), value: utf8("") }))
    const [full] = decodeMessages(encodeMessageBatch(QUEUE, [delivery(encodeMovedFrame(encodeFrame(record), many))]))
    expect(full!.record!.headers).toEqual(many)
  })

  it("[W51] a record shows the time that its topic shows, to readers and share groups", () => {
    fc.assert(
      fc.property(anyStored, fc.constantFrom("broker", "producer"), (record, timestamp) => {
        const rows = rowsOf([record, record], 41)
        const read = readEntries(
          { rows, damaged: [], nextOffset: 43, endOffset: 43 },
          { fromOffset: 42, maxRecords: 10 },
          { filter: null, damaged: "report", timestamp },
        )
        const [decoded, ...none] = decodeRecords(encodeRecordBatch(storedEntries(rows, 42, 43, []), timestamp))
        expect(none).toEqual([])
        expect(decoded!.record).toEqual(record)
        expect(JSON.parse(read.entries[0]!.json)).toMatchObject({ offset: 42, timestamp: decoded!.timestamp })
        const deliveries = [delivery(encodeFrame(record))]
        const [shared] = decodeSharedRecords(encodeSharedBatch(SHARE, deliveries, timestamp))
        const { record: content, problem, ...rest } = shared!
        expect([content, problem]).toEqual([record, null])
        expect(sharedJson(deliveries, timestamp)[0]).toMatchObject(rest)
      }),
    )
  })

  it("[W51] what is damaged stands there as its problem, among the others", () => {
    const sound = encodeFrame({ format: "json", value: utf8("1"), key: null, headers: [], producedAt: null })
    const deliveries = [delivery(DAMAGED), delivery(sound)]
    const [message, next] = decodeMessages(encodeMessageBatch(QUEUE, deliveries))
    expect(message).toMatchObject({ record: null, problem: { code: "corrupt_batch", firstOffset: 41, lastOffset: 41 } })
    expect(message!.problem).toEqual(parsed(deliveriesJson(QUEUE, deliveries))[0]!["problem"])
    expect(next!.problem).toBeNull()
    const [shared] = decodeSharedRecords(encodeSharedBatch(SHARE, deliveries, "producer"))
    const { record: none, ...said } = shared!
    expect(none).toBeNull()
    expect(sharedJson(deliveries, "producer")[0]).toMatchObject({ ...said })
  })

  it("[W51] a reader sees damaged ranges in the order of their offsets", () => {
    const stored = Array.from({ length: 5 }, (_, index): LogRecord => {
      return { format: "text", value: utf8(`${index}`), key: null, headers: [], producedAt: null }
    })
    const rows = damage(rowsOf(stored, 10), [11, 12])
    const entries = storedEntries(rows, 10, 20, [{ firstOffset: 15, lastOffset: 18 }])
    const decoded = decodeRecords(encodeRecordBatch(entries, "broker"))
    expect(
      decoded.map(({ offset, problem }) => [offset, (problem as { lastOffset?: number } | null)?.lastOffset]),
    ).toEqual([
      [10, undefined],
      [11, 12],
      [13, undefined],
      [14, undefined],
      [15, 18],
    ])
    const before = storedEntries(rowsOf(stored, 10), 11, 13, [{ firstOffset: 5, lastOffset: 9 }])
    expect(before.map(({ offset }) => offset)).toEqual([5, 11, 12])
  })

  it("[W51] what is no batch is refused by the client as such", () => {
    const batch = encodeMessageBatch(QUEUE, [delivery(DAMAGED)])
    for (const truncated of truncations(batch)) expectCorrupt(() => decodeMessages(truncated))
    expectCorrupt(() => decodeMessages(Uint8Array.of(...batch, 0)))
    expectCorrupt(() => decodeMessages(Uint8Array.of(1, 1, 0, 0, 1, 1, 255, 1, 0x7b)))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (garbage) => {
        for (const decode of [decodeMessages, decodeRecords, decodeSharedRecords]) {
          expectOnlyCorrupt(() => decode(garbage))
          expectOnlyCorrupt(() => decode(Uint8Array.of(1, 2, ...garbage)))
        }
      }),
    )
  })
})
