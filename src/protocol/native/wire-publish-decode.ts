import { CorruptError } from "../../core/bytes/corrupt.ts"
import { ByteReader } from "../../core/bytes/reader.ts"
import type { Failure } from "../../core/errors.ts"
import { MAX_BATCH_ENTRIES, MAX_HEADERS, MAX_TIMESTAMP } from "../../core/limits.ts"
import { readContent } from "../../core/log/content.ts"
import { TooManyHeadersError } from "../../core/log/headers.ts"
import type { LogRecord } from "../../core/log/types.ts"
import { ok, type Result } from "../../core/result.ts"
import { inBatch, invalidField, type JsonObject, parseInteger } from "./fields.ts"
import { decodeUtf8 } from "./json-text.ts"
import { type MessageTerms, parseTerms } from "./message-terms.ts"
import type { Messages } from "./messages.ts"
import { checkSize } from "./record-value.ts"
import type { RoutedRecord } from "./records.ts"
import { checkHeaders, checkKey, checkValue, TOO_MANY_HEADERS } from "./wire-content.ts"

/** Layout: version, count, then terms and content of each entry. */
const VERSION = 1
const HAS_DELAY = 1
const HAS_DELIVER_AT = 2
const HAS_TTL = 4
const HAS_DEDUP_ID = 8
const KNOWN_TERMS = HAS_DELAY | HAS_DELIVER_AT | HAS_TTL | HAS_DEDUP_ID

const FITS = ok(null)

/** An entry as it was written, before anything of it was checked. */
interface Entry {
  /** By the names of JSON; null where there are none. */
  readonly terms: JsonObject | null
  readonly record: LogRecord
}

/** The messages in the batch of a `publish`, checked as those in JSON are; arrays are views of it. */
export function parseMessageBatch(batch: Uint8Array): Result<Messages, Failure> {
  const entries = readEntries(batch)
  if (!entries.ok) return entries
  let byPlace: Map<number, MessageTerms> | null = null
  for (const [index, { record, terms }] of entries.value.entries()) {
    const checked = checkMessage(record)
    if (!checked.ok) return inBatch(checked.error, `/batch/${index}`)
    if (terms === null) continue
    const parsed = parseTerms(terms)
    if (!parsed.ok) return inBatch(parsed.error, `/batch/${index}`)
    if (parsed.value !== null) (byPlace ??= new Map()).set(index, parsed.value)
  }
  return ok({ records: entries.value.map(({ record }) => record), terms: byPlace })
}

/** The records in the batch of a `publish`, likewise; none of them names a partition. */
export function parseRecordBatch(batch: Uint8Array): Result<RoutedRecord[], Failure> {
  const entries = readEntries(batch)
  if (!entries.ok) return entries
  const records: RoutedRecord[] = []
  for (const [index, { record, terms }] of entries.value.entries()) {
    const checked = terms === null ? checkRecord(record) : unknownTerm(terms)
    if (!checked.ok) return inBatch(checked.error, `/batch/${index}`)
    records.push({ record, partition: null })
  }
  return ok(records)
}

function readEntries(batch: Uint8Array): Result<Entry[], Failure> {
  const entries: Entry[] = []
  try {
    const reader = new ByteReader(batch)
    if (reader.u8() !== VERSION) return invalidField("/batch", "has a version that the broker does not know")
    const count = reader.varint()
    if (count === 0) return invalidField("/batch", "must not be empty")
    if (count > MAX_BATCH_ENTRIES) return invalidField("/batch", `must have at most ${MAX_BATCH_ENTRIES} entries`)
    for (let index = 0; index < count; index++) {
      const terms = readTerms(reader)
      entries.push({ terms, record: readContent(reader, reader.u8(), MAX_HEADERS) })
    }
    reader.end()
    return ok(entries)
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error
    if (error instanceof TooManyHeadersError) return inBatch(TOO_MANY_HEADERS.error, `/batch/${entries.length}`)
    return invalidField("/batch", `can't be read: ${error.message}`)
  }
}

function readTerms(reader: ByteReader): JsonObject | null {
  const flags = reader.u8()
  if (flags === 0) return null
  if ((flags & ~KNOWN_TERMS) !== 0) throw new CorruptError("unknown terms")
  const terms: Record<string, unknown> = {}
  if ((flags & HAS_DELAY) !== 0) terms["delayMs"] = reader.varint()
  if ((flags & HAS_DELIVER_AT) !== 0) terms["deliverAt"] = reader.varint()
  if ((flags & HAS_TTL) !== 0) terms["ttlMs"] = reader.varint()
  if ((flags & HAS_DEDUP_ID) !== 0) terms["dedupId"] = readDedupId(reader)
  return terms
}

function readDedupId(reader: ByteReader): string {
  const text = decodeUtf8(reader.lengthAndBytes())
  if (text === null) throw new CorruptError("a dedupId that is not UTF-8")
  return text
}

function checkMessage(record: LogRecord): Result<null, Failure> {
  if (record.format === "tombstone") return invalidField("/tombstone", "a message has a value")
  if (record.producedAt !== null) return invalidField("/timestamp", "is for records")
  const key = checkKey(record.key, "/groupId", 1)
  return key.ok ? checkContent(record) : key
}

function checkRecord(record: LogRecord): Result<null, Failure> {
  if (record.format === "tombstone" && record.key === null) return invalidField("/key", "a tombstone needs a key")
  const timestamp = record.producedAt === null ? FITS : parseInteger(record.producedAt, "/timestamp", 0, MAX_TIMESTAMP)
  if (!timestamp.ok) return timestamp
  const key = checkKey(record.key, "/key", 0)
  return key.ok ? checkContent(record) : key
}

function checkContent(record: LogRecord): Result<null, Failure> {
  const headers = checkHeaders(record.headers)
  if (!headers.ok) return headers
  const size = checkSize(record)
  return size.ok ? checkValue(record) : size
}

function unknownTerm(terms: JsonObject): Result<null, Failure> {
  return invalidField(`/${Object.keys(terms)[0]!}`, "unknown field")
}
