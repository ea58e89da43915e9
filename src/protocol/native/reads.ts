import { type OffsetRange, type ReadRecord, readRecords } from "../../core/log/read.ts"
import type { LogRecord } from "../../core/log/types.ts"
import type { ReadReply } from "../../core/stream/commands.ts"
import { problemOf } from "./problems.ts"
import type { RecordFilter } from "./record-filter.ts"
import { bodyMember, headersJson, utf8Text } from "./record-json.ts"

/** What a reader gets to see of the records that were read. */
export interface ReadView {
  /** Null for all. */
  readonly filter: RecordFilter | null
  readonly damaged: "skip" | "report"
  /** Whose time a record shows. */
  readonly timestamp: "broker" | "producer"
}

/** Which part of the rows is meant. */
export interface ReadBounds {
  readonly fromOffset: number
  readonly maxRecords: number
  /** Records from here on are not meant. */
  readonly untilOffset?: number
}

/** A record, or a range of damaged ones, as JSON. */
export interface ReadEntry {
  readonly offset: number
  readonly lastOffset: number
  readonly isDamaged: boolean
  readonly json: string
}

/** What a read answers, entry by entry. */
export interface ReadEntries {
  readonly entries: readonly ReadEntry[]
  /** Where to go on reading. */
  readonly nextOffset: number
  readonly endOffset: number
}

/** What is read out of a reply. */
export type ReadRows = Pick<ReadReply, "rows" | "damaged" | "nextOffset" | "endOffset">

/** The records of `reply` within `bounds`, as far as `view` shows them; damaged ranges stand among them as problems. */
export function readEntries(reply: ReadRows, bounds: ReadBounds, view: ReadView): ReadEntries {
  const { fromOffset, maxRecords, untilOffset } = bounds
  const read = readRecords(reply.rows, fromOffset, maxRecords, untilOffset, view.filter)
  const nextOffset = read.complete ? Math.max(reply.nextOffset, fromOffset) : read.nextOffset
  const entries = read.records.map((record) => recordEntry(record, view))
  if (view.damaged === "report") {
    const lost = read.complete ? reply.damaged : reply.damaged.filter(({ lastOffset }) => lastOffset < read.nextOffset)
    entries.push(...[...read.damaged, ...lost].map(damagedEntry))
    if (entries.length > read.records.length) entries.sort((left, right) => left.offset - right.offset)
  }
  return { entries, nextOffset, endOffset: reply.endOffset }
}

/** The JSON array of `entries`. */
export function entriesJson(entries: readonly ReadEntry[]): string {
  return `[${entries.map(({ json }) => json).join(",")}]`
}

/** The members of a record, without the braces round them. */
export function recordMembers(
  place: { readonly offset: number; readonly appendedAt: number },
  record: LogRecord,
  timestamp: ReadView["timestamp"],
): string {
  const key = record.key === null ? "null" : JSON.stringify(utf8Text(record.key))
  const shownAt = timestamp === "producer" ? (record.producedAt ?? place.appendedAt) : place.appendedAt
  const head = `"offset":${place.offset},"timestamp":${shownAt},"key":${key}`
  return `${head},${bodyMember(record)},"headers":${headersJson(record.headers)}`
}

function recordEntry({ entry, record }: ReadRecord, view: ReadView): ReadEntry {
  const { offset } = entry
  return { offset, lastOffset: offset, isDamaged: false, json: `{${recordMembers(entry, record, view.timestamp)}}` }
}

function damagedEntry({ firstOffset, lastOffset }: OffsetRange): ReadEntry {
  const { document } = problemOf({ code: "corrupt_batch", firstOffset, lastOffset })
  const json = JSON.stringify({ offset: firstOffset, lastOffset, problem: document })
  return { offset: firstOffset, lastOffset, isDamaged: true, json }
}
