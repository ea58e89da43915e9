import { CorruptError } from "../bytes/corrupt.ts"
import { decodeFrame } from "./frame.ts"
import { frameOf, iterateRows } from "./row.ts"
import type { Row } from "./row.ts"
import type { FrameEntry, LogRecord } from "./types.ts"

/** A record with what its row says about it. */
export interface ReadRecord {
  readonly entry: FrameEntry
  readonly record: LogRecord
}

/** Offsets from the first to the last, both included. */
export interface OffsetRange {
  readonly firstOffset: number
  readonly lastOffset: number
}

export interface ReadResult {
  readonly records: readonly ReadRecord[]
  /** Frames that were damaged and left out, in offset order. */
  readonly damaged: readonly OffsetRange[]
  /** Behind the last frame looked at, or where the read began if there was none. */
  readonly nextOffset: number
  /** Whether all rows were read to their end. */
  readonly complete: boolean
}

/** What one read may still take: its first record whatever the size, then no more than the limits. */
export class ReadBudget {
  #records: number
  #bytes: number
  #started = false

  constructor(maxRecords: number, maxBytes: number) {
    this.#records = maxRecords
    this.#bytes = maxBytes
  }

  /** Whether a row that follows may still give a record. */
  get spent(): boolean {
    return this.#started && (this.#records <= 0 || this.#bytes <= 0)
  }

  /** Takes `count` records of `lengthBytes` in all, or none of them: some may still be allowed. */
  takeAll(count: number, lengthBytes: number): boolean {
    if (this.#records < count || this.#bytes < lengthBytes) return false
    this.#started = true
    this.#records -= count
    this.#bytes -= lengthBytes
    return true
  }

  /** Takes a record of `lengthBytes` where that is still allowed. */
  take(lengthBytes: number): boolean {
    if (this.#started && (this.#records <= 0 || this.#bytes < lengthBytes)) return false
    this.#started = true
    this.#records -= 1
    this.#bytes -= lengthBytes
    return true
  }
}

/** A part of a row. */
export interface RowSlice {
  /** With positions within `frames`. */
  readonly entries: readonly FrameEntry[]
  readonly frames: Uint8Array
  /**
   * Behind the last entry taken, or where the slice was to begin if there is none; `beforeOffset` where the next entry
   * stands there or further behind.
   */
  readonly nextOffset: number
}

/** The frames of `row` in `[fromOffset, beforeOffset)`, as far as the budget goes; nothing is decoded or copied. */
export function sliceRow(
  row: Row,
  fromOffset: number,
  budget: ReadBudget,
  beforeOffset = Number.POSITIVE_INFINITY,
): RowSlice {
  const { entries } = row.header
  const first = indexFrom(entries, fromOffset)
  const stop = indexFrom(entries, beforeOffset)
  let end = first
  while (end < stop && budget.take(entries[end]!.length)) end++
  const isAtEnd = end === stop && stop < entries.length
  if (end === first) {
    return { entries: [], frames: row.frames.subarray(0, 0), nextOffset: isAtEnd ? beforeOffset : fromOffset }
  }
  const start = entries[first]!.position
  const last = entries[end - 1]!
  return {
    entries: entries.slice(first, end).map((entry) => ({ ...entry, position: entry.position - start })),
    frames: row.frames.subarray(start, last.position + last.length),
    nextOffset: isAtEnd ? beforeOffset : last.offset + 1,
  }
}

/**
 * Decodes up to `maxRecords` records from `fromOffset` on and before `untilOffset` out of whole rows, as a partition
 * answers them; those that `filter` refuses are passed by and not counted. A damaged frame is reported and passed by.
 * Throws CorruptError where the rows themselves are damaged.
 */
export function readRecords(
  rows: Uint8Array,
  fromOffset: number,
  maxRecords: number,
  untilOffset = Number.POSITIVE_INFINITY,
  filter: ((record: LogRecord) => boolean) | null = null,
): ReadResult {
  const records: ReadRecord[] = []
  const damaged: OffsetRange[] = []
  let nextOffset = fromOffset
  for (const { header, frames } of iterateRows(rows)) {
    const { entries } = header
    const end = header.lastOffset < untilOffset ? entries.length : indexFrom(entries, untilOffset)
    for (let index = indexFrom(entries, fromOffset); index < end; index++) {
      if (records.length >= maxRecords) return { records, damaged, nextOffset, complete: false }
      const entry = entries[index]!
      const record = decodeOrNull(frameOf(frames, entry))
      if (record === null) addOffset(damaged, entry.offset)
      else if (filter === null || filter(record)) records.push({ entry, record })
      nextOffset = entry.offset + 1
    }
  }
  return { records, damaged, nextOffset, complete: true }
}

/** Index of the first entry at or above `offset`; the number of entries if there is none. */
export function indexFrom(entries: readonly FrameEntry[], offset: number): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (entries[middle]!.offset < offset) low = middle + 1
    else high = middle
  }
  return low
}

/** The record in `frame`, or null where it is damaged. */
export function decodeOrNull(frame: Uint8Array): LogRecord | null {
  try {
    return decodeFrame(frame)
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}

function addOffset(ranges: OffsetRange[], offset: number): void {
  const last = ranges.at(-1)
  if (last?.lastOffset === offset - 1) ranges[ranges.length - 1] = { ...last, lastOffset: offset }
  else ranges.push({ firstOffset: offset, lastOffset: offset })
}
