import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MAX_ROW_BYTES, MAX_ROW_RECORDS, TAIL_ROW_BYTES } from "../../../src/core/limits.ts"
import { planAppend, tailOf } from "../../../src/core/log/append.ts"
import { decodeRow } from "../../../src/core/log/row.ts"
import {
  anyOptions,
  append,
  bulkSteps,
  couldTake,
  fitsTail,
  PAGE,
  QUEUE,
  replay,
  smallSteps,
  STREAM,
} from "./append-replay.ts"
import { concatenated, expectSameBytes } from "./arbitraries.ts"

describe("planAppend", () => {
  it("[L13] gives contiguous offsets across commits, in order", () => {
    for (const steps of [smallSteps, bulkSteps]) {
      fc.assert(
        fc.property(steps, fc.nat(5000), anyOptions, (sequence, startOffset, options) => {
          const log = replay(sequence, startOffset, options)
          const offsets = [...log.stored.values()].flatMap(({ entries }) => entries.map(({ offset }) => offset))
          expect(offsets).toEqual(offsets.map((_, index) => startOffset + index))
          const ids = [...log.stored.values()].flatMap(({ entries }) => entries.map(({ messageId }) => messageId))
          expect(ids).toEqual(ids.map((_, index) => 10 * index))
          for (const [baseOffset, row] of log.stored) {
            expect([row.baseOffset, row.lastOffset]).toEqual([baseOffset, row.entries.at(-1)!.offset])
          }
        }),
        { numRuns: 60 },
      )
    }
  })

  it("[L14] stamps a commit with one time that never goes back", () => {
    fc.assert(
      fc.property(smallSteps, fc.nat(5000), anyOptions, (sequence, startOffset, options) => {
        let last = 0
        for (const { plan, step } of replay(sequence, startOffset, options).commits) {
          expect(plan.appendedAt).toBe(Math.max(last, step.now))
          last = plan.appendedAt
          for (const entry of plan.rows.flatMap(({ entries }) => entries)) {
            if (entry.offset >= plan.baseOffset) expect(entry.appendedAt).toBe(plan.appendedAt)
            else expect(entry.appendedAt).toBeLessThanOrEqual(plan.appendedAt)
          }
        }
      }),
    )
  })

  it("[L15] stays within the limits of a row and makes no more rows than they ask for", () => {
    fc.assert(
      fc.property(bulkSteps, fc.nat(5000), anyOptions, (sequence, startOffset, options) => {
        for (const { plan } of replay(sequence, startOffset, options).commits) {
          for (const [index, row] of plan.rows.entries()) {
            expect(row.entries.length).toBeLessThanOrEqual(MAX_ROW_RECORDS)
            expect(row.frames.length <= MAX_ROW_BYTES || row.entries.length === 1).toBe(true)
            const next = plan.rows[index + 1]
            if (next !== undefined && !row.extendsTail) expect(couldTake(row, next, options)).toBe(false)
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  it("[L15] is one row for a commit of a hundred", () => {
    expect(append(null, new Array<number>(100).fill(300), 0).rows).toHaveLength(1)
    expect(append(null, new Array<number>(MAX_ROW_RECORDS).fill(300), 0).rows).toHaveLength(1)
    expect(append(null, new Array<number>(MAX_ROW_RECORDS + 1).fill(300), 0).rows).toHaveLength(2)
    expect(append(null, [MAX_ROW_BYTES - 1, 1], 0).rows).toHaveLength(1)
    expect(append(null, [MAX_ROW_BYTES, 1], 0).rows).toHaveLength(2)
  })

  it("[L15] gives a frame above the limit a row of its own", () => {
    const { rows } = append(null, [10, MAX_ROW_BYTES + 5000, 10], 0)
    expect(rows.map(({ frames }) => frames.length)).toEqual([10, MAX_ROW_BYTES + 5000, 10])
  })

  it("[L16] never crosses a page", () => {
    for (const steps of [smallSteps, bulkSteps]) {
      fc.assert(
        fc.property(steps, fc.nat(5000), fc.constantFrom(7, PAGE), (sequence, startOffset, pageOffsets) => {
          for (const { baseOffset, lastOffset } of replay(sequence, startOffset, { pageOffsets }).stored.values()) {
            expect(Math.floor(baseOffset / pageOffsets)).toBe(Math.floor(lastOffset / pageOffsets))
          }
        }),
        { numRuns: 60 },
      )
    }
    const { rows } = append(null, new Array<number>(100).fill(50), PAGE - 4, QUEUE)
    expect(rows.map(({ baseOffset, lastOffset }) => [baseOffset, lastOffset])).toEqual([
      [PAGE - 4, PAGE - 1],
      [PAGE, PAGE + 95],
    ])
  })

  it("[L17] extends the tail in place while that stays below its limit", () => {
    const first = append(null, [100], 0)
    const second = append(first.tail, [200, TAIL_ROW_BYTES - 301], 1)
    expect(second.rows).toHaveLength(1)
    expect(second.rows[0]).toMatchObject({ extendsTail: true, baseOffset: 0, lastOffset: 2 })
    expect(second.tail?.frames.length).toBe(TAIL_ROW_BYTES - 1)
    const third = append(first.tail, [200, TAIL_ROW_BYTES - 300], 1)
    expect(third.rows).toHaveLength(1)
    expect(third.rows[0]).toMatchObject({ extendsTail: false, baseOffset: 1, lastOffset: 2 })
  })

  it("[L17] extends the tail up to the page's end if all that goes there fits", () => {
    const tail = append(null, [100], PAGE - 3, QUEUE).tail
    const fits = append(tail, [50, 50, 9000], PAGE - 2, QUEUE)
    expect(fits.rows.map((row) => [row.extendsTail, row.baseOffset, row.lastOffset])).toEqual([
      [true, PAGE - 3, PAGE - 1],
      [false, PAGE, PAGE],
    ])
    const tooMuch = append(tail, [50, 9000, 50], PAGE - 2, QUEUE)
    expect(tooMuch.rows.map((row) => [row.extendsTail, row.baseOffset, row.lastOffset])).toEqual([
      [false, PAGE - 2, PAGE - 1],
      [false, PAGE, PAGE],
    ])
  })

  it("[L17] extends the tail only to the limit of records", () => {
    const tail = append(null, new Array<number>(MAX_ROW_RECORDS - 2).fill(1), 0).tail
    expect(append(tail, [1, 1], MAX_ROW_RECORDS - 2)).toMatchObject({ rows: [{ extendsTail: true }], tail: null })
    expect(append(tail, [1, 1, 1], MAX_ROW_RECORDS - 2)).toMatchObject({ rows: [{ extendsTail: false }] })
  })

  it("[L17] extends at most once a commit, whenever it can and only then", () => {
    fc.assert(
      fc.property(smallSteps, fc.nat(5000), anyOptions, (sequence, startOffset, options) => {
        for (const { before, plan, step } of replay(sequence, startOffset, options).commits) {
          const extending = plan.rows.map(({ extendsTail }) => extendsTail)
          expect(extending.slice(1)).not.toContain(true)
          const first = plan.rows[0]
          if (first === undefined) continue
          expect(first.extendsTail).toBe(before !== null && fitsTail(before, step.lengths, options))
          expect(first.baseOffset).toBe(first.extendsTail ? before?.baseOffset : plan.baseOffset)
        }
      }),
    )
  })

  it("[L18] seals a row that is large, full or at its page's end, and one that is followed by another", () => {
    expect(append(null, [TAIL_ROW_BYTES - 1], 0).tail).toMatchObject({ baseOffset: 0 })
    expect(append(null, [TAIL_ROW_BYTES], 0).tail).toBeNull()
    expect(append(null, new Array<number>(MAX_ROW_RECORDS).fill(1), 0).tail).toBeNull()
    expect(append(null, [10, 10], PAGE - 2, QUEUE).tail).toBeNull()
    expect(append(null, [10, 10], PAGE - 2, STREAM).tail).not.toBeNull()
    expect(append(null, [10, 10, 10], PAGE - 2, QUEUE).tail).toMatchObject({ baseOffset: PAGE })
  })

  it("[L18] never changes a sealed row, and loading the last row gives the same tail", () => {
    fc.assert(
      fc.property(smallSteps, fc.nat(5000), anyOptions, (sequence, startOffset, options) => {
        const log = replay(sequence, startOffset, options)
        for (const { before, plan } of log.commits) {
          for (const row of plan.rows) expect(row.baseOffset >= (before?.baseOffset ?? plan.baseOffset)).toBe(true)
          const last = plan.rows.at(-1)
          if (last !== undefined) expect(tailOf(decodeRow(last.header, last.frames), options)).toEqual(plan.tail)
          else expect(plan.tail).toBe(before)
        }
      }),
    )
  })

  it("[L18] keeps a tail that does not hold the batch in memory", () => {
    const { tail } = append(null, [MAX_ROW_BYTES, 100], 0)
    expect(tail?.frames.buffer.byteLength).toBe(100)
  })

  it("[L19] stores the incoming bytes in order and unchanged", () => {
    for (const steps of [smallSteps, bulkSteps]) {
      fc.assert(
        fc.property(steps, fc.nat(5000), anyOptions, (sequence, startOffset, options) => {
          const log = replay(sequence, startOffset, options)
          const stored = concatenated([...log.stored.values()].map(({ frames }) => frames))
          expectSameBytes(stored, concatenated(log.commits.map(({ incoming }) => incoming.frames)))
          for (const { header, frames, entries } of log.stored.values()) {
            expect(decodeRow(header, frames).header.entries).toEqual(entries)
          }
          const hashes = [...log.stored.values()].flatMap(({ entries }) => entries.map(({ keyHash }) => keyHash))
          expect(hashes).toEqual(log.commits.flatMap(({ incoming }) => incoming.keyHashes))
        }),
        { numRuns: 60 },
      )
    }
  })

  it("[L29] gives each frame the expiry it came with, moved to the append where it lies before", () => {
    fc.assert(
      fc.property(smallSteps, fc.nat(5000), anyOptions, (sequence, startOffset, options) => {
        const log = replay(sequence, startOffset, options)
        const wanted = log.commits.flatMap(({ incoming }) => incoming.expiresAts)
        const entries = [...log.stored.values()].flatMap((row) => row.entries)
        expect(entries.map(({ expiresAt }) => expiresAt)).toEqual(
          entries.map(({ appendedAt }, index) => (wanted[index] === 0 ? 0 : Math.max(wanted[index]!, appendedAt))),
        )
      }),
    )
  })

  it("[L29] tells the earliest expiry of a row, the frames of an extended tail included", () => {
    fc.assert(
      fc.property(smallSteps, fc.nat(5000), anyOptions, (sequence, startOffset, options) => {
        for (const { plan } of replay(sequence, startOffset, options).commits) {
          for (const row of plan.rows) {
            const expiries = row.entries.map(({ expiresAt }) => expiresAt).filter((expiresAt) => expiresAt !== 0)
            expect(row.expiresAt).toBe(expiries.length === 0 ? null : Math.min(...expiries))
          }
        }
      }),
    )
    const sent = (expiresAt: number) => ({
      frames: new Uint8Array(10),
      lengths: [10],
      keyHashes: [0],
      messageIds: [1],
      expiresAts: [expiresAt],
    })
    const first = planAppend(null, sent(500), 0, 100, 0, STREAM)
    expect(first.rows[0]).toMatchObject({ extendsTail: false, expiresAt: 500 })
    const later = planAppend(first.tail, sent(0), 1, 200, 100, STREAM)
    expect(later.rows[0]).toMatchObject({ extendsTail: true, expiresAt: 500 })
    const sooner = planAppend(later.tail, sent(300), 2, 200, 200, STREAM)
    expect(sooner.rows[0]).toMatchObject({ extendsTail: true, expiresAt: 300 })
  })
})
