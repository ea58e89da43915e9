import { CorruptError } from "../../core/bytes/corrupt.ts"
import { crc32c } from "../../core/bytes/crc32c.ts"
import { ByteReader } from "../../core/bytes/reader.ts"
import { ByteWriter } from "../../core/bytes/writer.ts"
import type { Failure } from "../../core/errors.ts"
import type { BrowseCursor, MessageState } from "../../core/queue/operator/commands.ts"
import { ok, type Result } from "../../core/result.ts"
import { decodeBase64, encodeBase64 } from "./base64.ts"
import { invalidField } from "./fields.ts"

const VERSION = 1
const CRC_BYTES = 4
/** Far more than three numbers take. */
const MAX_CHARACTERS = 64
const STATES: readonly MessageState[] = ["ready", "in_flight", "delayed", "scheduled"]

/** Where a browse of messages in `state` goes on, as clients hold it. */
export function formatCursor(state: MessageState, { incarnation, at, messageId }: BrowseCursor): string {
  const writer = new ByteWriter(64)
  writer.u8(VERSION)
  writer.u8(STATES.indexOf(state))
  writer.varint(incarnation)
  writer.varint(at)
  writer.varint(messageId)
  writer.u32le(crc32c(writer.buffer, 0, writer.position))
  return encodeBase64(writer.buffer.subarray(0, writer.position), "url")
}

/** What `text` names, or `invalid_field` where `formatCursor` can't have made it for a browse of `state`. */
export function parseCursor(state: MessageState, text: string): Result<BrowseCursor, Failure> {
  const bytes = text.length > MAX_CHARACTERS ? null : decodeBase64(text, "url")
  const cursor = bytes === null ? null : readCursor(state, bytes)
  return cursor === null ? invalidField("/cursor", "must be the cursor of a page of the same state") : ok(cursor)
}

function readCursor(state: MessageState, bytes: Uint8Array): BrowseCursor | null {
  const end = Math.max(bytes.length - CRC_BYTES, 0)
  try {
    if (new ByteReader(bytes, end).u32le() !== crc32c(bytes, 0, end)) return null
    const reader = new ByteReader(bytes, 0, end)
    if (reader.u8() !== VERSION || STATES[reader.u8()] !== state) return null
    const cursor = { incarnation: reader.varint(), at: reader.varint(), messageId: reader.varint() }
    reader.end()
    return cursor
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}
