import { CorruptError } from "../bytes/corrupt.ts"
import type { ByteReader } from "../bytes/reader.ts"
import type { ByteWriter } from "../bytes/writer.ts"
import { readHeaders, writeHeaders } from "./headers.ts"
import type { Format, LogRecord } from "./types.ts"

const FORMATS: readonly Format[] = ["bytes", "text", "json", "tombstone"]
const FORMAT_MASK = 0x03
/** Flags of a content; a key and a time of the producer follow where they say so. */
export const HAS_KEY = 0x04
export const HAS_PRODUCED_AT = 0x08
const KNOWN_FLAGS = FORMAT_MASK | HAS_KEY | HAS_PRODUCED_AT

/** Writes all that a producer gave: flags, its time, key, headers, value. Stored frames and the wire have the same. */
export function writeContent(writer: ByteWriter, { format, value, key, headers, producedAt }: LogRecord): void {
  const keyFlag = key === null ? 0 : HAS_KEY
  const producedAtFlag = producedAt === null ? 0 : HAS_PRODUCED_AT
  writer.u8(FORMATS.indexOf(format) | keyFlag | producedAtFlag)
  if (producedAt !== null) writer.varint(producedAt)
  if (key !== null) writer.lengthAndBytes(key)
  writeHeaders(writer, headers)
  writer.lengthAndBytes(value)
}

/** Reads what `writeContent` wrote; arrays are views. Throws CorruptError where it is not that; see `readHeaders`. */
export function readContent(reader: ByteReader, flags = reader.u8(), maxHeaders?: number): LogRecord {
  const format = FORMATS[flags & FORMAT_MASK]
  if (format === undefined || (flags & ~KNOWN_FLAGS) !== 0) throw new CorruptError("flags of a content")
  const producedAt = (flags & HAS_PRODUCED_AT) === 0 ? null : reader.varint()
  const key = (flags & HAS_KEY) === 0 ? null : reader.lengthAndBytes()
  const headers = readHeaders(reader, maxHeaders)
  const value = reader.lengthAndBytes()
  if (format === "tombstone" && value.length > 0) throw new CorruptError("a tombstone with a value")
  return { format, value, key, headers, producedAt }
}

/** Whether a content with these flags is a tombstone. */
export function isTombstone(flags: number): boolean {
  return FORMATS[flags & FORMAT_MASK] === "tombstone"
}
