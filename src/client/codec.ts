import { MillraceError } from "./errors.ts"
import type { StandardSchema } from "./standard-schema.ts"

/** How values become bytes and values again. */
export interface Codec<T> {
  /** What other clients see: JSON, text, or base64. Without it strings are text and bytes are bytes. */
  readonly format?: Format
  /** Throws for values that it can't write. */
  encode(value: T): Uint8Array | string
  /** Throws for bytes that it can't read. `format` is what the sender said of a value; a key has none. */
  decode(bytes: Uint8Array, format?: Format): T
}

/** What a value is to those who don't know its codec. */
export type Format = "json" | "text" | "bytes"

/** The default: any JSON value. The type is what the sender says it is; give a schema to have it checked. */
export function json<T = unknown>(): Codec<T> {
  return JSON_CODEC as Codec<T>
}

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Strings, as UTF-8. */
export const text: Codec<string> = {
  format: "text",
  encode: (value) => value,
  decode: (bytes) => decoder.decode(bytes),
}

/** Bytes as they are. */
export const bytes: Codec<Uint8Array> = {
  format: "bytes",
  encode: (value) => value,
  // what arrived together shares a buffer: a copy keeps one message from holding on to all of them
  decode: (bytes) => bytes.slice(),
}

const JSON_CODEC: Codec<unknown> = {
  format: "json",
  encode(value) {
    const json = JSON.stringify(value) as string | undefined
    if (json === undefined) throw new TypeError(`JSON has no ${typeof value}`)
    return json
  },
  // over HTTP a string is sent as text
  decode(bytes, format) {
    const text = decoder.decode(bytes)
    return format === "text" ? text : (JSON.parse(text) as unknown)
  },
}

/**
 * A value as it travels.
 * @internal
 */
export interface Encoded {
  readonly format: Format
  readonly bytes: Uint8Array
}

/**
 * What `codec` writes for `value`. Throws MillraceError `invalid_value`.
 * @internal
 */
export function encodeWith<T>(codec: Codec<T>, value: T): Encoded {
  try {
    const encoded = codec.encode(value)
    const isText = typeof encoded === "string"
    const format = codec.format ?? (isText ? "text" : "bytes")
    return { format, bytes: isText ? encoder.encode(encoded) : encoded }
  } catch (error) {
    throw new MillraceError("invalid_value", `The value can't be encoded: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * Reads a value, and checks it where there is a schema.
 * @internal
 */
export type Decode<T> = (bytes: Uint8Array, format?: Format) => T | Promise<T>

/**
 * How received values are read. What it makes throws MillraceError `invalid_value`.
 * @internal
 */
export function decoderOf<T>(codec: Codec<unknown>, schema: StandardSchema<unknown, T> | undefined): Decode<T> {
  const decode = (bytes: Uint8Array, format?: Format): unknown => {
    try {
      return codec.decode(bytes, format)
    } catch (error) {
      throw new MillraceError("invalid_value", `The value can't be decoded: ${messageOf(error)}`, { cause: error })
    }
  }
  if (schema === undefined) return decode as Decode<T>
  return (bytes, format) => check(schema, decode(bytes, format))
}

async function check<T>(schema: StandardSchema<unknown, T>, value: unknown): Promise<T> {
  const result = await schema["~standard"].validate(value)
  if (result.issues === undefined) return result.value
  const issues = result.issues.map(({ path = [], message }) => {
    const at = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".")
    return at === "" ? message : `${at}: ${message}`
  })
  throw new MillraceError("invalid_value", `The value does not fit its schema: ${issues.join("; ")}`, {
    cause: result.issues,
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
