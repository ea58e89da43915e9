import type { Failure } from "../../core/errors.ts"
import { MAX_HEADER_NAME_BYTES, MAX_HEADER_VALUE_BYTES, MAX_HEADERS, MAX_KEY_BYTES } from "../../core/limits.ts"
import type { Header, LogRecord } from "../../core/log/types.ts"
import { ok, type Result } from "../../core/result.ts"
import { invalidField } from "./fields.ts"
import { decodeUtf8, parseJsonText } from "./json-text.ts"

const FITS = ok(null)
/** Up to here a loop is faster than a call into the runtime. */
const SHORT_BYTES = 128
const ASCII_END = 0x80

/** Refuses a value that is not what its format says. */
export function checkValue({ format, value }: LogRecord): Result<null, Failure> {
  switch (format) {
    case "text":
      return isUtf8(value) ? FITS : invalidField("/body", "text must be UTF-8")
    case "json":
      return isJson(value) ? FITS : invalidField("/body", "must be JSON in UTF-8")
    case "bytes":
    case "tombstone":
      return FITS
  }
}

/** Refuses a key or a message group id, which `pointer` names, that is no text of `minBytes` or more. */
export function checkKey(key: Uint8Array | null, pointer: string, minBytes: number): Result<null, Failure> {
  if (key === null) return FITS
  if (key.length < minBytes) return invalidField(pointer, "must not be empty")
  if (key.length > MAX_KEY_BYTES) return invalidField(pointer, `must have at most ${MAX_KEY_BYTES} bytes`)
  return isUtf8(key) ? FITS : invalidField(pointer, "must be UTF-8")
}

/** How an entry with more headers than that is refused: whoever reads it must not go on to read them. */
export const TOO_MANY_HEADERS = invalidField("/headers", `must have at most ${MAX_HEADERS} headers`)

/** Refuses headers that JSON could not have. */
export function checkHeaders(headers: readonly Header[]): Result<null, Failure> {
  for (const { name, value } of headers) {
    if (name.length === 0 || name.length > MAX_HEADER_NAME_BYTES || !isUtf8(name)) {
      return invalidField("/headers", `a header's name must have 1 to ${MAX_HEADER_NAME_BYTES} bytes of valid text`)
    }
    if (value.length > MAX_HEADER_VALUE_BYTES || !isUtf8(value)) {
      return invalidField(
        "/headers",
        `a header's value must have at most ${MAX_HEADER_VALUE_BYTES} bytes of valid text`,
      )
    }
  }
  return FITS
}

function isJson(value: Uint8Array): boolean {
  const text = decodeUtf8(value)
  return text !== null && parseJsonText(text).ok
}

function isUtf8(bytes: Uint8Array): boolean {
  return isShortAscii(bytes) || decodeUtf8(bytes) !== null
}

function isShortAscii(bytes: Uint8Array): boolean {
  if (bytes.length > SHORT_BYTES) return false
  for (let index = 0; index < bytes.length; index++) if (bytes[index]! >= ASCII_END) return false
  return true
}
