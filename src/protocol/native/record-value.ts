import type { Failure } from "../../core/errors.ts"
import { MAX_MESSAGE_BYTES } from "../../core/limits.ts"
import type { Format, LogRecord } from "../../core/log/types.ts"
import { err, ok, type Result } from "../../core/result.ts"
import { decodeBase64 } from "./base64.ts"
import { encodeUtf8, invalidField, type JsonObject } from "./fields.ts"
import { bodyTexts } from "./json-text.ts"

/** A value and how it was given. */
export interface RecordValue {
  readonly format: Format
  readonly value: Uint8Array
}

/** The text of each entry's `body`, found when the first is asked for: strings don't need it. */
export class BodyTexts {
  readonly #text: string
  readonly #list: string | null
  #bodies: readonly (string | null)[] | null = null

  /** `text` is the whole JSON; `list` names the array of entries in it, null where it is a single entry itself. */
  constructor(text: string, list: string | null) {
    this.#text = text
    this.#list = list
  }

  /** The JSON of entry `index`'s body, as it was written. */
  of(index: number): string {
    this.#bodies ??= bodyTexts(this.#text, this.#list)
    return this.#bodies[index] ?? "null"
  }
}

/** `body` or `bodyBase64` of `entry`, which is number `index` of `texts`. */
export function parseValue(entry: JsonObject, texts: BodyTexts, index: number): Result<RecordValue, Failure> {
  const { body, bodyBase64 } = entry
  if (body !== undefined) {
    if (bodyBase64 !== undefined) return invalidField("/bodyBase64", "must not stand beside body")
    if (typeof body !== "string") return ok({ format: "json", value: encodeUtf8(texts.of(index)) })
    if (!body.isWellFormed()) return invalidField("/body", "must not have a lone surrogate")
    return ok({ format: "text", value: encodeUtf8(body) })
  }
  if (bodyBase64 === undefined) return invalidField("/body", "body or bodyBase64 is required")
  const value = typeof bodyBase64 === "string" ? decodeBase64(bodyBase64, "standard") : null
  return value === null ? invalidField("/bodyBase64", "must be base64") : ok({ format: "bytes", value })
}

/** Refuses a record whose value, key and headers are too large. */
export function checkSize(
  { value, key, headers }: LogRecord,
  limitBytes: number = MAX_MESSAGE_BYTES,
): Result<null, Failure> {
  const keyBytes = key?.length ?? 0
  const headerBytes = headers.reduce((bytes, header) => bytes + header.name.length + header.value.length, 0)
  return value.length + keyBytes + headerBytes <= limitBytes ? ok(null) : err({ code: "payload_too_large", limitBytes })
}
