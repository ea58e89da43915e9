import { type OffsetRange, type ReadRecord, readRecords } from "../../core/log/read.ts"
import type { ReadReply } from "../../core/stream/commands.ts"
import { problemOf } from "./problems.ts"
import { bodyMember, headersJson, utf8Text } from "./record-json.ts"

/** What a read answers, with the records as a JSON array. */
export interface ReadJson {
  readonly records: string
  /** How many records (not damaged ranges) there are. */
  readonly count: number
  /** Where to go on reading. */
  readonly nextOffset: number
  readonly endOffset: number
}

/**
 * Up to `maxRecords` records from `fromOffset` on and before `untilOffset` out of `reply`; damaged ranges stand among
 * them as problems.
 */
export function readJson(
  reply: ReadReply,
  fromOffset: number,
  maxRecords: number,
  untilOffset = Number.POSITIVE_INFINITY,
): ReadJson {
  const read = readRecords(reply.rows, fromOffset, maxRecords, untilOffset)
  const { records, damaged, nextOffset: readTo, complete } = read
  const nextOffset = complete ? Math.max(reply.nextOffset, fromOffset) : readTo
  const lost = complete ? reply.damaged : reply.damaged.filter(({ lastOffset }) => lastOffset < readTo)
  const entries = [
    ...records.map((record) => ({ offset: record.entry.offset, json: recordJson(record) })),
    ...[...damaged, ...lost].map((range) => ({ offset: range.firstOffset, json: damagedJson(range) })),
  ]
  if (entries.length > records.length) entries.sort((left, right) => left.offset - right.offset)
  const json = `[${entries.map((entry) => entry.json).join(",")}]`
  return { records: json, count: records.length, nextOffset, endOffset: reply.endOffset }
}

function recordJson({ entry, record }: ReadRecord): string {
  const key = record.key === null ? "null" : JSON.stringify(utf8Text(record.key))
  const head = `{"offset":${entry.offset},"timestamp":${entry.appendedAt},"key":${key}`
  return `${head},${bodyMember(record)},"headers":${headersJson(record.headers)}}`
}

function damagedJson({ firstOffset, lastOffset }: OffsetRange): string {
  const { document } = problemOf({ code: "corrupt_batch", firstOffset, lastOffset })
  return JSON.stringify({ offset: firstOffset, lastOffset, problem: document })
}
