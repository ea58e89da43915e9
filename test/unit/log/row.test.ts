import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { crc32c } from "../../../src/core/bytes/crc32c.ts"
import {
  decodeRow,
  decodeRowHeader,
  decodeRowHeaderAt,
  encodeRowHeader,
  frameOf,
  iterateRows,
  summaryOf,
} from "../../../src/core/log/row.ts"
import type { FrameEntry } from "../../../src/core/log/types.ts"
import {
  anyBytes,
  anyEntries,
  concatenated,
  expectCorrupt,
  expectOnlyCorrupt,
  fillerFrame,
  flippedBits,
  truncations,
} from "./arbitraries.ts"

/** A row with every column but expiries, as it was encoded before there were any. */
const BEFORE_EXPIRIES = bytesOf(
  "3a000000f27c1bea010fe8070380d8c1a28c3407c002ac02001402004200840795010000000000000000ffffffffffff1f000100000000000000",
)

const FULL: readonly FrameEntry[] = [
  { offset: 1000, appendedAt: 1_790_000_000_000, messageId: 7, keyHash: 0, expiresAt: 0, length: 300, position: 0 },
  {
    offset: 1003,
    appendedAt: 1_790_000_000_000,
    messageId: 5,
    keyHash: 2 ** 53 - 1,
    expiresAt: 1_790_000_000_000,
    length: 0,
    position: 300,
  },
  {
    offset: 1004,
    appendedAt: 1_790_000_000_900,
    messageId: 90,
    keyHash: 1,
    expiresAt: 1_790_000_360_000,
    length: 20,
    position: 300,
  },
]

function plainEntries(count: number): FrameEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    offset: 50 + index,
    appendedAt: 1_790_000_000_000,
    messageId: 80 + index,
    keyHash: 0,
    expiresAt: 0,
    length: 100,
    position: 100 * index,
  }))
}

describe("row header", () => {
  it("[L9] decodes to the entries that were encoded", () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const header = encodeRowHeader(entries)
        const last = entries.at(-1)!
        expect(decodeRowHeader(header)).toEqual({
          headerBytes: header.length,
          framesBytes: last.position + last.length,
          baseOffset: entries[0]!.offset,
          lastOffset: last.offset,
          entries,
        })
      }),
    )
  })

  it("[L9] says how many frames and bytes follow without being decoded, unless it is damaged", () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const header = encodeRowHeader(entries)
        const last = entries.at(-1)!
        expect(summaryOf(header)).toEqual({ count: entries.length, framesBytes: last.position + last.length })
      }),
    )
    const header = encodeRowHeader(FULL)
    for (const damaged of [...flippedBits(header), ...truncations(header)]) expect(summaryOf(damaged)).toBeNull()
  })

  it("[L9] leaves out the columns that say nothing", () => {
    const bytesWith = (change: Partial<FrameEntry>): number =>
      encodeRowHeader(plainEntries(100).map((entry, index) => (index === 99 ? { ...entry, ...change } : entry))).length
    // A byte per length is all that a frame more costs.
    expect(encodeRowHeader(plainEntries(100)).length - encodeRowHeader(plainEntries(1)).length).toBeLessThanOrEqual(100)
    const plain = bytesWith({})
    expect(bytesWith({ offset: 5000 })).toBeGreaterThan(plain + 98)
    expect(bytesWith({ appendedAt: 1_790_000_000_001 })).toBeGreaterThan(plain + 98)
    expect(bytesWith({ messageId: 0 })).toBeGreaterThan(plain + 98)
    expect(bytesWith({ keyHash: 1 })).toBe(plain + 800)
    expect(bytesWith({ expiresAt: 1_790_000_000_000 })).toBe(plain + 100)
  })

  it("[L28] is encoded as it was before there were expiries where no frame has one", () => {
    const header = encodeRowHeader(FULL.map((entry) => ({ ...entry, expiresAt: 0 })))
    expect(header).toEqual(BEFORE_EXPIRIES)
  })

  it("[L28] from before there were expiries has frames that never expire", () => {
    const { entries } = decodeRowHeader(BEFORE_EXPIRIES)
    expect(entries).toEqual(FULL.map((entry) => ({ ...entry, expiresAt: 0 })))
  })

  it("[L28] tells the expiry of each frame, also one at its append, from none", () => {
    const expiriesOf = (entries: readonly FrameEntry[]) => entries.map(({ expiresAt }) => expiresAt)
    expect(expiriesOf(decodeRowHeader(encodeRowHeader(FULL)).entries)).toEqual([
      0, 1_790_000_000_000, 1_790_000_360_000,
    ])
    expect(expiriesOf(decodeRowHeader(sealed([1, 0x10, 5, 2, 9, 7, 6, 3, 3, 0, 1])).entries)).toEqual([0, 9])
  })

  it("[L9] refuses to encode a row without frames", () => {
    expect(() => encodeRowHeader([])).toThrow(RangeError)
  })

  it("[L10] is damaged by any flipped bit, alone and on the wire", () => {
    for (const entries of [FULL, plainEntries(3)]) {
      const header = encodeRowHeader(entries)
      for (const flipped of flippedBits(header)) {
        expectCorrupt(() => decodeRowHeader(flipped))
        expectCorrupt(() => decodeRowHeaderAt(concatenated([flipped, fillerFrame(1000, 3)]), 0))
      }
    }
  })

  it("[L3] is damaged by truncation and by bytes behind it", () => {
    const header = encodeRowHeader(FULL)
    for (const truncated of truncations(header)) {
      expectCorrupt(() => decodeRowHeader(truncated))
      expectCorrupt(() => decodeRowHeaderAt(truncated, 0))
    }
    expectCorrupt(() => decodeRowHeader(Uint8Array.of(...header, 0)))
    expectCorrupt(() => decodeRowHeaderAt(header, header.length + 1))
  })

  it("[L3] made of arbitrary bytes is damaged, with a wrong and with a right checksum", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expectCorrupt(() => decodeRowHeader(bytes))
        expectOnlyCorrupt(() => [...iterateRows(bytes)])
      }),
    )
    fc.assert(
      fc.property(fc.nat(31), fc.uint8Array({ maxLength: 40 }), (columns, body) => {
        // What does decode is a row header: it can be encoded again.
        expectOnlyCorrupt(() => encodeRowHeader(decodeRowHeader(sealed([1, columns, ...body])).entries))
      }),
    )
  })

  it("[L5] is damaged where it is sealed but not well-formed", () => {
    const body = [5, 1, 0, 7, 3]
    expect(decodeRowHeader(sealed([1, 0, ...body, 3])).entries).toHaveLength(1)
    expectCorrupt(() => decodeRowHeader(sealed([2, 0, ...body, 3])))
    expectCorrupt(() => decodeRowHeader(sealed([1, 0x20, ...body, 3])))
    expectCorrupt(() => decodeRowHeader(sealed([1, 0, ...body, 3, 0])))
    expectCorrupt(() => decodeRowHeader(sealed([1, 0, ...body, 0x83, 0])))
    expectCorrupt(() => decodeRowHeader(sealed([1, 0, 5, 0, 0, 7, 0])))
  })

  it("[L5] is damaged where its differences lead out of range", () => {
    const largest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]
    expect(decodeRowHeader(sealed([1, 0, ...largest, 1, 0, 7, 3, 3])).baseOffset).toBe(Number.MAX_SAFE_INTEGER)
    expectCorrupt(() => decodeRowHeader(sealed([1, 0, ...largest, 2, 0, 7, 6, 3, 3])))
    expectCorrupt(() => decodeRowHeader(sealed([1, 2, 0, 2, ...largest, 7, 6, 3, 3, 1])))
    expectCorrupt(() => decodeRowHeader(sealed([1, 4, 0, 2, 0, 7, 6, 3, 3, 0x48])))
    expect(decodeRowHeader(sealed([1, 0x10, 0, 1, 1, 7, 3, 3, ...largest])).lastOffset).toBe(0)
    expectCorrupt(() => decodeRowHeader(sealed([1, 0x10, 0, 1, 2, 7, 3, 3, ...largest])))
  })
})

describe("row", () => {
  it("[L11] is damaged where the lengths don't add up to its frames", () => {
    expectCorrupt(() => decodeRowHeader(sealed([1, 0, 5, 2, 0, 7, 9, 4, 4])))
    const header = encodeRowHeader(FULL)
    expect(decodeRow(header, new Uint8Array(320)).header.entries).toEqual(FULL)
    expectCorrupt(() => decodeRow(header, new Uint8Array(319)))
    expectCorrupt(() => decodeRow(header, new Uint8Array(321)))
  })

  it("[L12] is read back one by one from rows that follow one another", () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyBytes, { minLength: 1, maxLength: 5 }), { maxLength: 5 }), (rows) => {
        let offset = 0
        const headers = rows.map((frames) => encodeRowHeader(frames.map((frame) => entryFor(offset++, frame))))
        const wire = concatenated(rows.flatMap((frames, index) => [headers[index]!, ...frames]))
        const read = [...iterateRows(wire)]
        expect(read.map(({ header, frames }) => header.entries.map((entry) => frameOf(frames, entry)))).toEqual(rows)
        expect(read.every(({ frames }) => frames.buffer === wire.buffer)).toBe(true)
      }),
    )
  })

  it("[L12] stops at the first that is damaged or cut off", () => {
    const frames = fillerFrame(320, 1)
    const wire = concatenated([encodeRowHeader(FULL), frames, encodeRowHeader(FULL), frames])
    const rows = iterateRows(wire.subarray(0, -1))
    expect(rows.next().value?.frames).toEqual(frames)
    expectCorrupt(() => rows.next())
  })
})

function entryFor(offset: number, frame: Uint8Array): FrameEntry {
  return { offset, appendedAt: 0, messageId: offset, keyHash: 0, expiresAt: 0, length: frame.length, position: 0 }
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  )
}

/** A header with a right length and checksum round `body`. */
function sealed(body: readonly number[]): Uint8Array {
  const length = [body.length + 8, 0, 0, 0]
  const crc = crc32c(Uint8Array.from([...length, ...body]))
  return Uint8Array.from([...length, crc, crc >>> 8, crc >>> 16, crc >>> 24, ...body])
}
