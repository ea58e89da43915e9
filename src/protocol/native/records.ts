import type { Failure } from "../../core/errors.ts"
import { MAX_KEY_BYTES, MAX_PARTITIONS, MAX_TIMESTAMP } from "../../core/limits.ts"
import type { LogRecord } from "../../core/log/types.ts"
import { ok, type Result } from "../../core/result.ts"
import {
  inBatch,
  invalidField,
  isJsonObject,
  type JsonObject,
  parseInteger,
  parseList,
  parseText,
  pointerToken,
  unknownField,
} from "./fields.ts"
import { parseHeaders } from "./headers.ts"
import { BodyTexts, checkSize, parseValue, type RecordValue } from "./record-value.ts"

const RECORD_FIELDS: ReadonlySet<string> = new Set([
  "body",
  "bodyBase64",
  "tombstone",
  "key",
  "headers",
  "partition",
  "timestamp",
])
const NO_VALUE = new Uint8Array()

/** A record and the partition that its producer chose, null where the key decides. */
export interface RoutedRecord {
  readonly record: LogRecord
  readonly partition: number | null
}

/** A batch: `value` is the array `records` of the JSON object that `text` holds. */
export function parseRecords(text: string, value: unknown): Result<RoutedRecord[], Failure> {
  const list = parseList(value, "/records")
  if (!list.ok) return list
  const texts = new BodyTexts(text, "records")
  const records: RoutedRecord[] = []
  for (const [index, entry] of list.value.entries()) {
    const record = parseRecord(entry, texts, index)
    if (!record.ok) return inBatch(record.error, `/records/${index}`)
    records.push(record.value)
  }
  return ok(records)
}

/** One record, which is number `index` of `texts`. Pointers of its refusals begin at the entry. */
export function parseRecord(entry: unknown, texts: BodyTexts, index: number): Result<RoutedRecord, Failure> {
  if (!isJsonObject(entry)) return invalidField("", "must be an object")
  const unknown = unknownField(entry, RECORD_FIELDS)
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  const body = entry["tombstone"] === undefined ? parseValue(entry, texts, index) : parseTombstone(entry)
  if (!body.ok) return body
  const key = parseKey(entry["key"], "/key")
  if (!key.ok) return key
  const headers = parseHeaders(entry["headers"], "/headers")
  if (!headers.ok) return headers
  const partition = parsePartition(entry["partition"], "/partition")
  if (!partition.ok) return partition
  const producedAt = parseTimestamp(entry["timestamp"], "/timestamp")
  if (!producedAt.ok) return producedAt
  const { format, value } = body.value
  const record: LogRecord = { format, value, key: key.value, headers: headers.value, producedAt: producedAt.value }
  const size = checkSize(record)
  return size.ok ? ok({ record, partition: partition.value }) : size
}

function parseTombstone({ tombstone, body, bodyBase64, key }: JsonObject): Result<RecordValue, Failure> {
  if (tombstone !== true) return invalidField("/tombstone", "must be true or left out")
  if (body !== undefined) return invalidField("/body", "must not stand beside tombstone")
  if (bodyBase64 !== undefined) return invalidField("/bodyBase64", "must not stand beside tombstone")
  if (key === undefined || key === null) return invalidField("/key", "a tombstone needs a key")
  return ok({ format: "tombstone", value: NO_VALUE })
}

/** Null is no key, as a read shows it. */
function parseKey(value: unknown, pointer: string): Result<Uint8Array | null, Failure> {
  return value === undefined || value === null ? ok(null) : parseText(value, pointer, 0, MAX_KEY_BYTES)
}

function parsePartition(value: unknown, pointer: string): Result<number | null, Failure> {
  return value === undefined ? ok(null) : parseInteger(value, pointer, 0, MAX_PARTITIONS - 1)
}

function parseTimestamp(value: unknown, pointer: string): Result<number | null, Failure> {
  return value === undefined ? ok(null) : parseInteger(value, pointer, 0, MAX_TIMESTAMP)
}
