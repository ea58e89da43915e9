import type { Failure } from "../../core/errors.ts"
import { MAX_BATCH_ENTRIES } from "../../core/limits.ts"
import { ok, type Result } from "../../core/result.ts"

/** A JSON object, not an array. */
export type JsonObject = Readonly<Record<string, unknown>>

const encoder = new TextEncoder()

/** Up to here a loop is faster than a call into the runtime. */
const TINY_CHARACTERS = 64
/** Up to here texts share a buffer, for one of its own costs more than what is copied into it. */
const SHORT_CHARACTERS = 1024
const MAX_BYTES_PER_CHARACTER = 3
const SLAB_BYTES = 32 * 1024
const ASCII_END = 0x80
let slab = new Uint8Array(SLAB_BYTES)
let slabUsed = 0

/** `text` in UTF-8. Short texts share a buffer, so a result must be copied before it is given to an object. */
export function encodeUtf8(text: string): Uint8Array {
  const { length } = text
  if (length > SHORT_CHARACTERS) return encoder.encode(text)
  if (slabUsed + length * MAX_BYTES_PER_CHARACTER > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES)
    slabUsed = 0
  }
  const start = slabUsed
  slabUsed +=
    (length <= TINY_CHARACTERS && writeAscii(text, start)) || encoder.encodeInto(text, slab.subarray(start)).written
  return slab.subarray(start, slabUsed)
}

/** Writes `text` at `start` of the slab, and answers its length; 0 where it is not all ASCII. */
function writeAscii(text: string, start: number): number {
  const { length } = text
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code >= ASCII_END) return 0
    slab[start + index] = code
  }
  return length
}

/** Whether a parsed JSON value is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** A refusal of the field that the JSON pointer `pointer` names. */
export function invalidField(pointer: string, detail: string): Result<never, Failure> & { readonly ok: false } {
  return { ok: false, error: { code: "invalid_field", pointer, detail } }
}

/** `failure` of one entry as one of the batch: what it points to stands at `place`. */
export function inBatch(failure: Failure, place: string): { readonly ok: false; readonly error: Failure } {
  if (failure.code === "invalid_field") return invalidField(`${place}${failure.pointer}`, failure.detail)
  if (failure.code === "payload_too_large")
    return { ok: false, error: { ...failure, pointer: `${place}${failure.pointer ?? ""}` } }
  return { ok: false, error: failure }
}

/** `name` as a token of a JSON pointer. */
export function pointerToken(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1")
}

/** The first member of `object` that is not in `known`, or null. */
export function unknownField(object: JsonObject, known: ReadonlySet<string>): string | null {
  for (const name in object) if (!known.has(name)) return name
  return null
}

/** A batch: an array of 1 to MAX_BATCH_ENTRIES entries. */
export function parseList(value: unknown, pointer: string): Result<readonly unknown[], Failure> {
  if (!Array.isArray(value)) return invalidField(pointer, "must be an array")
  if (value.length === 0) return invalidField(pointer, "must not be empty")
  if (value.length > MAX_BATCH_ENTRIES) return invalidField(pointer, `must have at most ${MAX_BATCH_ENTRIES} entries`)
  return ok(value)
}

/** A string of `minBytes` to `maxBytes` bytes, as UTF-8. */
export function parseText(
  value: unknown,
  pointer: string,
  minBytes: number,
  maxBytes: number,
): Result<Uint8Array, Failure> {
  if (typeof value !== "string") return invalidField(pointer, "must be a string")
  if (!value.isWellFormed()) return invalidField(pointer, "must not have a lone surrogate")
  const tooLong = `must have at most ${maxBytes} bytes`
  if (value.length > maxBytes) return invalidField(pointer, tooLong)
  const bytes = encodeUtf8(value)
  if (bytes.length > maxBytes) return invalidField(pointer, tooLong)
  if (bytes.length < minBytes) return invalidField(pointer, "must not be empty")
  return ok(bytes)
}

/** An integer from `min` to `max`. */
export function parseInteger(value: unknown, pointer: string, min: number, max: number): Result<number, Failure> {
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
    return invalidField(pointer, `must be an integer from ${min} to ${max}`)
  }
  return ok(value)
}
