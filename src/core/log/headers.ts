import { CorruptError } from "../bytes/corrupt.ts"
import { equalBytes } from "../bytes/equal.ts"
import type { ByteReader } from "../bytes/reader.ts"
import type { ByteWriter } from "../bytes/writer.ts"
import type { Header } from "./types.ts"

/** Writes a list of headers behind its count. */
export function writeHeaders(writer: ByteWriter, headers: readonly Header[]): void {
  writer.varint(headers.length)
  for (const { name, value } of headers) {
    writer.lengthAndBytes(name)
    writer.lengthAndBytes(value)
  }
}

/** More headers than there may be: each takes far more in memory than the two bytes of one that is empty. */
export class TooManyHeadersError extends CorruptError {
  constructor() {
    super("too many headers")
  }
}

/** Reads what `writeHeaders` wrote; names and values are views. Throws TooManyHeadersError beyond `maxHeaders`. */
export function readHeaders(reader: ByteReader, maxHeaders = Number.POSITIVE_INFINITY): Header[] {
  const count = reader.varint()
  if (count > maxHeaders) throw new TooManyHeadersError()
  const headers: Header[] = []
  for (let index = 0; index < count; index++) {
    const name = reader.lengthAndBytes()
    headers.push({ name, value: reader.lengthAndBytes() })
  }
  return headers
}

/** `older` without the names that `newer` sets, then `newer`. */
export function mergeHeaders(older: readonly Header[], newer: readonly Header[]): Header[] {
  const kept = older.filter(({ name }) => !newer.some((header) => equalBytes(header.name, name)))
  return [...kept, ...newer]
}

/** Bytes that the headers take at most when written. */
export function headersCapacityBytes(headers: readonly Header[]): number {
  return headers.reduce((bytes, { name, value }) => bytes + name.length + value.length + 16, 8)
}
