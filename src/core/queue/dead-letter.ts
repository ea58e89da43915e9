import { utf8 } from "../bytes/text.ts"
import type { Departure } from "../delivery/types.ts"
import { encodeFrame, encodeMovedFrame } from "../log/frame.ts"
import type { Header } from "../log/types.ts"

/** Names of the headers that a dead letter carries besides its own. */
export const DEAD_LETTER_HEADERS = {
  source: "millrace-dead-letter-source",
  id: "millrace-dead-letter-id",
  offset: "millrace-dead-letter-offset",
  reason: "millrace-dead-letter-reason",
  deliveryCount: "millrace-dead-letter-delivery-count",
  firstDeliveredAt: "millrace-dead-letter-first-delivered-at",
  deadLetteredAt: "millrace-dead-letter-at",
  error: "millrace-dead-letter-error",
} as const

/** The frame of a dead letter: the message as it was, wrapped in headers that say where it comes from and why. */
export function deadLetterFrame(
  frame: Uint8Array,
  from: { readonly source: string; readonly messageId: string },
  departure: Departure,
  now: number,
): Uint8Array {
  const headers = [
    header(DEAD_LETTER_HEADERS.source, from.source),
    header(DEAD_LETTER_HEADERS.id, from.messageId),
    header(DEAD_LETTER_HEADERS.offset, String(departure.offset)),
    header(DEAD_LETTER_HEADERS.reason, departure.reason),
    header(DEAD_LETTER_HEADERS.deliveryCount, String(departure.deliveryCount)),
    header(DEAD_LETTER_HEADERS.firstDeliveredAt, String(departure.firstDeliveredAt)),
    header(DEAD_LETTER_HEADERS.deadLetteredAt, String(now)),
  ]
  if (departure.error !== null) headers.push(header(DEAD_LETTER_HEADERS.error, departure.error))
  return encodeMovedFrame(frame.length > 0 ? frame : EMPTY_FRAME, headers)
}

/** Stands for a message whose stored row is damaged: the headers still tell which one it was. */
const EMPTY_FRAME = encodeFrame({ format: "bytes", value: new Uint8Array(0), key: null, headers: [], producedAt: null })

function header(name: string, value: string): Header {
  return { name: utf8(name), value: utf8(value) }
}
