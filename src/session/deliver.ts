import { CorruptError } from "../core/bytes/corrupt.ts"
import { decodeDeliveries } from "../core/log/delivered.ts"
import type { Delivery } from "../core/log/types.ts"
import type { FromObject } from "../protocol/internal/frames.ts"
import { deliveriesJson } from "../protocol/native/deliveries.ts"
import { entriesJson, readEntries, type ReadEntries, type ReadView } from "../protocol/native/reads.ts"
import { shareContent, shareRanges, type ShareSource } from "../protocol/native/share-json.ts"
import { encodeMessageBatch, encodeRecordBatch, encodeSharedBatch } from "../protocol/native/wire-deliver-encode.ts"
import { storedEntries } from "../protocol/native/wire-rows.ts"
import { SHARD } from "./publishes.ts"
import { BATCH_MEMBER, messagesFrame, recordsFrame, shareFrame } from "./server-frames.ts"

/** A `deliver` frame for the client, and what it takes of the credit: counted as the object counts. */
export interface Delivered {
  readonly frame: string
  /** What `frame` says it has, or null. */
  readonly batch: Uint8Array | null
  readonly messages: number
  readonly bytes: number
}

/** How a subscription wants its records. */
export interface DeliveredForm {
  readonly timestamp: ReadView["timestamp"]
  /** Whether they come as a batch. */
  readonly binary: boolean
}

/** Stored rows on their way to a reader. */
export type RowsFrame = Extract<FromObject, { type: "rows" }>

const NO_ROWS = new Uint8Array(0)

/** Messages of a queue. */
export function deliverMessages(sub: number, incarnation: number, blob: Uint8Array, binary: boolean): Delivered {
  const deliveries = decodeDeliveries(blob)
  const bytes = storedBytes(deliveries)
  const source = { incarnation, shard: SHARD }
  const batch = binary ? encodeMessageBatch(source, deliveries) : null
  const messages = binary ? BATCH_MEMBER : `"messages":${deliveriesJson(source, deliveries)}`
  return { frame: messagesFrame(sub, messages, bytes), batch, messages: deliveries.length, bytes }
}

/** Records of a partition, locked for a share group. */
export function deliverShare(
  sub: number,
  source: ShareSource,
  blob: Uint8Array,
  { timestamp, binary }: DeliveredForm,
): Delivered {
  const deliveries = decodeDeliveries(blob)
  const bytes = storedBytes(deliveries)
  const batch = binary ? encodeSharedBatch(source, deliveries, timestamp) : null
  const content = binary
    ? `${BATCH_MEMBER},${shareRanges(source, deliveries)}`
    : shareContent(source, deliveries, timestamp)
  return { frame: shareFrame(sub, content, bytes), batch, messages: deliveries.length, bytes }
}

/** Records of a partition with whose `timestamp` they show; damaged ones stand among them as problems. */
export function deliverRecords(frame: RowsFrame, blob: Uint8Array, { timestamp, binary }: DeliveredForm): Delivered {
  const { sub, nextOffset, endOffset } = frame
  const bytes = blob.length
  const position = { nextOffset, endOffset, bytes }
  const taken = { messages: frame.count, bytes }
  if (binary) {
    const batch = encodeRecordBatch(readStored(frame, blob), timestamp)
    return { frame: recordsFrame(sub, BATCH_MEMBER, position), batch, ...taken }
  }
  const { entries } = readSlice(frame, blob, { filter: null, damaged: "report", timestamp })
  return { frame: recordsFrame(sub, `"records":${entriesJson(entries)}`, position), batch: null, ...taken }
}

/** The records that a frame of rows brought; where it can't be read, all that it stands for is damaged. */
export function readSlice(frame: RowsFrame, rows: Uint8Array, view: ReadView): ReadEntries {
  const { fromOffset, nextOffset, endOffset, damaged } = frame
  const bounds = { fromOffset, maxRecords: Number.POSITIVE_INFINITY, untilOffset: nextOffset }
  try {
    return readEntries({ rows, damaged, nextOffset, endOffset }, bounds, view)
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error
    return readEntries({ rows: NO_ROWS, damaged: [allOf(frame)], nextOffset, endOffset }, bounds, view)
  }
}

/** Likewise as they are stored. */
function readStored(frame: RowsFrame, rows: Uint8Array): ReturnType<typeof storedEntries> {
  const { fromOffset, nextOffset, damaged } = frame
  try {
    return storedEntries(rows, fromOffset, nextOffset, damaged)
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error
    return storedEntries(NO_ROWS, fromOffset, nextOffset, [allOf(frame)])
  }
}

function allOf({ fromOffset, nextOffset }: RowsFrame): RowsFrame["damaged"][number] {
  return { firstOffset: fromOffset, lastOffset: nextOffset - 1 }
}

function storedBytes(deliveries: readonly Delivery[]): number {
  return deliveries.reduce((sum, { frame }) => sum + frame.length, 0)
}
