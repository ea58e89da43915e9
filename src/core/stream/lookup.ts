import type { OffsetLookup } from "./commands.ts"
import { headerOrNull, type RowSpans, type SpanRow } from "./row-spans.ts"

/** The offsets that a partition has, and when the last one came. */
export interface OffsetWindow {
  readonly startOffset: number
  readonly endOffset: number
  readonly lastAppendedAt: number
}

/** The first row with a record of `timestamp` or younger, or null where all are older. Reads a row per halving. */
export function rowAtTime(rows: RowSpans, window: OffsetWindow, timestamp: number): SpanRow | null {
  if (window.lastAppendedAt < timestamp) return null
  let found: SpanRow | null = null
  let low = window.startOffset
  let high = window.endOffset
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2)
    const row = rows.at(middle)
    // what was there is gone: whatever is left begins further behind
    if (!row || row.lastOffset < low) low = middle + 1
    else if (newestTime(rows, row, window) >= timestamp) {
      found = row
      high = row.baseOffset
    } else low = Math.max(row.lastOffset, middle) + 1
  }
  return found
}

/** Where records of `timestamp` and younger begin. Times never go back along the log. */
export function offsetAtTime(rows: RowSpans, window: OffsetWindow, timestamp: number): OffsetLookup {
  const row = rowAtTime(rows, window, timestamp)
  if (!row) return { offset: window.endOffset, timestamp: null }
  const entry = headerOrNull(row)?.entries.find(({ offset, appendedAt }) => {
    return offset >= window.startOffset && appendedAt >= timestamp
  })
  if (entry) return { offset: entry.offset, timestamp: entry.appendedAt }
  // a damaged row may hold such a record: whoever reads from here is told of the damage, and misses nothing
  return { offset: Math.max(row.baseOffset, window.startOffset), timestamp: newestTime(rows, row, window) }
}

/** Time of a row's last record; of a damaged row the latest that it can be. */
export function newestTime(rows: RowSpans, row: SpanRow, { lastAppendedAt }: OffsetWindow): number {
  const own = headerOrNull(row)?.entries.at(-1)?.appendedAt
  if (own !== undefined) return own
  let before = row.baseOffset
  for (;;) {
    const next = rows.after(before)
    if (!next) return lastAppendedAt
    const header = headerOrNull(next)
    if (header) return header.entries[0]!.appendedAt
    before = next.baseOffset
  }
}

/** Whether a record stands from `from` on and before `to`. A damaged row counts as one. */
export function hasRecordsIn(rows: RowSpans, from: number, to: number): boolean {
  let row = rows.at(from) ?? rows.after(from)
  while (row && row.baseOffset < to) {
    if (row.lastOffset >= from && standsIn(row, from, to)) return true
    row = rows.after(row.baseOffset)
  }
  return false
}

function standsIn(row: SpanRow, from: number, to: number): boolean {
  const header = headerOrNull(row)
  return !header || header.entries.some(({ offset }) => offset >= from && offset < to)
}
