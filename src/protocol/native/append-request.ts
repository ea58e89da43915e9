import type { Failure } from "../../core/errors.ts"
import type { ProducerBatch } from "../../core/producers/producer-state.ts"
import { ok, type Result } from "../../core/result.ts"
import type { AppendTerms } from "../../core/stream/commands.ts"
import { invalidField, isJsonObject, type JsonObject, parseInteger, pointerToken, unknownField } from "./fields.ts"
import type { JsonText } from "./json-text.ts"
import { BodyTexts } from "./record-value.ts"
import { parseRecord, parseRecords, type RoutedRecord } from "./records.ts"

const BATCH_FIELDS: ReadonlySet<string> = new Set(["records"])
const PRODUCER_FIELDS: ReadonlySet<string> = new Set(["id", "epoch", "sequence"])

/** What an append asks for. */
export interface AppendRequest {
  /** Whether one record was sent by itself rather than a batch (of perhaps one). */
  readonly single: boolean
  readonly records: readonly RoutedRecord[]
  /** Null where it asks for nothing but to be stored. */
  readonly terms: AppendTerms | null
  /** Pointer to the list of records, where that is not `/records`. */
  readonly place?: string
}

/** The body of an append: one record, or `{ records: [...] }`, either with terms beside it. */
export function parseAppend({ text, value }: JsonText): Result<AppendRequest, Failure> {
  if (!isJsonObject(value)) return invalidField("", "must be an object")
  const { producer, expectedOffset, ...rest } = value
  const single = rest["records"] === undefined
  const records = single ? parseSingle(text, rest) : parseBatch(text, rest)
  if (!records.ok) return records
  const terms = parseAppendTerms(producer, expectedOffset)
  return terms.ok ? ok({ single, records: records.value, terms: terms.value }) : terms
}

function parseSingle(text: string, entry: JsonObject): Result<RoutedRecord[], Failure> {
  const record = parseRecord(entry, new BodyTexts(text, null), 0)
  return record.ok ? ok([record.value]) : record
}

function parseBatch(text: string, members: JsonObject): Result<RoutedRecord[], Failure> {
  const unknown = unknownField(members, BATCH_FIELDS)
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  return parseRecords(text, members["records"])
}

/** The members `producer` and `expectedOffset` of an append, null where there are none. */
export function parseAppendTerms(producer: unknown, offset: unknown): Result<AppendTerms | null, Failure> {
  if (producer === undefined && offset === undefined) return ok(null)
  const batch = parseProducer(producer)
  if (!batch.ok) return batch
  const expected = offset === undefined ? ok(null) : parseCount(offset, "/expectedOffset")
  return expected.ok ? ok({ producer: batch.value, expectedOffset: expected.value }) : expected
}

/** The member `producer` of an append or a publish, null where there is none. */
export function parseProducer(value: unknown): Result<ProducerBatch | null, Failure> {
  if (value === undefined) return ok(null)
  if (!isJsonObject(value)) return invalidField("/producer", "must be an object")
  const unknown = unknownField(value, PRODUCER_FIELDS)
  if (unknown !== null) return invalidField(`/producer/${pointerToken(unknown)}`, "unknown field")
  const id = parseCount(value["id"], "/producer/id")
  if (!id.ok) return id
  const epoch = parseCount(value["epoch"], "/producer/epoch")
  if (!epoch.ok) return epoch
  const sequence = parseCount(value["sequence"], "/producer/sequence")
  return sequence.ok ? ok({ producerId: id.value, epoch: epoch.value, sequence: sequence.value }) : sequence
}

function parseCount(value: unknown, pointer: string): Result<number, Failure> {
  return parseInteger(value, pointer, 0, Number.MAX_SAFE_INTEGER)
}
