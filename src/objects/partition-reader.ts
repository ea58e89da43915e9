import { joinBytes } from "../core/bytes/join.ts"
import type { Failure } from "../core/errors.ts"
import { MAX_READ_BYTES } from "../core/limits.ts"
import { ReadBudget, sliceRow } from "../core/log/read.ts"
import { encodeRowHeader, type RowSummary, summaryOf } from "../core/log/row.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { ReadReply, ReadRequest } from "../core/stream/commands.ts"
import type { Partition } from "../core/stream/partition.ts"
import { decodeStored } from "../store/compaction-rows.ts"
import type { LogRow, LogStore } from "../store/log-store.ts"

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

/** Answers a read; of a member of a group that may not go beyond `limit` yet, unless that is null. */
export function readFrom(
  partition: Partition,
  log: LogStore,
  request: ReadRequest,
  limit: number | null = null,
): Result<ReadReply, Failure> {
  const outside = partition.checkOffset(request.offset)
  if (outside) return err(outside)
  const { incarnation, compactions, startOffset, endOffset } = partition
  const { rows, damaged, nextOffset } = readRows(log, request, limit ?? endOffset)
  const sealed = nextOffset > request.offset && partition.isSealed(nextOffset)
  return ok({ incarnation, compactions, rows, damaged, nextOffset, startOffset, endOffset, sealed })
}

/**
 * Reads records from `offset` on: at least one, then as many as the limits allow. Frames are cut out of
 * their rows but never decoded. Rows with a damaged header are named and passed over. Nothing from `before` on is
 * read; where nothing more stands before it, the read ends there.
 */
export function readRows(log: LogStore, request: ReadRequest, before: number = Number.POSITIVE_INFINITY): RowsRead {
  if (request.offset >= before) return { rows: new Uint8Array(0), damaged: [], nextOffset: request.offset, count: 0 }
  const budget = new ReadBudget(request.maxRecords, Math.min(request.maxBytes, MAX_READ_BYTES))
  const parts: Uint8Array[] = []
  const damaged: { firstOffset: number; lastOffset: number }[] = []
  let nextOffset = request.offset
  let count = 0
  log.scan(request.offset, (stored) => {
    if (stored.baseOffset >= before) {
      nextOffset = before
      return false
    }
    const passed = stored.baseOffset >= request.offset && stored.lastOffset < before ? passedOn(stored, budget) : null
    if (passed) {
      parts.push(stored.header, stored.frames)
      nextOffset = stored.lastOffset + 1
      count += passed.count
      return nextOffset < before && !budget.spent
    }
    const row = decodeStored(stored)
    if (!row) {
      const lastOffset = Math.min(stored.lastOffset, before - 1)
      damaged.push({ firstOffset: Math.max(stored.baseOffset, request.offset), lastOffset })
      nextOffset = lastOffset + 1
      count++
      return nextOffset < before && !budget.spent
    }
    const slice = sliceRow(row, request.offset, budget, before)
    if (slice.entries.length === 0) {
      nextOffset = Math.max(nextOffset, slice.nextOffset)
      return false
    }
    const isWhole = slice.entries.length === row.header.entries.length
    parts.push(isWhole ? stored.header : encodeRowHeader(slice.entries), slice.frames)
    nextOffset = slice.nextOffset
    count += slice.entries.length
    return nextOffset === stored.lastOffset + 1 && nextOffset < before && !budget.spent
  })
  return { rows: joinBytes(parts), damaged, nextOffset, count }
}

/** Takes a row as a whole where the budget has room for it: its entries need not be known. */
function passedOn({ header, frames }: LogRow, budget: ReadBudget): RowSummary | null {
  const summary = summaryOf(header)
  if (!summary || summary.framesBytes !== frames.length) return null
  return budget.takeAll(summary.count, summary.framesBytes) ? summary : null
}
