import { CorruptError } from "../bytes/corrupt.ts"
import { crc32c } from "../bytes/crc32c.ts"
import { ByteReader } from "../bytes/reader.ts"
import { ByteWriter } from "../bytes/writer.ts"
import { HAS_KEY, HAS_PRODUCED_AT, isTombstone, readContent, writeContent } from "./content.ts"
import { headersCapacityBytes, mergeHeaders, readHeaders, writeHeaders } from "./headers.ts"
import type { Header, LogRecord } from "./types.ts"

/** Layout: CRC-32C of everything behind it, version, then what the version says. */
const CRC_BYTES = 4
const VERSION_AT = CRC_BYTES
const PLAIN = 1
const MOVED = 2
/** What a longer count of headers may take besides. */
const CONTENT_SLACK_BYTES = 8

/** A frame holding `record`. */
export function encodeFrame(record: LogRecord): Uint8Array {
  const writer = new ByteWriter(
    record.value.length + (record.key?.length ?? 0) + headersCapacityBytes(record.headers) + 40,
  )
  writeFrame(writer, record)
  return writer.finish()
}

/** Writes a frame holding `record` and returns its length in bytes. */
export function writeFrame(writer: ByteWriter, record: LogRecord): number {
  const start = writer.position
  writer.u32le(0)
  writer.u8(PLAIN)
  writeContent(writer, record)
  return seal(writer, start)
}

/**
 * The record in `frame`, which must hold exactly one; its arrays are views of `frame`.
 * Throws CorruptError where the frame is damaged.
 */
export function decodeFrame(frame: Uint8Array): LogRecord {
  const reader = openFrame(frame)
  if (frame[VERSION_AT] === PLAIN) return readRecord(reader)
  const added = readHeaders(reader)
  const inner = reader.bytes(reader.remaining)
  const innerReader = openFrame(inner)
  if (inner[VERSION_AT] !== PLAIN) throw new CorruptError("a moved frame inside a moved frame")
  const record = readRecord(innerReader)
  return { ...record, headers: mergeHeaders(record.headers, added) }
}

/**
 * `frame` with `headers` added, as it goes to another log; the record itself is neither decoded nor checked.
 * A frame that was moved before loses that layer, and of its headers the names that `headers` sets.
 * Never throws: a damaged frame is wrapped as it is and stays damaged.
 */
export function encodeMovedFrame(frame: Uint8Array, headers: readonly Header[]): Uint8Array {
  const layer = peelMoved(frame)
  const inner = layer?.inner ?? frame
  const added = layer === null ? headers : mergeHeaders(layer.headers, headers)
  const writer = new ByteWriter(inner.length + headersCapacityBytes(added) + 8)
  writer.u32le(0)
  writer.u8(MOVED)
  writeHeaders(writer, added)
  writer.bytes(inner)
  seal(writer, 0)
  return writer.finish()
}

/** The headers that were added to `frame` when it moved; none where it never did, or is damaged. */
export function movedHeaders(frame: Uint8Array): readonly Header[] {
  return peelMoved(frame)?.headers ?? []
}

/** Null also where the outer layer is damaged: a new checksum over its parts would hide that. */
function peelMoved(frame: Uint8Array): { headers: readonly Header[]; inner: Uint8Array } | null {
  if (frame[VERSION_AT] !== MOVED) return null
  try {
    const reader = openFrame(frame)
    const headers = readHeaders(reader)
    return { headers, inner: reader.bytes(reader.remaining) }
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}

/** What a reader of stored bytes is handed on. */
export interface StoredContent {
  /** A record as `writeContent` writes it. */
  readonly content: Uint8Array
  /** The producer's own time, or null. */
  readonly producedAt: number | null
}

/**
 * The content of the record in `frame`: a view of it, as most frames hold just that, or the record written anew where
 * it has moved. Throws CorruptError where the frame is damaged.
 */
export function contentOf(frame: Uint8Array): StoredContent {
  const reader = openFrame(frame)
  if (frame[VERSION_AT] === MOVED) {
    const record = decodeFrame(frame)
    const writer = new ByteWriter(frame.length + CONTENT_SLACK_BYTES)
    writeContent(writer, record)
    return { content: writer.finish(), producedAt: record.producedAt }
  }
  const content = frame.subarray(reader.position)
  const flags = reader.u8()
  return { content, producedAt: (flags & HAS_PRODUCED_AT) === 0 ? null : reader.varint() }
}

/** What compaction wants to know of a record. */
export interface KeyedFrame {
  /** A view of the frame. */
  readonly key: Uint8Array
  readonly isTombstone: boolean
}

/**
 * The key in `frame`, or null where it has none or can't be read. The checksum is not looked at: who would drop a
 * record for what this answers must decode it first.
 */
export function peekKey(frame: Uint8Array): KeyedFrame | null {
  try {
    const reader = new ByteReader(frame, VERSION_AT)
    if (reader.u8() === MOVED) {
      readHeaders(reader)
      reader.bytes(VERSION_AT + 1)
    }
    const flags = reader.u8()
    if ((flags & HAS_KEY) === 0) return null
    if ((flags & HAS_PRODUCED_AT) !== 0) reader.varint()
    return { key: reader.lengthAndBytes(), isTombstone: isTombstone(flags) }
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}

/** A reader of what follows the version, once the checksum is right and the version known. */
function openFrame(frame: Uint8Array): ByteReader {
  const reader = new ByteReader(frame)
  if (reader.u32le() !== crc32c(frame, CRC_BYTES)) throw new CorruptError("frame checksum")
  const version = reader.u8()
  if (version !== PLAIN && version !== MOVED) throw new CorruptError("frame version")
  return reader
}

function readRecord(reader: ByteReader): LogRecord {
  const record = readContent(reader)
  reader.end()
  return record
}

function seal(writer: ByteWriter, start: number): number {
  const end = writer.position
  writer.patchU32le(start, crc32c(writer.buffer, start + CRC_BYTES, end))
  return end - start
}
