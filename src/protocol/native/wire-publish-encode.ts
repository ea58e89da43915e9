import { ByteWriter } from "../../core/bytes/writer.ts"
import { writeContent } from "../../core/log/content.ts"
import type { LogRecord } from "../../core/log/types.ts"

/** Layout: version, count, then terms and content of each entry. */
const VERSION = 1
const HAS_DELAY = 1
const HAS_DELIVER_AT = 2
const HAS_TTL = 4
const HAS_DEDUP_ID = 8
const OVERHEAD_BYTES = 64

const encoder = new TextEncoder()

/** What a client asks of one message besides what is in it; see `MessageTerms`. */
export interface WireTerms {
  readonly delayMs?: number | undefined
  readonly deliverAt?: number | undefined
  readonly ttlMs?: number | undefined
  readonly dedupId?: string | undefined
}

/**
 * One message or record of a publish. Its `value` is what `format` says: bytes, UTF-8 text, JSON in UTF-8, or nothing
 * for a tombstone. The key (of a message, its group id), names and values of headers are UTF-8. `producedAt` is for
 * records only, `terms` for messages only.
 */
export interface WireEntry extends LogRecord {
  readonly terms?: WireTerms
}

/** The batch of a `publish` with `"batch":true`. Throws RangeError for a number that is no integer from 0 to 2^53 − 1. */
export function encodePublish(entries: readonly WireEntry[]): Uint8Array {
  const writer = new ByteWriter(entries.reduce((bytes, { value }) => bytes + value.length + OVERHEAD_BYTES, 16))
  writer.u8(VERSION)
  writer.varint(entries.length)
  for (const entry of entries) {
    writeTerms(writer, entry.terms ?? {})
    writeContent(writer, entry)
  }
  return writer.finish()
}

function writeTerms(writer: ByteWriter, { delayMs, deliverAt, ttlMs, dedupId }: WireTerms): void {
  const flags =
    (delayMs === undefined ? 0 : HAS_DELAY) |
    (deliverAt === undefined ? 0 : HAS_DELIVER_AT) |
    (ttlMs === undefined ? 0 : HAS_TTL) |
    (dedupId === undefined ? 0 : HAS_DEDUP_ID)
  writer.u8(flags)
  if (delayMs !== undefined) writer.varint(delayMs)
  if (deliverAt !== undefined) writer.varint(deliverAt)
  if (ttlMs !== undefined) writer.varint(ttlMs)
  if (dedupId !== undefined) writer.lengthAndBytes(encoder.encode(dedupId))
}
