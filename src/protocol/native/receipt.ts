import { CorruptError } from "../../core/bytes/corrupt.ts"
import { crc32c } from "../../core/bytes/crc32c.ts"
import { ByteReader } from "../../core/bytes/reader.ts"
import { ByteWriter } from "../../core/bytes/writer.ts"
import type { Failure } from "../../core/errors.ts"
import { MAX_RECEIPT_CHARACTERS, MAX_SHARE_LOCKS } from "../../core/limits.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { ReceiptParts } from "../../core/queue/commands.ts"
import type { ShareReceipt } from "../../core/stream/share/commands.ts"
import { decodeBase64, encodeBase64 } from "./base64.ts"

/** Of one message or record, and of a range of records. */
const SINGLE = 1
const RANGE = 2
const CRC_BYTES = 4
/** Room for all but the longest; up to here an array needs no memory beside the engine's own. */
const TYPICAL_BYTES = 64
const INVALID = err<Failure>({ code: "invalid_receipt" })

/** A receipt as clients hold it. The checksum tells garbage and typing errors from receipts; it is no signature. */
export function formatReceipt(parts: ReceiptParts): string {
  return format(parts, 1)
}

/** A receipt of records that follow one another; that of one record is as `formatReceipt` writes it. */
export function formatShareReceipt({ count, ...parts }: ShareReceipt): string {
  return format(parts, count)
}

/** What `text` names, or `invalid_receipt` where `formatReceipt` can't have made it. */
export function parseReceipt(text: string): Result<ReceiptParts, Failure> {
  const receipt = parseShareReceipt(text)
  if (!receipt.ok) return receipt
  const { count, ...parts } = receipt.value
  return count === 1 ? ok(parts) : INVALID
}

/** What `text` names, one record or a range, or `invalid_receipt` where `formatShareReceipt` can't have made it. */
export function parseShareReceipt(text: string): Result<ShareReceipt, Failure> {
  const bytes = text.length > MAX_RECEIPT_CHARACTERS ? null : decodeBase64(text, "url")
  if (bytes === null) return INVALID
  try {
    return ok(read(bytes))
  } catch (error) {
    if (error instanceof CorruptError) return INVALID
    throw error
  }
}

function format(parts: ReceiptParts, count: number): string {
  const writer = new ByteWriter(TYPICAL_BYTES)
  writer.u8(count === 1 ? SINGLE : RANGE)
  writer.varint(parts.incarnation)
  writer.varint(parts.shard)
  writer.varint(parts.stateId)
  writer.varint(parts.stateGeneration)
  writer.varint(parts.offset)
  writer.varint(parts.attempt)
  if (count !== 1) writer.varint(count)
  writer.u32le(crc32c(writer.buffer, 0, writer.position))
  return encodeBase64(writer.buffer.subarray(0, writer.position), "url")
}

function read(bytes: Uint8Array): ShareReceipt {
  const end = bytes.length - CRC_BYTES
  const reader = new ByteReader(bytes, 0, Math.max(end, 0))
  const version = reader.u8()
  if (version !== SINGLE && version !== RANGE) throw new CorruptError("receipt version")
  const incarnation = reader.varint()
  const shard = reader.varint()
  const stateId = reader.varint()
  const stateGeneration = reader.varint()
  const offset = reader.varint()
  const attempt = reader.varint()
  const count = version === SINGLE ? 1 : readCount(reader)
  reader.end()
  if (new ByteReader(bytes, end).u32le() !== crc32c(bytes, 0, end)) throw new CorruptError("receipt checksum")
  return { incarnation, shard, stateId, stateGeneration, offset, attempt, count }
}

/** Of a range: no more than can be locked at once. */
function readCount(reader: ByteReader): number {
  const count = reader.varint()
  if (count < 2 || count > MAX_SHARE_LOCKS) throw new CorruptError("receipt range")
  return count
}
