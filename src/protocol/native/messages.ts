import type { Failure } from "../../core/errors.ts"
import { MAX_KEY_BYTES } from "../../core/limits.ts"
import type { LogRecord } from "../../core/log/types.ts"
import type { QueueSettings } from "../../core/queue/settings.ts"
import { ok, type Result } from "../../core/result.ts"
import { inBatch, invalidField, isJsonObject, parseList, parseText, pointerToken, unknownField } from "./fields.ts"
import { parseHeaders } from "./headers.ts"
import type { JsonText } from "./json-text.ts"
import { BodyTexts, checkSize, parseValue } from "./record-value.ts"

const MESSAGE_FIELDS: ReadonlySet<string> = new Set(["body", "bodyBase64", "groupId", "headers"])
const BATCH_FIELDS: ReadonlySet<string> = new Set(["messages"])

/** What a send asks for; the message group id is the record's key. */
export interface SendRequest {
  /** Whether one message was sent by itself rather than a batch (of perhaps one). */
  readonly single: boolean
  readonly records: readonly LogRecord[]
}

/**
 * The body of a send: one message, or `{ messages: [...] }`. Written by hand because it is the hottest path of the
 * broker; the schema in the API's description says the same, and a test holds them together.
 */
export function parseSend(json: JsonText): Result<SendRequest, Failure> {
  const { value } = json
  if (!isJsonObject(value)) return invalidField("", "must be an object")
  if (value["messages"] === undefined) {
    const record = parseMessage(value, new BodyTexts(json.text, null), 0)
    return record.ok ? ok({ single: true, records: [record.value] }) : record
  }
  const unknown = unknownField(value, BATCH_FIELDS)
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  const records = parseMessages(json.text, value["messages"])
  return records.ok ? ok({ single: false, records: records.value }) : records
}

/** A batch: `value` is the array `messages` of the JSON object that `text` holds. */
export function parseMessages(text: string, value: unknown): Result<LogRecord[], Failure> {
  const list = parseList(value, "/messages")
  if (!list.ok) return list
  const texts = new BodyTexts(text, "messages")
  const records: LogRecord[] = []
  for (const [index, entry] of list.value.entries()) {
    const record = parseMessage(entry, texts, index)
    if (!record.ok) return inBatch(record.error, `/messages/${index}`)
    records.push(record.value)
  }
  return ok(records)
}

/** Refuses a message group on a standard queue, and a message without one on a fifo queue. */
export function checkGroups(request: SendRequest, ordering: QueueSettings["ordering"]): Result<null, Failure> {
  const fifo = ordering === "fifo"
  const wrong = request.records.findIndex((record) => (record.key !== null) !== fifo)
  if (wrong === -1) return ok(null)
  const pointer = request.single ? "/groupId" : `/messages/${wrong}/groupId`
  return invalidField(pointer, fifo ? "a fifo queue needs a groupId" : "only a fifo queue takes a groupId")
}

/** Pointers of its refusals begin at the entry. */
function parseMessage(entry: unknown, texts: BodyTexts, index: number): Result<LogRecord, Failure> {
  if (!isJsonObject(entry)) return invalidField("", "must be an object")
  const unknown = unknownField(entry, MESSAGE_FIELDS)
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  const body = parseValue(entry, texts, index)
  if (!body.ok) return body
  const key = parseGroupId(entry["groupId"], "/groupId")
  if (!key.ok) return key
  const headers = parseHeaders(entry["headers"], "/headers")
  if (!headers.ok) return headers
  const { format, value } = body.value
  const record: LogRecord = { format, value, key: key.value, headers: headers.value, producedAt: null }
  const size = checkSize(record)
  return size.ok ? ok(record) : size
}

/** A message group id, or null where there is none. */
export function parseGroupId(value: unknown, pointer: string): Result<Uint8Array | null, Failure> {
  return value === undefined ? ok(null) : parseText(value, pointer, 1, MAX_KEY_BYTES)
}
