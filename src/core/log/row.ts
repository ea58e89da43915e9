import { CorruptError } from "../bytes/corrupt.ts"
import { crc32c } from "../bytes/crc32c.ts"
import { ByteReader } from "../bytes/reader.ts"
import { ByteWriter } from "../bytes/writer.ts"
import { columnsOf, KNOWN_COLUMNS, readColumns, writeColumns } from "./row-columns.ts"
import type { FrameEntry } from "./types.ts"

/** Layout: length of the header, CRC-32C of that length and of everything behind the CRC, version, columns, the rest. */
const LENGTH_BYTES = 4
const BODY_AT = 8
/** Version 1 has no producer entries: they come as further columns. */
const VERSION = 1

/** A stored row's header, decoded. */
export interface RowHeader {
  readonly headerBytes: number
  /** Sum of the frames' lengths. */
  readonly framesBytes: number
  readonly baseOffset: number
  readonly lastOffset: number
  /** At least one, with growing offsets. */
  readonly entries: readonly FrameEntry[]
}

/** A row: its header, and its frames back to back. */
export interface Row {
  readonly header: RowHeader
  readonly frames: Uint8Array
}

/** The header of a row of `entries`, at least one, whose frames stand back to back (their positions are not looked at). */
export function encodeRowHeader(entries: readonly FrameEntry[]): Uint8Array {
  const first = entries[0]
  if (first === undefined) throw new RangeError("a row holds at least one frame")
  const columns = columnsOf(entries)
  const writer = new ByteWriter(64 + entries.length * 12)
  writer.u32le(0)
  writer.u32le(0)
  writer.u8(VERSION)
  writer.u8(columns)
  writer.varint(first.offset)
  writer.varint(entries.length)
  writer.varint(first.appendedAt)
  writer.varint(first.messageId)
  writer.varint(entries.reduce((bytes, { length }) => bytes + length, 0))
  writeColumns(writer, columns, entries)
  writer.patchU32le(0, writer.position)
  writer.patchU32le(LENGTH_BYTES, headerChecksum(writer.buffer, 0, writer.position))
  return writer.finish()
}

/** Decodes a header on its own. Throws CorruptError where it is damaged. */
export function decodeRowHeader(header: Uint8Array): RowHeader {
  const decoded = decodeRowHeaderAt(header, 0)
  if (decoded.headerBytes !== header.length) throw new CorruptError("trailing bytes")
  return decoded
}

/** Decodes the header that begins at `position`, whatever follows it. Throws CorruptError where it is damaged. */
export function decodeRowHeaderAt(bytes: Uint8Array, position: number): RowHeader {
  const headerBytes = new ByteReader(bytes, position).u32le()
  const end = position + headerBytes
  const reader = new ByteReader(bytes, position + LENGTH_BYTES, end)
  if (reader.u32le() !== headerChecksum(bytes, position, end)) throw new CorruptError("row header checksum")
  return readHeader(reader, headerBytes)
}

/** What a header says before its entries. */
export interface RowSummary {
  readonly count: number
  /** Sum of the frames' lengths. */
  readonly framesBytes: number
}

/** The beginning of a header, for whoever passes a row on as it is; null where it is damaged. */
export function summaryOf(header: Uint8Array): RowSummary | null {
  if (header.length < BODY_AT) return null
  const reader = new ByteReader(header)
  if (reader.u32le() !== header.length || reader.u32le() !== headerChecksum(header, 0, header.length)) return null
  if (reader.u8() !== VERSION || (reader.u8() & ~KNOWN_COLUMNS) !== 0) return null
  // where the first frame stands
  reader.varint()
  const count = reader.varint()
  // its time and its message id
  reader.varint()
  reader.varint()
  return { count, framesBytes: reader.varint() }
}

/** A row from its two stored parts. Throws CorruptError where the header is damaged or the frames don't have its length. */
export function decodeRow(header: Uint8Array, frames: Uint8Array): Row {
  const decoded = decodeRowHeader(header)
  if (decoded.framesBytes !== frames.length) throw new CorruptError("length of a row's frames")
  return { header: decoded, frames }
}

/** The rows in `bytes`, each header followed by its frames, in order. Throws CorruptError at the first that is damaged. */
export function* iterateRows(bytes: Uint8Array): Generator<Row, void> {
  for (let position = 0; position < bytes.length;) {
    const header = decodeRowHeaderAt(bytes, position)
    const start = position + header.headerBytes
    position = start + header.framesBytes
    if (position > bytes.length) throw new CorruptError("truncated row")
    yield { header, frames: bytes.subarray(start, position) }
  }
}

/** The frame of one entry, as a view. */
export function frameOf(frames: Uint8Array, entry: FrameEntry): Uint8Array {
  return frames.subarray(entry.position, entry.position + entry.length)
}

function readHeader(reader: ByteReader, headerBytes: number): RowHeader {
  if (reader.u8() !== VERSION) throw new CorruptError("row header version")
  const columns = reader.u8()
  if ((columns & ~KNOWN_COLUMNS) !== 0) throw new CorruptError("row header columns")
  const baseOffset = reader.varint()
  const count = reader.varint()
  const base = { offset: baseOffset, appendedAt: reader.varint(), messageId: reader.varint() }
  const framesBytes = reader.varint()
  const entries = readColumns(reader, columns, count, base)
  reader.end()
  const last = entries.at(-1)
  if (last === undefined) throw new CorruptError("a row without frames")
  if (last.position + last.length !== framesBytes) throw new CorruptError("lengths of a row's frames")
  if (!entries.every(isSafe)) throw new CorruptError("number out of range")
  return { headerBytes, framesBytes, baseOffset, lastOffset: last.offset, entries }
}

/** Differences add up: each may be in range and their sum not. */
function isSafe({ offset, appendedAt, messageId, expiresAt }: FrameEntry): boolean {
  const limit = Number.MAX_SAFE_INTEGER
  return offset <= limit && appendedAt <= limit && messageId >= 0 && messageId <= limit && expiresAt <= limit
}

/** Covers the length too, so that a header whose length is wrong is not read as another header. */
function headerChecksum(bytes: Uint8Array, start: number, end: number): number {
  return crc32c(bytes, start + BODY_AT, end, crc32c(bytes, start, start + LENGTH_BYTES))
}
