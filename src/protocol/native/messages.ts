import type { Failure } from "../../core/errors.ts"
import { MAX_KEY_BYTES } from "../../core/limits.ts"
import type { LogRecord } from "../../core/log/types.ts"
import { ok, type Result } from "../../core/result.ts"
import { inBatch, invalidField, isJsonObject, parseList, parseText, pointerToken, unknownField } from "./fields.ts"
import { parseHeaders } from "./headers.ts"
import type { JsonText } from "./json-text.ts"
import { type MessageTerms, parseTerms, TERM_FIELDS } from "./message-terms.ts"
import { BodyTexts, checkSize, parseValue } from "./record-value.ts"

const MESSAGE_FIELDS: ReadonlySet<string> = new Set(["body", "bodyBase64", "groupId", "headers", ...TERM_FIELDS])
const BATCH_FIELDS: ReadonlySet<string> = new Set(["messages"])

/** Messages to send, in order; the message group id is the record's key. */
export interface Messages {
  readonly records: readonly LogRecord[]
  /** By place among the records; null where none has any, as most sends have not. */
  readonly terms: ReadonlyMap<number, MessageTerms> | null
}

/** What a send asks for. */
export interface SendRequest extends Messages {
  /** Whether one message was sent by itself rather than a batch (of perhaps one). */
  readonly single: boolean
  /** Pointer to the list of messages, where that is not `/messages`. */
  readonly place?: string
}

/**
 * The body of a send: one message, or `{ messages: [...] }`. Written by hand because it is the hottest path of the
 * broker; the schema in the API's description says the same, and a test holds them together.
 */
export function parseSend(json: JsonText): Result<SendRequest, Failure> {
  const { value } = json
  if (!isJsonObject(value)) return invalidField("", "must be an object")
  if (value["messages"] === undefined) {
    const batch = new Batch(new BodyTexts(json.text, null))
    const refused = batch.add(value, 0)
    return refused ?? ok({ single: true, records: batch.records, terms: batch.terms })
  }
  const unknown = unknownField(value, BATCH_FIELDS)
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  const messages = parseMessages(json.text, value["messages"])
  if (!messages.ok) return messages
  const { records, terms } = messages.value
  return ok({ single: false, records, terms })
}

/** A batch: `value` is the array `messages` of the JSON object that `text` holds. */
export function parseMessages(text: string, value: unknown): Result<Messages, Failure> {
  const list = parseList(value, "/messages")
  if (!list.ok) return list
  const batch = new Batch(new BodyTexts(text, "messages"))
  for (const [index, entry] of list.value.entries()) {
    const refused = batch.add(entry, index)
    if (refused !== null) return inBatch(refused.error, `/messages/${index}`)
  }
  return ok(batch)
}

/** A message group id, or null where there is none. */
export function parseGroupId(value: unknown, pointer: string): Result<Uint8Array | null, Failure> {
  return value === undefined ? ok(null) : parseText(value, pointer, 1, MAX_KEY_BYTES)
}

class Batch implements Messages {
  readonly records: LogRecord[] = []
  terms: Map<number, MessageTerms> | null = null
  readonly #texts: BodyTexts

  constructor(texts: BodyTexts) {
    this.#texts = texts
  }

  /** Takes entry number `index` of the texts, or answers why not; pointers begin at the entry. */
  add(entry: unknown, index: number): { readonly ok: false; readonly error: Failure } | null {
    if (!isJsonObject(entry)) return invalidField("", "must be an object")
    const unknown = unknownField(entry, MESSAGE_FIELDS)
    if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
    const body = parseValue(entry, this.#texts, index)
    if (!body.ok) return body
    const key = parseGroupId(entry["groupId"], "/groupId")
    if (!key.ok) return key
    const headers = parseHeaders(entry["headers"], "/headers")
    if (!headers.ok) return headers
    const terms = parseTerms(entry)
    if (!terms.ok) return terms
    const { format, value } = body.value
    const record: LogRecord = { format, value, key: key.value, headers: headers.value, producedAt: null }
    const size = checkSize(record)
    if (!size.ok) return size
    this.records.push(record)
    if (terms.value !== null) (this.terms ??= new Map<number, MessageTerms>()).set(index, terms.value)
    return null
  }
}
