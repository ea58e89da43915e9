import type { Codec, Format } from "../client/index.ts"
import { UsageError } from "./failures.ts"

/** A body or value as it is to be sent. */
export type Payload =
  | { readonly format: "text"; readonly value: string }
  /** `value` is the JSON as it was typed: numbers keep all of their digits. */
  | { readonly format: "json"; readonly value: string }
  | { readonly format: "bytes"; readonly value: Uint8Array }

/** A value as it was received: one of the two members. */
export type Shown = { readonly body: unknown } | { readonly bodyBase64: string }

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/** JSON that somebody typed, kept as it stands; throws a UsageError. */
export function jsonPayload(value: string, place: string): Payload {
  try {
    JSON.parse(value)
  } catch {
    throw new UsageError(`${place} is no JSON`)
  }
  return { format: "json", value }
}

/** `body` or `bodyBase64` of a line of NDJSON; throws a UsageError. */
export function payloadOf(value: Readonly<Record<string, unknown>>, line: number): Payload {
  const { body, bodyBase64 } = value
  if (body !== undefined && bodyBase64 !== undefined) throw new UsageError(`line ${line} has body and bodyBase64`)
  if (typeof bodyBase64 === "string") {
    const bytes = Buffer.from(bodyBase64, "base64")
    if (bytes.toString("base64") !== bodyBase64) throw new UsageError(`line ${line}: bodyBase64 is no base64`)
    return { format: "bytes", value: new Uint8Array(bytes) }
  }
  if (body === undefined) throw new UsageError(`line ${line} has neither body nor bodyBase64`)
  return typeof body === "string" ? { format: "text", value: body } : { format: "json", value: JSON.stringify(body) }
}

/** Writes JSON that is JSON already. */
export const writtenJson: Codec<string> = {
  format: "json",
  encode: (value) => value,
  decode: (read) => decoder.decode(read),
}

/** Writes text as text and bytes as bytes. */
export const textOrBytes: Codec<string | Uint8Array> = { encode: (value) => value, decode: (value) => value }

/** How much there is to send. */
export function sizeOf({ value }: Payload): number {
  return value.length
}

/** A body or value as it came. */
export interface Received {
  readonly format: Format
  readonly bytes: Uint8Array
}

/** Keeps what the sender said of a value besides the value. */
export const asReceived: Codec<Received> = {
  encode: ({ bytes }) => bytes,
  // what arrived together shares a buffer
  decode: (bytes, format = "bytes") => ({ format, bytes: bytes.slice() }),
}

/** The value as NDJSON has it, and as a line of `--ndjson` may have it. */
export function shownOf({ format, bytes }: Received): Shown {
  if (format === "bytes") return { bodyBase64: Buffer.from(bytes).toString("base64") }
  const read = decoder.decode(bytes)
  return { body: format === "text" ? read : (JSON.parse(read) as unknown) }
}

/** The value as a table has it. */
export function cellOf(shown: Shown): string {
  if ("bodyBase64" in shown) return `base64:${shown.bodyBase64}`
  return typeof shown.body === "string" ? shown.body : JSON.stringify(shown.body)
}
