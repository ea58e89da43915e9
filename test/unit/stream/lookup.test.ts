import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { encodeRowHeader } from "../../../src/core/log/row.ts"
import { type OffsetWindow, offsetAtTime } from "../../../src/core/stream/lookup.ts"
import type { RowSpans, SpanRow } from "../../../src/core/stream/row-spans.ts"
import { PartitionScene } from "./partition-scene.ts"

interface Placed {
  readonly offset: number
  readonly appendedAt: number
}

/** Rows in memory that count how often they are looked at. */
class Rows implements RowSpans {
  readonly #rows: readonly SpanRow[]
  looks = 0

  constructor(rows: readonly SpanRow[]) {
    this.#rows = rows
  }

  at(offset: number): SpanRow | null {
    this.looks++
    return this.#rows.findLast(({ baseOffset }) => baseOffset <= offset) ?? null
  }

  after(offset: number): SpanRow | null {
    this.looks++
    return this.#rows.find(({ baseOffset }) => baseOffset > offset) ?? null
  }

  oldest(): never[] {
    return []
  }
}

function rowOf(records: readonly Placed[]): SpanRow {
  const entries = records.map(({ offset, appendedAt }) => {
    return { offset, appendedAt, messageId: offset, keyHash: 0, expiresAt: 0, length: 1, position: 0 }
  })
  return { baseOffset: records[0]!.offset, lastOffset: records.at(-1)!.offset, header: encodeRowHeader(entries) }
}

const recordArbitrary = fc.record({
  gap: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(20)),
  laterMs: fc.nat(3),
  endsRow: fc.boolean(),
})

const logArbitrary = fc.array(recordArbitrary, { maxLength: 40 }).chain((steps) => {
  let offset = 0
  let appendedAt = 100
  const rows: Placed[][] = [[]]
  for (const { gap, laterMs, endsRow } of steps) {
    offset += gap
    appendedAt += laterMs
    rows.at(-1)!.push({ offset: offset++, appendedAt })
    if (endsRow) rows.push([])
  }
  const filled = rows.filter((row) => row.length > 0)
  return fc.record({
    rows: fc.constant(filled),
    startOffset: fc.nat(offset),
    endOffset: fc.constant(offset),
    timestamp: fc.integer({ min: 98, max: appendedAt + 2 }),
  })
})

describe("looking up an offset by its time", () => {
  it("[S16] finds the first record of that time or younger, in every log with whatever gaps", () => {
    fc.assert(
      fc.property(logArbitrary, ({ rows, startOffset, endOffset, timestamp }) => {
        const lastAppendedAt = rows.at(-1)?.at(-1)?.appendedAt ?? 0
        const window: OffsetWindow = { startOffset, endOffset, lastAppendedAt }
        const wanted = rows.flat().find(({ offset, appendedAt }) => offset >= startOffset && appendedAt >= timestamp)
        const found = offsetAtTime(new Rows(rows.map(rowOf)), window, timestamp)
        expect(found).toEqual(
          wanted ? { offset: wanted.offset, timestamp: wanted.appendedAt } : { offset: endOffset, timestamp: null },
        )
      }),
      { numRuns: 2_000 },
    )
  })

  it("[S17] looks at a row per halving of the log", () => {
    const count = 100_000
    const rows = Array.from({ length: count / 10 }, (_, row) => {
      return rowOf(Array.from({ length: 10 }, (_unused, index) => ({ offset: 10 * row + index, appendedAt: row + 1 })))
    })
    const window = { startOffset: 0, endOffset: count, lastAppendedAt: count / 10 }
    for (const row of [0, 1, 5_000, 9_998, 9_999]) {
      const source = new Rows(rows)
      expect(offsetAtTime(source, window, row + 1)).toEqual({ offset: 10 * row, timestamp: row + 1 })
      expect(source.looks).toBeLessThanOrEqual(Math.ceil(Math.log2(rows.length)) + 1)
    }
  })

  it("[S20] stops at a damaged row that may hold such a record, and passes one that can't", () => {
    const rows = [10, 20, 30, 40].map((appendedAt, index) => rowOf([{ offset: index, appendedAt }]))
    const window = { startOffset: 0, endOffset: 4, lastAppendedAt: 40 }
    for (const damaged of [0, 1, 2, 3]) {
      const source = new Rows(
        rows.map((row, index) => (index === damaged ? { ...row, header: new Uint8Array(40) } : row)),
      )
      for (let timestamp = 5; timestamp <= 45; timestamp += 5) {
        const { offset } = offsetAtTime(source, window, timestamp)
        const wanted = timestamp > 40 ? 4 : Math.max(0, Math.ceil(timestamp / 10) - 1)
        // the damaged row stands for all times between its neighbours'
        const mayHold = timestamp > 10 * damaged && timestamp <= Math.min(10 * (damaged + 2), 40)
        expect(offset).toBe(mayHold ? damaged : wanted)
      }
    }
  })
})

describe("the times of a partition", () => {
  it("[S16] are looked up in what is stored, from the log start on", () => {
    const scene = new PartitionScene()
    const startedAt = scene.now
    for (let batch = 0; batch < 20; batch++) {
      scene.append(Array.from({ length: 5 }, () => "x".repeat(300)))
      scene.now += 10
    }
    expect(scene.partition.offsetAt(0)).toEqual({ offset: 0, timestamp: startedAt })
    expect(scene.partition.offsetAt(startedAt + 95)).toEqual({ offset: 50, timestamp: startedAt + 100 })
    expect(scene.partition.offsetAt(startedAt + 191)).toEqual({ offset: 100, timestamp: null })
    scene.commit((partition) => partition.trim(52))
    scene.restart()
    expect(scene.partition.offsetAt(0)).toEqual({ offset: 52, timestamp: startedAt + 100 })
  })

  it("[S18] don't go back when the clock does", () => {
    const scene = new PartitionScene()
    const startedAt = scene.now
    scene.append(["a"])
    scene.now -= 5_000
    scene.restart()
    expect(scene.append(["b"])).toMatchObject({ value: { appendedAt: startedAt } })
    expect(scene.partition.statistics.lastAppendedAt).toBe(startedAt)
    scene.now += 6_000
    scene.append(["c"])
    expect(scene.partition.statistics.lastAppendedAt).toBe(startedAt + 1_000)
  })

  it("[S19] say what is sealed: every row but the one that may still grow", () => {
    const scene = new PartitionScene()
    scene.append(["x".repeat(5_000)])
    expect(scene.partition.isSealed(1)).toBe(true)
    scene.append(["small"])
    for (const restarts of [0, 1]) {
      if (restarts > 0) scene.restart()
      expect([1, 2].map((offset) => scene.partition.isSealed(offset))).toEqual([true, false])
    }
  })
})
