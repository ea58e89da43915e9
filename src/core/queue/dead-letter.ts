import { utf8 } from "../bytes/text.ts"
import type { Departure } from "../delivery/types.ts"
import { encodeFrame, encodeMovedFrame, movedHeaders } from "../log/frame.ts"
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
  moves: "millrace-dead-letter-moves",
} as const

/** Stands in the id of a record, `<partition>/<offset>`, and in that of no message. */
const PARTITION_END = "/"

/** What the headers of a dead letter say of it. */
export interface DeadLetter {
  /** The queue that it left; null where it left a topic, to which nothing goes back. */
  readonly queue: string | null
  readonly reason: string
  /** How often it was dead-lettered. */
  readonly moves: number
}

/** Reads a frame as that of a dead letter, or answers null where it is none; the message itself is not looked at. */
export function readDeadLetter(frame: Uint8Array): DeadLetter | null {
  const headers = movedHeaders(frame)
  const text = (name: string): string | null => {
    const found = headers.find((header) => ascii(header.name) === name)
    return found ? ascii(found.value) : null
  }
  const [source, reason] = [text(DEAD_LETTER_HEADERS.source), text(DEAD_LETTER_HEADERS.reason)]
  if (source === null || reason === null) return null
  const leftTopic = text(DEAD_LETTER_HEADERS.id)?.includes(PARTITION_END) ?? false
  return { queue: leftTopic ? null : source, reason, moves: Number(text(DEAD_LETTER_HEADERS.moves) ?? 1) }
}

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
    header(DEAD_LETTER_HEADERS.moves, String((readDeadLetter(frame)?.moves ?? 0) + 1)),
  ]
  if (departure.error !== null) headers.push(header(DEAD_LETTER_HEADERS.error, departure.error))
  return encodeMovedFrame(frame.length > 0 ? frame : EMPTY_FRAME, headers)
}

/** Stands for a message whose stored row is damaged: the headers still tell which one it was. */
const EMPTY_FRAME = encodeFrame({ format: "bytes", value: new Uint8Array(0), key: null, headers: [], producedAt: null })

/** Names of queues, reasons and numbers are ASCII; anything else comes out as something that is none of them. */
function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

function header(name: string, value: string): Header {
  return { name: utf8(name), value: utf8(value) }
}
