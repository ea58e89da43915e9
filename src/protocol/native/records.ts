import type { Failure } from "../../core/errors.ts"
import { MAX_KEY_BYTES, MAX_PARTITIONS } from "../../core/limits.ts"
import type { LogRecord } from "../../core/log/types.ts"
import { ok, type Result } from "../../core/result.ts"
import {
  inBatch,
  invalidField,
  isJsonObject,
  parseInteger,
  parseList,
  parseText,
  pointerToken,
  unknownField,
} from "./fields.ts"
import { parseHeaders } from "./headers.ts"
import type { JsonText } from "./json-text.ts"
import { BodyTexts, checkSize, parseValue } from "./record-value.ts"

const RECORD_FIELDS: ReadonlySet<string> = new Set(["body", "bodyBase64", "key", "headers", "partition"])
const BATCH_FIELDS: ReadonlySet<string> = new Set(["records"])

/** A record and the partition that its producer chose, null where the key decides. */
export interface RoutedRecord {
  readonly record: LogRecord
  readonly partition: number | null
}

/** What an append asks for. */
export interface AppendRequest {
  /** Whether one record was sent by itself rather than a batch (of perhaps one). */
  readonly single: boolean
  readonly records: readonly RoutedRecord[]
}

/** The body of an append: one record, or `{ records: [...] }`. */
export function parseAppend(json: JsonText): Result<AppendRequest, Failure> {
  const { value } = json
  if (!isJsonObject(value)) return invalidField("", "must be an object")
  if (value["records"] === undefined) {
    const record = parseRecord(value, new BodyTexts(json.text, null), 0)
    return record.ok ? ok({ single: true, records: [record.value] }) : record
  }
  const unknown = unknownField(value, BATCH_FIELDS)
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  const records = parseRecords(json.text, value["records"])
  return records.ok ? ok({ single: false, records: records.value }) : records
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

/** Refuses a partition that a topic of `partitions` partitions does not have. */
export function checkPartitions(request: AppendRequest, partitions: number): Result<null, Failure> {
  const wrong = request.records.findIndex(({ partition }) => partition !== null && partition >= partitions)
  if (wrong === -1) return ok(null)
  const pointer = request.single ? "/partition" : `/records/${wrong}/partition`
  return invalidField(pointer, `the topic has partitions 0 to ${partitions - 1}`)
}

/** Pointers of its refusals begin at the entry. */
function parseRecord(entry: unknown, texts: BodyTexts, index: number): Result<RoutedRecord, Failure> {
  if (!isJsonObject(entry)) return invalidField("", "must be an object")
  const unknown = unknownField(entry, RECORD_FIELDS)
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  const body = parseValue(entry, texts, index)
  if (!body.ok) return body
  const key = parseKey(entry["key"], "/key")
  if (!key.ok) return key
  const headers = parseHeaders(entry["headers"], "/headers")
  if (!headers.ok) return headers
  const partition = parsePartition(entry["partition"], "/partition")
  if (!partition.ok) return partition
  const { format, value } = body.value
  const record: LogRecord = { format, value, key: key.value, headers: headers.value, producedAt: null }
  const size = checkSize(record)
  return size.ok ? ok({ record, partition: partition.value }) : size
}

/** Null is no key, as a read shows it. */
function parseKey(value: unknown, pointer: string): Result<Uint8Array | null, Failure> {
  return value === undefined || value === null ? ok(null) : parseText(value, pointer, 0, MAX_KEY_BYTES)
}

function parsePartition(value: unknown, pointer: string): Result<number | null, Failure> {
  return value === undefined ? ok(null) : parseInteger(value, pointer, 0, MAX_PARTITIONS - 1)
}
