import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decodeFrame, encodeFrame } from "../../../src/core/log/frame.ts"
import { ReadBudget, readRecords, sliceRow } from "../../../src/core/log/read.ts"
import { encodeRowHeader, frameOf, iterateRows } from "../../../src/core/log/row.ts"
import type { FrameEntry, LogRecord } from "../../../src/core/log/types.ts"
import { concatenated, expectCorrupt } from "./arbitraries.ts"

/** Rows of records whose value is their offset; `gaps` are offsets left out, as compaction does. */
function wireOf(rowLengths: readonly number[], baseOffset = 0, gaps: readonly number[] = []): Uint8Array {
  let offset = baseOffset
  const parts = rowLengths.flatMap((length) => {
    const offsets = Array.from({ length }, () => offset++).filter((each) => !gaps.includes(each))
    const frames = offsets.map((each) => encodeFrame(recordOf(each)))
    const entries = offsets.map((each, index) => entryOf(each, frames[index]!))
    return entries.length === 0 ? [] : [encodeRowHeader(entries), ...frames]
  })
  return concatenated(parts)
}

function recordOf(offset: number): LogRecord {
  return { format: "text", value: new TextEncoder().encode(`${offset}`), key: null, headers: [], producedAt: null }
}

function entryOf(offset: number, frame: Uint8Array): FrameEntry {
  return { offset, appendedAt: 5, messageId: offset, keyHash: 0, expiresAt: 0, length: frame.length, position: 0 }
}

/** The same rows with the frames of these offsets damaged. */
function withDamage(wire: Uint8Array, offsets: readonly number[]): Uint8Array {
  const damaged = wire.slice()
  for (const { header, frames } of iterateRows(damaged)) {
    for (const entry of header.entries) if (offsets.includes(entry.offset)) frameOf(frames, entry)[6]! ^= 4
  }
  return damaged
}

const offsetsOf = (records: readonly { readonly entry: FrameEntry }[]): number[] =>
  records.map(({ entry }) => entry.offset)

describe("readRecords", () => {
  it("[L20] gives the records from an offset on, in order, up to a maximum", () => {
    const wire = wireOf([3, 4], 10)
    const read = readRecords(wire, 11, 4)
    expect(offsetsOf(read.records)).toEqual([11, 12, 13, 14])
    expect(read.records.map(({ record }) => record)).toEqual([11, 12, 13, 14].map(recordOf))
    expect(read).toMatchObject({ damaged: [], nextOffset: 15, complete: false })
    expect(readRecords(wire, 11, 6)).toMatchObject({ nextOffset: 17, complete: true })
    expect(readRecords(wire, 17, 6)).toMatchObject({ records: [], nextOffset: 17, complete: true })
    expect(readRecords(new Uint8Array(0), 5, 6)).toMatchObject({ records: [], nextOffset: 5, complete: true })
  })

  it("[L20] gives every record once when it goes on from where it ended", () => {
    const anyRows = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 6 })
    fc.assert(
      fc.property(
        anyRows,
        fc.array(fc.nat(30)),
        fc.nat(10),
        fc.integer({ min: 1, max: 5 }),
        (rows, gaps, from, max) => {
          const wire = wireOf(rows, 3, gaps)
          const all = [...iterateRows(wire)].flatMap(({ header }) => header.entries.map(({ offset }) => offset))
          const seen: number[] = []
          for (let next = from, complete = false; !complete;) {
            const read = readRecords(wire, next, max)
            expect(read.records.length).toBeLessThanOrEqual(max)
            seen.push(...offsetsOf(read.records))
            next = read.nextOffset
            complete = read.complete
          }
          expect(seen).toEqual(all.filter((offset) => offset >= from))
        },
      ),
    )
  })

  it("[L21] reports damaged frames by their offsets and reads the others", () => {
    const read = readRecords(withDamage(wireOf([3, 4], 10), [10, 12, 13, 16]), 10, 100)
    expect(offsetsOf(read.records)).toEqual([11, 14, 15])
    expect(read.damaged).toEqual([
      { firstOffset: 10, lastOffset: 10 },
      { firstOffset: 12, lastOffset: 13 },
      { firstOffset: 16, lastOffset: 16 },
    ])
    expect(read).toMatchObject({ nextOffset: 17, complete: true })
  })

  it("[L21] reports damage at and above the offset asked for, and passes it by at the maximum", () => {
    const wire = withDamage(wireOf([6]), [0, 1, 2, 4])
    expect(readRecords(wire, 1, 1)).toMatchObject({
      records: [{ entry: { offset: 3 } }],
      damaged: [{ firstOffset: 1, lastOffset: 2 }],
      nextOffset: 4,
      complete: false,
    })
  })

  it("[L21] finds any damage to any frame and no other", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(19)), (offsets) => {
        const read = readRecords(withDamage(wireOf([7, 13]), [...new Set(offsets)]), 0, 100)
        expect(offsetsOf(read.records)).toEqual(
          Array.from({ length: 20 }, (_, at) => at).filter((at) => !offsets.includes(at)),
        )
        const covered = read.damaged.flatMap(({ firstOffset, lastOffset }) =>
          Array.from({ length: lastOffset - firstOffset + 1 }, (_, index) => firstOffset + index),
        )
        expect(covered).toEqual([...new Set(offsets)].sort((left, right) => left - right))
      }),
    )
  })

  it("[L11] refuses rows that are damaged themselves", () => {
    const wire = wireOf([3, 4])
    expectCorrupt(() => readRecords(wire.subarray(0, -1), 0, 100))
    wire[8]! ^= 1
    expectCorrupt(() => readRecords(wire, 0, 100))
  })
})

describe("sliceRow", () => {
  const row = [...iterateRows(wireOf([10], 100))][0]!
  const frameBytes = row.header.entries[0]!.length

  it("[L20] gives the frames from an offset on, with their own positions", () => {
    const { entries, frames, nextOffset } = sliceRow(row, 104, new ReadBudget(3, 1000))
    expect(entries.map(({ offset }) => offset)).toEqual([104, 105, 106])
    expect(entries.map((entry) => decodeFrame(frameOf(frames, entry)))).toEqual([104, 105, 106].map(recordOf))
    expect(frames.length).toBe(3 * frameBytes)
    expect(nextOffset).toBe(107)
    expect([...iterateRows(concatenated([encodeRowHeader(entries), frames]))][0]!.header.entries).toEqual(entries)
  })

  it("[L20] gives nothing behind the row and all of it from before", () => {
    expect(sliceRow(row, 110, new ReadBudget(3, 1000))).toMatchObject({ entries: [], nextOffset: 110 })
    expect(sliceRow(row, 0, new ReadBudget(100, 1000)).entries).toEqual(row.header.entries)
  })

  it("[L22] takes one record whatever its size, and no more than the bounds", () => {
    const tiny = new ReadBudget(10, 1)
    expect(sliceRow(row, 100, tiny).entries).toHaveLength(1)
    expect(tiny.spent).toBe(true)
    expect(sliceRow(row, 101, tiny).entries).toHaveLength(0)
    const three = new ReadBudget(10, 3 * frameBytes + 1)
    expect(three.spent).toBe(false)
    expect(sliceRow(row, 100, three).entries).toHaveLength(3)
    expect(sliceRow(row, 100, three).entries).toHaveLength(0)
  })

  it("[L22] keeps one budget over several rows", () => {
    const rows = [...iterateRows(wireOf([4, 4, 4]))]
    const budget = new ReadBudget(6, 1000)
    const taken = rows.map((each) => sliceRow(each, 0, budget).entries.length)
    expect(taken).toEqual([4, 2, 0])
    expect(budget.spent).toBe(true)
  })

  it("[L22] takes a row as a whole exactly where it would take every record of it", () => {
    fc.assert(
      fc.property(fc.nat(12), fc.nat(12 * frameBytes), fc.nat(3), (maxRecords, maxBytes, before) => {
        const one = new ReadBudget(maxRecords, maxBytes)
        const other = new ReadBudget(maxRecords, maxBytes)
        for (const budget of [one, other]) sliceRow(row, 110 - before, budget)
        const taken = other.takeAll(10, row.frames.length)
        const { entries } = sliceRow(row, 0, one)
        if (taken) expect(entries).toHaveLength(10)
        else expect(entries.length < 10 || before === 0).toBe(true)
        if (taken) expect(other.spent).toBe(one.spent)
      }),
    )
  })
})
