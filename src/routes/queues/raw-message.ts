import type { Failure } from "../../core/errors.ts"
import { MAX_HEADERS } from "../../core/limits.ts"
import type { Format, Header, LogRecord } from "../../core/log/types.ts"
import { err, ok, type Result } from "../../core/result.ts"
import { encodeUtf8, invalidField } from "../../protocol/native/fields.ts"
import { parseHeader } from "../../protocol/native/headers.ts"
import { decodeUtf8, parseJsonText } from "../../protocol/native/json-text.ts"
import { type MessageTerms, parseTerms } from "../../protocol/native/message-terms.ts"
import { parseGroupId, type SendRequest } from "../../protocol/native/messages.ts"
import { checkSize } from "../../protocol/native/record-value.ts"

const OWN_PREFIX = "millrace-"
const GROUP_ID = "millrace-group-id"
const HEADER_PREFIX = "millrace-header-"
/** Terms of the message by the header that gives them. */
const TERM_HEADERS: ReadonlyMap<string, keyof MessageTerms> = new Map([
  ["millrace-delay-ms", "delayMs"],
  ["millrace-deliver-at", "deliverAt"],
  ["millrace-ttl-ms", "ttlMs"],
  ["millrace-dedup-id", "dedupId"],
] as const)
const DIGITS = /^\d{1,16}$/
const CONTENT_TYPE = encodeUtf8("content-type")
const UTF8_CHARSET = /^text\/plain\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i

/**
 * A single message that is the request's body as it stands. Text and JSON come back as such; anything else comes back
 * as bytes with its content type as a header. HTTP has no case in header names: those given here are lower-case.
 */
export function parseRawMessage(headers: Headers, type: string, body: Uint8Array): Result<SendRequest, Failure> {
  const format = formatOf(headers, type, body)
  if (!format.ok) return format
  const own = parseOwnHeaders(headers)
  if (!own.ok) return own
  const key = parseGroupId(headers.get(GROUP_ID) ?? undefined, `/${GROUP_ID}`)
  if (!key.ok) return key
  const terms = parseTermHeaders(headers)
  if (!terms.ok) return terms
  const contentType = headers.get("content-type")
  const kept = format.value === "bytes" && contentType !== null ? [contentTypeHeader(contentType)] : []
  const record: LogRecord = {
    format: format.value,
    value: body,
    key: key.value,
    headers: [...kept, ...own.value],
    producedAt: null,
  }
  const size = checkSize(record)
  if (!size.ok) return size
  return ok({ single: true, records: [record], terms: terms.value === null ? null : new Map([[0, terms.value]]) })
}

function formatOf(headers: Headers, type: string, body: Uint8Array): Result<Format, Failure> {
  if (type === "application/json") {
    const text = decodeUtf8(body)
    return text !== null && parseJsonText(text).ok ? ok("json") : err({ code: "invalid_json" })
  }
  const isText = UTF8_CHARSET.test(headers.get("content-type") ?? "") && decodeUtf8(body) !== null
  return ok(isText ? "text" : "bytes")
}

function parseOwnHeaders(headers: Headers): Result<Header[], Failure> {
  const own: Header[] = []
  for (const [name, value] of headers) {
    if (!name.startsWith(OWN_PREFIX) || name === GROUP_ID || TERM_HEADERS.has(name)) continue
    if (!name.startsWith(HEADER_PREFIX)) return invalidField(`/${name}`, "unknown Millrace header")
    const header = parseHeader(name.slice(HEADER_PREFIX.length), value, `/${name}`)
    if (!header.ok) return header
    own.push(header.value)
  }
  if (own.length > MAX_HEADERS) return invalidField("/headers", `must have at most ${MAX_HEADERS} headers`)
  return ok(own)
}

/** As in JSON, but pointers name the header. */
function parseTermHeaders(headers: Headers): Result<MessageTerms | null, Failure> {
  const entry: Record<string, string | number> = {}
  for (const [header, term] of TERM_HEADERS) {
    const value = headers.get(header)
    if (value !== null) entry[term] = term !== "dedupId" && DIGITS.test(value) ? Number(value) : value
  }
  const terms = parseTerms(entry)
  if (terms.ok || terms.error.code !== "invalid_field") return terms
  const { pointer, detail } = terms.error
  const refused = [...TERM_HEADERS].find(([, term]) => pointer === `/${term}`)
  return invalidField(refused === undefined ? pointer : `/${refused[0]}`, detail)
}

function contentTypeHeader(value: string): Header {
  return { name: CONTENT_TYPE, value: encodeUtf8(value) }
}
