import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { crc32c } from "../../../src/core/bytes/crc32c.ts"
import { ByteWriter } from "../../../src/core/bytes/writer.ts"
import { decodeFrame, encodeFrame, encodeMovedFrame, peekKey, writeFrame } from "../../../src/core/log/frame.ts"
import type { Header, LogRecord } from "../../../src/core/log/types.ts"
import {
  anyBytes,
  anyHeader,
  anyRecord,
  expectCorrupt,
  expectSameBytes,
  flippedBits,
  truncations,
} from "./arbitraries.ts"

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const header = (name: string, value: string): Header => ({ name: utf8(name), value: utf8(value) })

const RECORD: LogRecord = {
  format: "json",
  value: utf8('{"wheel":1}'),
  key: utf8("mill"),
  headers: [header("a", "1"), header("b", "2"), header("a", "3")],
  producedAt: 1_790_000_000_123,
}

describe("frame", () => {
  it("[L1] decodes to the record that was encoded", () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(decodeFrame(encodeFrame(record))).toEqual(record)
      }),
    )
  })

  it("[L1] tells an empty key from none", () => {
    expect(decodeFrame(encodeFrame({ ...RECORD, key: new Uint8Array(0) })).key).toEqual(new Uint8Array(0))
    expect(decodeFrame(encodeFrame({ ...RECORD, key: null })).key).toBeNull()
  })

  it("[L1] holds a value of a megabyte", () => {
    const record = { ...RECORD, value: new Uint8Array(1024 * 1024).fill(0xa5) }
    const { value, ...rest } = decodeFrame(encodeFrame(record))
    expectSameBytes(value, record.value)
    expect(rest).toEqual({ format: "json", key: RECORD.key, headers: RECORD.headers, producedAt: RECORD.producedAt })
  })

  it("[L2] is damaged by any flipped bit", () => {
    for (const flipped of flippedBits(encodeFrame(RECORD))) expectCorrupt(() => decodeFrame(flipped))
    for (const flipped of flippedBits(encodeMovedFrame(encodeFrame(RECORD), [header("x", "y")]))) {
      expectCorrupt(() => decodeFrame(flipped))
    }
  })

  it("[L3] is damaged by truncation and by bytes behind it", () => {
    for (const frame of [encodeFrame(RECORD), encodeMovedFrame(encodeFrame(RECORD), [header("x", "y")])]) {
      for (const truncated of truncations(frame)) expectCorrupt(() => decodeFrame(truncated))
      expectCorrupt(() => decodeFrame(Uint8Array.of(...frame, 0)))
    }
  })

  it("[L3] arbitrary bytes are damaged, with a wrong and with a right checksum", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expectCorrupt(() => decodeFrame(bytes))
      }),
    )
    fc.assert(
      fc.property(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 30 }), (version, body) => {
        const frame = sealed([version, ...body])
        // What does decode is a frame: its bytes are the only ones for that record.
        const record = decodedOrNull(frame)
        if (record !== null && version === 1) expect(encodeFrame(record)).toEqual(frame)
      }),
    )
  })

  it("[L4] has the same bytes wherever it is written, and decoding copies nothing", () => {
    fc.assert(
      fc.property(anyBytes, anyRecord, (before, record) => {
        const writer = new ByteWriter(1)
        writer.bytes(before)
        const length = writeFrame(writer, record)
        const written = writer.finish().subarray(before.length)
        expect(length).toBe(written.length)
        expect(written).toEqual(encodeFrame(record))
        expect(decodeFrame(written).value.buffer).toBe(written.buffer)
      }),
    )
  })

  it("[L5] is damaged where it is sealed but not well-formed", () => {
    const emptyBody = [0, 0, 0]
    expect(decodeFrame(sealed([1, ...emptyBody])).value).toEqual(new Uint8Array(0))
    expectCorrupt(() => decodeFrame(sealed([0, ...emptyBody])))
    expectCorrupt(() => decodeFrame(sealed([3, ...emptyBody])))
    expectCorrupt(() => decodeFrame(sealed([1, 3, 0, 1, 0])))
    expectCorrupt(() => decodeFrame(sealed([1, 0x10, 0, 0])))
    expectCorrupt(() => decodeFrame(sealed([1, 0, 0x80, 0, 0])))
    expectCorrupt(() => decodeFrame(sealed([1, ...emptyBody, 0])))
    expectCorrupt(() => decodeFrame(sealed([1, 0, 0, 1])))
    expectCorrupt(() => decodeFrame(sealed([1, 0, 200, 0])))
    expect(decodeFrame(sealed([2, 0, ...encodeFrame(RECORD)]))).toEqual(RECORD)
    expectCorrupt(() => decodeFrame(sealed([3, 0, ...encodeFrame(RECORD)])))
  })
})

describe("moved frame", () => {
  const anyHeaders = fc.array(anyHeader, { maxLength: 4 })

  it("[L6] decodes to the inner record with the move's headers behind its own", () => {
    fc.assert(
      fc.property(anyRecord, anyHeaders, (record, added) => {
        const moved = decodeFrame(encodeMovedFrame(encodeFrame(record), added))
        expect(moved).toEqual({ ...record, headers: merged(record.headers, added) })
      }),
    )
  })

  it("[L6] replaces headers of the same name", () => {
    const moved = decodeFrame(encodeMovedFrame(encodeFrame(RECORD), [header("a", "9")]))
    expect(moved.headers).toEqual([header("b", "2"), header("a", "9")])
  })

  it("[L7] moved again has one layer, with the older move's other headers first", () => {
    fc.assert(
      fc.property(anyRecord, fc.array(anyHeaders, { minLength: 1, maxLength: 4 }), (record, moves) => {
        const frame = encodeFrame(record)
        const all = moves.reduce((older, newer) => merged(older, newer), [])
        const moved = moves.reduce(encodeMovedFrame, frame)
        expect(moved).toEqual(encodeMovedFrame(frame, all))
        expect(decodeFrame(moved).headers).toEqual(merged(record.headers, all))
      }),
    )
  })

  it("[L7] with a second layer inside is damaged", () => {
    // The inner layer's bytes would do as a plain frame's.
    expectCorrupt(() => decodeFrame(sealed([2, 0, ...sealed([2, 0, 0, 0])])))
  })

  it("[L7] does not grow when it goes back and forth", () => {
    const once = encodeMovedFrame(encodeFrame(RECORD), [header("source", "q1"), header("moves", "1")])
    const twice = encodeMovedFrame(once, [header("source", "q2"), header("moves", "2")])
    expect(twice.length).toBe(once.length)
  })

  it("[L8] made of a damaged frame stays damaged, however often it is moved", () => {
    const added = [header("x", "y")]
    for (const frame of [encodeFrame(RECORD), encodeMovedFrame(encodeFrame(RECORD), [header("a", "1")])]) {
      for (const flipped of flippedBits(frame)) {
        const once = encodeMovedFrame(flipped, added)
        expectCorrupt(() => decodeFrame(once))
        expectCorrupt(() => decodeFrame(encodeMovedFrame(once, added)))
      }
      for (const truncated of truncations(frame)) expectCorrupt(() => decodeFrame(encodeMovedFrame(truncated, added)))
    }
  })
})

describe("a tombstone", () => {
  const tombstone: LogRecord = { ...RECORD, format: "tombstone", value: new Uint8Array(0) }

  it("[L31] comes back as it was, and is damaged with a value", () => {
    expect(decodeFrame(encodeFrame(tombstone))).toEqual(tombstone)
    expectCorrupt(() => decodeFrame(encodeFrame({ ...tombstone, value: utf8("x") })))
  })

  it("[L32] and every key can be told without the value, moved or not", () => {
    fc.assert(
      fc.property(anyRecord, fc.boolean(), fc.array(anyHeader, { maxLength: 2 }), (record, isTombstone, headers) => {
        const encoded = isTombstone ? { ...record, format: "tombstone" as const, value: new Uint8Array(0) } : record
        const frame = encodeFrame(encoded)
        const expected = record.key && { key: record.key, isTombstone }
        expect(peekKey(frame)).toEqual(expected)
        expect(peekKey(encodeMovedFrame(frame, headers))).toEqual(expected)
      }),
    )
  })

  it("[L32] is looked for without an error in any bytes", () => {
    for (const frame of [encodeFrame(tombstone), encodeMovedFrame(encodeFrame(tombstone), [header("a", "1")])]) {
      for (const damaged of [...flippedBits(frame), ...truncations(frame)]) expect(() => peekKey(damaged)).not.toThrow()
    }
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(() => peekKey(bytes)).not.toThrow()
      }),
    )
  })
})

function merged(older: readonly Header[], newer: readonly Header[]): Header[] {
  const names = new Set(newer.map(({ name }) => name.join()))
  return [...older.filter(({ name }) => !names.has(name.join())), ...newer]
}

function sealed(body: readonly number[]): Uint8Array {
  const writer = new ByteWriter()
  writer.u32le(crc32c(Uint8Array.from(body)))
  writer.bytes(Uint8Array.from(body))
  return writer.finish()
}

function decodedOrNull(frame: Uint8Array): LogRecord | null {
  try {
    return decodeFrame(frame)
  } catch (error) {
    expect(error).toHaveProperty("name", "CorruptError")
    return null
  }
}
