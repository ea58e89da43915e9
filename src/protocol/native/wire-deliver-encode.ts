import { CorruptError } from "../../core/bytes/corrupt.ts"
import { ByteWriter } from "../../core/bytes/writer.ts"
import { contentOf, type StoredContent } from "../../core/log/frame.ts"
import type { OffsetRange } from "../../core/log/read.ts"
import type { Delivery } from "../../core/log/types.ts"
import { formatMessageId } from "./message-id.ts"
import { problemOf } from "./problems.ts"
import type { DeliverySource } from "./deliveries.ts"
import { encodeUtf8 } from "./fields.ts"
import type { ReadView } from "./reads.ts"
import { formatReceipt } from "./receipt.ts"
import type { ShareSource } from "./share-json.ts"

/** Layout: version, count, then each entry as its kind has it. */
const VERSION = 1
/** In place of a content's flags. */
const PROBLEM = 255
/** Id, receipt and numbers, about. */
const ENTRY_BYTES = 96

/** The batch of a `deliver` with messages of a queue. */
export function encodeMessageBatch(source: DeliverySource, deliveries: readonly Delivery[]): Uint8Array {
  const { incarnation, shard } = source
  const writer = beginBatch(deliveries)
  for (const { offset, attempt, messageId, deliveryCount, appendedAt, frame } of deliveries) {
    writeText(writer, formatMessageId(incarnation, shard, messageId))
    writeText(writer, formatReceipt({ incarnation, shard, stateId: 0, stateGeneration: 0, offset, attempt }))
    writer.varint(deliveryCount)
    writer.varint(appendedAt)
    writeContentOf(writer, readContent(frame), offset)
  }
  return writer.finish()
}

/** The batch of a `deliver` with records that are locked for a share group. */
export function encodeSharedBatch(
  source: ShareSource,
  deliveries: readonly Delivery[],
  timestamp: ReadView["timestamp"],
): Uint8Array {
  const { incarnation, partition: shard, stateId, stateGeneration } = source
  const writer = beginBatch(deliveries)
  for (const { offset, attempt, deliveryCount, appendedAt, frame } of deliveries) {
    const stored = readContent(frame)
    writer.varint(offset)
    writer.varint(shownAt(stored, appendedAt, timestamp))
    writeText(writer, formatReceipt({ incarnation, shard, stateId, stateGeneration, offset, attempt }))
    writer.varint(deliveryCount)
    writeContentOf(writer, stored, offset)
  }
  return writer.finish()
}

/** A record that was read, or a range of damaged ones. */
export type StoredEntry =
  | { readonly offset: number; readonly appendedAt: number; readonly stored: StoredContent }
  | { readonly offset: number; readonly damaged: OffsetRange }

/** The batch of a `deliver` with records of a partition. */
export function encodeRecordBatch(entries: readonly StoredEntry[], timestamp: ReadView["timestamp"]): Uint8Array {
  const bytes = entries.reduce((sum, entry) => sum + ("stored" in entry ? entry.stored.content.length : 0), 16)
  const writer = new ByteWriter(bytes + entries.length * ENTRY_BYTES)
  writer.u8(VERSION)
  writer.varint(entries.length)
  for (const entry of entries) {
    writer.varint(entry.offset)
    if ("stored" in entry) {
      writer.varint(shownAt(entry.stored, entry.appendedAt, timestamp))
      writer.bytes(entry.stored.content)
    } else {
      // when it was stored is lost with it
      writer.varint(0)
      writeProblem(writer, entry.damaged)
    }
  }
  return writer.finish()
}

/** What `frame` holds, null where it is damaged. */
export function readContent(frame: Uint8Array): StoredContent | null {
  try {
    return contentOf(frame)
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}

function beginBatch(deliveries: readonly Delivery[]): ByteWriter {
  const writer = new ByteWriter(deliveries.reduce((bytes, { frame }) => bytes + frame.length + ENTRY_BYTES, 16))
  writer.u8(VERSION)
  writer.varint(deliveries.length)
  return writer
}

function shownAt(stored: StoredContent | null, appendedAt: number, timestamp: ReadView["timestamp"]): number {
  return timestamp === "producer" ? (stored?.producedAt ?? appendedAt) : appendedAt
}

function writeContentOf(writer: ByteWriter, stored: StoredContent | null, offset: number): void {
  if (stored === null) writeProblem(writer, { firstOffset: offset, lastOffset: offset })
  else writer.bytes(stored.content)
}

function writeProblem(writer: ByteWriter, range: OffsetRange): void {
  writer.u8(PROBLEM)
  writeText(writer, JSON.stringify(problemOf({ code: "corrupt_batch", ...range }).document))
}

function writeText(writer: ByteWriter, text: string): void {
  writer.lengthAndBytes(encodeUtf8(text))
}
