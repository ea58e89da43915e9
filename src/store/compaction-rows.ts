import { CorruptError } from "../core/bytes/corrupt.ts"
import { decodeRow, type Row } from "../core/log/row.ts"
import type { LogRow, LogStore } from "./log-store.ts"

/** What one slice may read; its first row it reads whatever the size. */
export interface SliceLimits {
  readonly rows: number
  readonly bytes: number
  readonly records: number
}

/** A stored row, decoded; null where it is damaged. */
export interface SliceRow {
  readonly stored: LogRow
  readonly row: Row | null
}

/** Rows that one slice works on. */
export interface RowsSlice {
  readonly rows: readonly SliceRow[]
  /** Behind the last of them, or where the slice was to begin if there is none. */
  readonly nextOffset: number
  /** Whether no further row is to come. */
  readonly isLast: boolean
}

/** Reads rows from the one that holds `offset` on, as long as `belongs` to what is wanted and the limits allow. */
export function takeRows(
  log: LogStore,
  offset: number,
  limits: SliceLimits,
  belongs: (row: SliceRow) => boolean,
): RowsSlice {
  const rows: SliceRow[] = []
  let nextOffset = offset
  let isLast = true
  let bytes = 0
  let records = 0
  log.scan(offset, (stored) => {
    const row = decodeStored(stored)
    if (!belongs({ stored, row })) return false
    bytes += stored.frames.length
    records += row?.header.entries.length ?? 0
    isLast = rows.length === 0 || (rows.length < limits.rows && bytes <= limits.bytes && records <= limits.records)
    if (!isLast) return false
    rows.push({ stored, row })
    nextOffset = stored.lastOffset + 1
    return true
  })
  return { rows, nextOffset, isLast }
}

/** A stored row, or null where it is damaged. */
export function decodeStored(stored: LogRow): Row | null {
  try {
    return decodeRow(stored.header, stored.frames)
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}
