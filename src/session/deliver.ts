import { CorruptError } from "../core/bytes/corrupt.ts"
import { decodeDeliveries } from "../core/log/delivered.ts"
import type { FromObject } from "../protocol/internal/frames.ts"
import { deliveriesJson } from "../protocol/native/deliveries.ts"
import { type ReadJson, readJson } from "../protocol/native/reads.ts"
import { SHARD } from "./publishes.ts"
import { messagesFrame, recordsFrame } from "./server-frames.ts"

/** A `deliver` frame for the client, and what it takes of the credit: counted as the object counts. */
export interface Delivered {
  readonly frame: string
  readonly messages: number
  readonly bytes: number
}

type RowsFrame = Extract<FromObject, { type: "rows" }>

const NO_ROWS = new Uint8Array(0)

/** Messages of a queue. */
export function deliverMessages(sub: number, incarnation: number, blob: Uint8Array): Delivered {
  const deliveries = decodeDeliveries(blob)
  const bytes = deliveries.reduce((sum, { frame }) => sum + frame.length, 0)
  const messages = deliveriesJson({ incarnation, shard: SHARD }, deliveries)
  return { frame: messagesFrame(sub, messages, bytes), messages: deliveries.length, bytes }
}

/** Records of a partition; damaged ones stand among them as problems. */
export function deliverRecords(frame: RowsFrame, incarnation: number, blob: Uint8Array): Delivered {
  const { sub, nextOffset, endOffset } = frame
  const { records } = readOrDamaged(frame, incarnation, blob)
  const bytes = blob.length
  return {
    frame: recordsFrame(sub, records, { nextOffset, endOffset, bytes }),
    messages: frame.count,
    bytes,
  }
}

function readOrDamaged(frame: RowsFrame, incarnation: number, blob: Uint8Array): ReadJson {
  const { fromOffset, nextOffset, endOffset, damaged } = frame
  const reply = { incarnation, rows: blob, damaged, nextOffset, startOffset: 0, endOffset }
  try {
    return readJson(reply, fromOffset, Number.POSITIVE_INFINITY, nextOffset)
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error
    const all = [{ firstOffset: fromOffset, lastOffset: nextOffset - 1 }]
    return readJson({ ...reply, rows: NO_ROWS, damaged: all }, fromOffset, 1)
  }
}
