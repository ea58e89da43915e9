import { MAX_ROW_BYTES, TAIL_ROW_BYTES } from "../../limits.ts"
import type { DedupRow } from "../changes.ts"
import { type DedupEntry, DedupRowWriter, rowCapacityBytes } from "./row-codec.ts"

/** Part of the window that the entries of a growing row may span: so much longer than needed the oldest is stored. */
const TAIL_SPAN_PART = 1 / 8

/** An id of the current commit. */
export interface PendingId extends DedupEntry {
  readonly hash: number
}

/** The newest row while it may still grow. */
export interface TailRow {
  readonly row: DedupRow
  /** Expiry of the first entry. */
  readonly firstExpiresAt: number
  readonly last: Omit<DedupEntry, "key">
}

/** What a commit stores. */
export interface RowPlan {
  readonly rows: readonly PlannedRow[]
  /** The newest row after it, or null where that is full. */
  readonly tail: TailRow | null
}

/** A row to store, with the hashes that it adds. */
export interface PlannedRow {
  readonly row: DedupRow
  readonly hashes: readonly number[]
  /** Replaces the tail row, which has the same number. */
  readonly extendsTail: boolean
}

/** Arranges the ids of one commit, at least one, in rows: the tail takes all of them or none. */
export function planRows(tail: TailRow | null, ids: readonly PendingId[], nextNo: number, now: number): RowPlan {
  const extended = tail && extendedTail(tail, ids, now)
  if (extended) return { rows: [{ row: extended.row, hashes: hashesOf(ids), extendsTail: true }], tail: extended }
  const rows: PlannedRow[] = []
  let newest: TailRow | null = null
  for (let from = 0; from < ids.length;) {
    const end = rowEnd(ids, from)
    const added = ids.slice(from, end)
    newest = newRow(nextNo + rows.length, added)
    rows.push({ row: newest.row, hashes: hashesOf(added), extendsTail: false })
    from = end
  }
  return { rows, tail: newest && unsealed(newest) }
}

/** The newest row, or null where it is full. */
export function unsealed(newest: TailRow): TailRow | null {
  return newest.row.ids.length < TAIL_ROW_BYTES ? newest : null
}

function extendedTail(tail: TailRow, ids: readonly PendingId[], now: number): TailRow | null {
  const { row, firstExpiresAt } = tail
  const expiresAt = latest(ids)
  if (Math.abs(expiresAt - firstExpiresAt) > (expiresAt - now) * TAIL_SPAN_PART) return null
  const writer = new DedupRowWriter({ ids: row.ids, last: tail.last })
  for (const id of ids) {
    if (writer.bytes + id.key.length >= TAIL_ROW_BYTES) return null
    writer.add(id)
  }
  if (writer.bytes >= TAIL_ROW_BYTES) return null
  const extended = { no: row.no, expiresAt: Math.max(row.expiresAt, expiresAt), ids: writer.finish() }
  return { row: extended, firstExpiresAt, last: lastOf(ids) }
}

function newRow(no: number, ids: readonly PendingId[]): TailRow {
  const writer = new DedupRowWriter(null)
  for (const id of ids) writer.add(id)
  const row = { no, expiresAt: latest(ids), ids: writer.finish() }
  return { row, firstExpiresAt: ids[0]!.expiresAt, last: lastOf(ids) }
}

/** Where the row ends that begins with `ids[from]`. */
function rowEnd(ids: readonly PendingId[], from: number): number {
  let keyBytes = ids[from]!.key.length
  let end = from + 1
  for (; end < ids.length; end++) {
    keyBytes += ids[end]!.key.length
    if (rowCapacityBytes(keyBytes, end + 1 - from) > MAX_ROW_BYTES) break
  }
  return end
}

function latest(ids: readonly PendingId[]): number {
  return ids.reduce((latestAt, { expiresAt }) => Math.max(latestAt, expiresAt), 0)
}

/** Without the key, which is a view into a whole request. */
function lastOf(ids: readonly PendingId[]): TailRow["last"] {
  const { expiresAt, messageId } = ids.at(-1)!
  return { expiresAt, messageId }
}

function hashesOf(ids: readonly PendingId[]): readonly number[] {
  return ids.map(({ hash }) => hash)
}
