import { MAX_ROW_BYTES, MAX_ROW_RECORDS, TAIL_ROW_BYTES } from "../limits.ts"
import { encodeRowHeader } from "./row.ts"
import type { Row } from "./row.ts"
import type { FrameEntry } from "./types.ts"

/** The last row of a log while it may still grow. */
export interface TailRow {
  readonly baseOffset: number
  readonly entries: readonly FrameEntry[]
  readonly frames: Uint8Array
}

/** The frames of one commit, back to back, and per frame what is stored beside it. */
export interface Incoming {
  readonly frames: Uint8Array
  readonly lengths: readonly number[]
  readonly keyHashes: readonly number[]
  readonly messageIds: readonly number[]
  /** 0 for never; one that lies before the append is moved to it. */
  readonly expiresAts: readonly number[]
}

export interface AppendOptions {
  /** No row crosses a multiple of this; null for logs without pages. */
  readonly pageOffsets: number | null
}

/** A row to store. */
export interface AppendRow {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly header: Uint8Array
  readonly frames: Uint8Array
  readonly entries: readonly FrameEntry[]
  /** Earliest expiry among its frames, or null where none expires. */
  readonly expiresAt: number | null
  /** Replaces the tail row, which has the same base offset. */
  readonly extendsTail: boolean
}

/** What an append stores. */
export interface AppendPlan {
  /** Offset of the first incoming frame; the others follow without gaps. */
  readonly baseOffset: number
  readonly appendedAt: number
  /** In offset order; only the first may extend the tail. */
  readonly rows: readonly AppendRow[]
  /** The tail row after the append, or null where the last row is sealed. */
  readonly tail: TailRow | null
}

/** Gives the incoming frames their offsets from `endOffset` on and arranges them in rows. */
export function planAppend(
  tail: TailRow | null,
  incoming: Incoming,
  endOffset: number,
  now: number,
  lastAppendedAt: number,
  options: AppendOptions,
): AppendPlan {
  const appendedAt = Math.max(lastAppendedAt, now)
  const entries = entriesOf(incoming, endOffset, appendedAt)
  const rows: AppendRow[] = []
  let from = tail === null ? 0 : extensionEnd(tail, entries, options)
  if (tail !== null && from > 0) rows.push(extendedRow(tail, entries.slice(0, from), incoming.frames))
  while (from < entries.length) {
    const end = rowEnd(entries, from, options)
    rows.push(newRow(entries.slice(from, end), incoming.frames))
    from = end
  }
  const last = rows.at(-1)
  return { baseOffset: endOffset, appendedAt, rows, tail: last === undefined ? tail : unsealed(last, options) }
}

/** The tail row of a log whose last stored row is `row`, or null where that is sealed. */
export function tailOf(row: Row, options: AppendOptions): TailRow | null {
  const { baseOffset, lastOffset, entries } = row.header
  return unsealed({ baseOffset, lastOffset, entries, frames: row.frames }, options)
}

function entriesOf(incoming: Incoming, endOffset: number, appendedAt: number): FrameEntry[] {
  let position = 0
  return incoming.lengths.map((length, index) => {
    const messageId = incoming.messageIds[index]!
    const keyHash = incoming.keyHashes[index]!
    const wantedExpiry = incoming.expiresAts[index]!
    const expiresAt = wantedExpiry === 0 ? 0 : Math.max(wantedExpiry, appendedAt)
    const entry = { offset: endOffset + index, appendedAt, messageId, keyHash, expiresAt, length, position }
    position += length
    return entry
  })
}

/** How many of `entries` join the tail: all up to the page's end or none, or the rewrite would save no row. */
function extensionEnd(tail: TailRow, entries: readonly FrameEntry[], options: AppendOptions): number {
  const limitOffset = pageEnd(tail.baseOffset, options)
  let count = 0
  let bytes = tail.frames.length
  for (; count < entries.length && entries[count]!.offset < limitOffset; count++) bytes += entries[count]!.length
  return bytes < TAIL_ROW_BYTES && tail.entries.length + count <= MAX_ROW_RECORDS ? count : 0
}

/** Where the row ends that begins with `entries[from]`: behind that frame at the earliest. */
function rowEnd(entries: readonly FrameEntry[], from: number, options: AppendOptions): number {
  const first = entries[from]!
  const limitOffset = Math.min(pageEnd(first.offset, options), first.offset + MAX_ROW_RECORDS)
  const limitPosition = first.position + MAX_ROW_BYTES
  let end = from + 1
  for (; end < entries.length; end++) {
    const { offset, position, length } = entries[end]!
    if (offset >= limitOffset || position + length > limitPosition) break
  }
  return end
}

/** The first offset that no row with `offset` in it may reach. */
function pageEnd(offset: number, { pageOffsets }: AppendOptions): number {
  if (pageOffsets === null) return Number.POSITIVE_INFINITY
  return (Math.floor(offset / pageOffsets) + 1) * pageOffsets
}

function newRow(entries: readonly FrameEntry[], allFrames: Uint8Array): AppendRow {
  const start = entries[0]!.position
  const view = framesOf(entries, allFrames)
  // A row that may stay in memory as the tail must not keep the whole batch there.
  const frames = view.length < TAIL_ROW_BYTES ? view.slice() : view
  return rowOf(shifted(entries, -start), frames, false)
}

function extendedRow(tail: TailRow, added: readonly FrameEntry[], allFrames: Uint8Array): AppendRow {
  const addedFrames = framesOf(added, allFrames)
  const frames = new Uint8Array(tail.frames.length + addedFrames.length)
  frames.set(tail.frames)
  frames.set(addedFrames, tail.frames.length)
  return rowOf([...tail.entries, ...shifted(added, tail.frames.length)], frames, true)
}

function rowOf(entries: readonly FrameEntry[], frames: Uint8Array, extendsTail: boolean): AppendRow {
  const baseOffset = entries[0]!.offset
  const lastOffset = entries.at(-1)!.offset
  const header = encodeRowHeader(entries)
  return { baseOffset, lastOffset, header, frames, entries, expiresAt: earliestExpiry(entries), extendsTail }
}

function earliestExpiry(entries: readonly FrameEntry[]): number | null {
  let earliest = Number.POSITIVE_INFINITY
  for (const { expiresAt } of entries) if (expiresAt !== 0 && expiresAt < earliest) earliest = expiresAt
  return earliest === Number.POSITIVE_INFINITY ? null : earliest
}

function framesOf(entries: readonly FrameEntry[], allFrames: Uint8Array): Uint8Array {
  const last = entries.at(-1)!
  return allFrames.subarray(entries[0]!.position, last.position + last.length)
}

function shifted(entries: readonly FrameEntry[], byBytes: number): readonly FrameEntry[] {
  if (byBytes === 0) return entries
  return entries.map((entry) => ({ ...entry, position: entry.position + byBytes }))
}

function unsealed(row: TailRow & { readonly lastOffset: number }, options: AppendOptions): TailRow | null {
  const { baseOffset, lastOffset, entries, frames } = row
  const full = frames.length >= TAIL_ROW_BYTES || entries.length >= MAX_ROW_RECORDS
  return full || lastOffset + 1 === pageEnd(baseOffset, options) ? null : { baseOffset, entries, frames }
}
