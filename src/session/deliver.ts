import { CorruptError } from "../core/bytes/corrupt.ts"
import { decodeDeliveries } from "../core/log/delivered.ts"
import type { FromObject } from "../protocol/internal/frames.ts"
import { deliveriesJson } from "../protocol/native/deliveries.ts"
import { entriesJson, readEntries, type ReadEntries, type ReadView } from "../protocol/native/reads.ts"
import { SHARD } from "./publishes.ts"
import { shareContent, type ShareSource } from "../protocol/native/share-json.ts"
import { messagesFrame, recordsFrame, shareFrame } from "./server-frames.ts"

/** A `deliver` frame for the client, and what it takes of the credit: counted as the object counts. */
export interface Delivered {
  readonly frame: string
  readonly messages: number
  readonly bytes: number
}

/** Stored rows on their way to a reader. */
export type RowsFrame = Extract<FromObject, { type: "rows" }>

const NO_ROWS = new Uint8Array(0)

/** Messages of a queue. */
export function deliverMessages(sub: number, incarnation: number, blob: Uint8Array): Delivered {
  const deliveries = decodeDeliveries(blob)
  const bytes = deliveries.reduce((sum, { frame }) => sum + frame.length, 0)
  const messages = deliveriesJson({ incarnation, shard: SHARD }, deliveries)
  return { frame: messagesFrame(sub, messages, bytes), messages: deliveries.length, bytes }
}

/** Records of a partition, locked for a share group. */
export function deliverShare(
  sub: number,
  source: ShareSource,
  blob: Uint8Array,
  timestamp: ReadView["timestamp"],
): Delivered {
  const deliveries = decodeDeliveries(blob)
  const bytes = deliveries.reduce((sum, { frame }) => sum + frame.length, 0)
  return {
    frame: shareFrame(sub, shareContent(source, deliveries, timestamp), bytes),
    messages: deliveries.length,
    bytes,
  }
}

/** Records of a partition with whose `timestamp` they show; damaged ones stand among them as problems. */
export function deliverRecords(frame: RowsFrame, blob: Uint8Array, timestamp: ReadView["timestamp"]): Delivered {
  const { sub, nextOffset, endOffset } = frame
  const { entries } = readSlice(frame, blob, { filter: null, damaged: "report", timestamp })
  const bytes = blob.length
  return {
    frame: recordsFrame(sub, entriesJson(entries), { nextOffset, endOffset, bytes }),
    messages: frame.count,
    bytes,
  }
}

/** The records that a frame of rows brought; where it can't be read, all that it stands for is damaged. */
export function readSlice(frame: RowsFrame, rows: Uint8Array, view: ReadView): ReadEntries {
  const { fromOffset, nextOffset, endOffset, damaged } = frame
  const bounds = { fromOffset, maxRecords: Number.POSITIVE_INFINITY, untilOffset: nextOffset }
  try {
    return readEntries({ rows, damaged, nextOffset, endOffset }, bounds, view)
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error
    const all = [{ firstOffset: fromOffset, lastOffset: nextOffset - 1 }]
    return readEntries({ rows: NO_ROWS, damaged: all, nextOffset, endOffset }, bounds, view)
  }
}
