import { joinBytes } from "../core/bytes/join.ts"
import { MAX_READ_BYTES } from "../core/limits.ts"
import { ReadBudget, sliceRow } from "../core/log/read.ts"
import { encodeRowHeader } from "../core/log/row.ts"
import { decodeStored } from "../store/compaction-rows.ts"
import type { LogStore } from "../store/log-store.ts"

/** Stored rows from an offset on. */
export interface RowsRead {
  /** Header and frames, row after row. Whole rows stand here as they are stored; the first and last may be cut. */
  readonly rows: Uint8Array
  readonly damaged: readonly { readonly firstOffset: number; readonly lastOffset: number }[]
  /** Behind the last record that was looked at. */
  readonly nextOffset: number
  /** What a reader gets to see: records, and damaged ranges. */
  readonly count: number
}

/**
 * Reads records from `offset` on: at least one, then as many as the limits allow. Frames are cut out of
 * their rows but never decoded. Rows with a damaged header are named and passed over.
 */
export function readRows(
  log: LogStore,
  request: { readonly offset: number; readonly maxRecords: number; readonly maxBytes: number },
): RowsRead {
  const budget = new ReadBudget(request.maxRecords, Math.min(request.maxBytes, MAX_READ_BYTES))
  const parts: Uint8Array[] = []
  const damaged: { firstOffset: number; lastOffset: number }[] = []
  let nextOffset = request.offset
  let count = 0
  log.scan(request.offset, (stored) => {
    const row = decodeStored(stored)
    if (!row) {
      damaged.push({ firstOffset: Math.max(stored.baseOffset, request.offset), lastOffset: stored.lastOffset })
      nextOffset = stored.lastOffset + 1
      count++
      return !budget.spent
    }
    const slice = sliceRow(row, request.offset, budget)
    if (slice.entries.length === 0) return false
    const isWhole = slice.entries.length === row.header.entries.length
    parts.push(isWhole ? stored.header : encodeRowHeader(slice.entries), slice.frames)
    nextOffset = slice.nextOffset
    count += slice.entries.length
    return nextOffset === stored.lastOffset + 1 && !budget.spent
  })
  return { rows: joinBytes(parts), damaged, nextOffset, count }
}
