import { CorruptError } from "../../core/bytes/corrupt.ts"
import { crc32c } from "../../core/bytes/crc32c.ts"
import { ByteReader } from "../../core/bytes/reader.ts"
import { ByteWriter } from "../../core/bytes/writer.ts"
import type { Failure } from "../../core/errors.ts"
import { MAX_RECEIPT_CHARACTERS } from "../../core/limits.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { ReceiptParts } from "../../core/queue/commands.ts"
import { decodeBase64, encodeBase64 } from "./base64.ts"

const VERSION = 1
const CRC_BYTES = 4

/** A receipt as clients hold it. The checksum tells garbage and typing errors from receipts; it is no signature. */
export function formatReceipt(parts: ReceiptParts): string {
  const writer = new ByteWriter(64)
  writer.u8(VERSION)
  writer.varint(parts.incarnation)
  writer.varint(parts.shard)
  writer.varint(parts.stateId)
  writer.varint(parts.stateGeneration)
  writer.varint(parts.offset)
  writer.varint(parts.attempt)
  writer.u32le(crc32c(writer.buffer, 0, writer.position))
  return encodeBase64(writer.buffer.subarray(0, writer.position), "url")
}

/** What `text` names, or `invalid_receipt` where `formatReceipt` can't have made it. */
export function parseReceipt(text: string): Result<ReceiptParts, Failure> {
  const bytes = text.length > MAX_RECEIPT_CHARACTERS ? null : decodeBase64(text, "url")
  if (bytes === null) return err({ code: "invalid_receipt" })
  try {
    return ok(readParts(bytes))
  } catch (error) {
    if (error instanceof CorruptError) return err({ code: "invalid_receipt" })
    throw error
  }
}

function readParts(bytes: Uint8Array): ReceiptParts {
  const end = bytes.length - CRC_BYTES
  const reader = new ByteReader(bytes, 0, Math.max(end, 0))
  if (reader.u8() !== VERSION) throw new CorruptError("receipt version")
  const incarnation = reader.varint()
  const shard = reader.varint()
  const stateId = reader.varint()
  const stateGeneration = reader.varint()
  const offset = reader.varint()
  const attempt = reader.varint()
  reader.end()
  if (new ByteReader(bytes, end).u32le() !== crc32c(bytes, 0, end)) throw new CorruptError("receipt checksum")
  return { incarnation, shard, stateId, stateGeneration, offset, attempt }
}
