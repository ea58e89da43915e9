import type { Failure } from "../../core/errors.ts"
import { MAX_HEADER_NAME_BYTES, MAX_HEADER_VALUE_BYTES, MAX_HEADERS } from "../../core/limits.ts"
import type { Header } from "../../core/log/types.ts"
import { ok, type Result } from "../../core/result.ts"
import { invalidField, isJsonObject, parseText, pointerToken } from "./fields.ts"

/** No headers at all, shared: most messages have none. */
export const NO_HEADERS: readonly Header[] = []

/** Headers as a JSON object of name to value; `pointer` is where it stands in the body. */
export function parseHeaders(value: unknown, pointer: string): Result<readonly Header[], Failure> {
  if (value === undefined) return ok(NO_HEADERS)
  if (!isJsonObject(value)) return invalidField(pointer, "must be an object of strings")
  const names = Object.keys(value)
  if (names.length > MAX_HEADERS) return invalidField(pointer, `must have at most ${MAX_HEADERS} headers`)
  const headers: Header[] = []
  for (const name of names) {
    const header = parseHeader(name, value[name], `${pointer}/${pointerToken(name)}`)
    if (!header.ok) return header
    headers.push(header.value)
  }
  return ok(headers)
}

/** One header. Names are case-sensitive. */
export function parseHeader(name: string, value: unknown, pointer: string): Result<Header, Failure> {
  const nameBytes = parseText(name, pointer, 1, MAX_HEADER_NAME_BYTES)
  if (!nameBytes.ok) {
    return invalidField(pointer, `a header's name must have 1 to ${MAX_HEADER_NAME_BYTES} bytes of valid text`)
  }
  const valueBytes = parseText(value, pointer, 0, MAX_HEADER_VALUE_BYTES)
  return valueBytes.ok ? ok({ name: nameBytes.value, value: valueBytes.value }) : valueBytes
}
