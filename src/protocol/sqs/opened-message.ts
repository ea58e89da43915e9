import { movedHeaders } from "../../core/log/frame.ts"
import type { Delivery, Header, LogRecord } from "../../core/log/types.ts"
import { readFrame } from "../native/message-json.ts"
import { utf8Text } from "../native/record-json.ts"
import { DETAILS_HEADER, type MessageDetails, NO_DETAILS, parseDetails, RESERVED_PREFIX } from "./message-details.ts"

/** A message on its way out, with its headers sorted by whose they are. */
export interface OpenedMessage {
  readonly delivery: Delivery
  readonly record: LogRecord
  /** Whether what was stored can't be read. */
  readonly isDamaged: boolean
  readonly details: MessageDetails
  /** What was sent with it; where a name stood twice, the last one. */
  readonly headers: ReadonlyMap<string, string>
  /** What the broker added when it moved: nothing that a sender wrote, whatever its name. */
  readonly moved: ReadonlyMap<string, string>
}

const NO_HEADERS: ReadonlyMap<string, string> = new Map()
const DAMAGED: LogRecord = { format: "text", value: new Uint8Array(0), key: null, headers: [], producedAt: null }

/** Reads the frame of `delivery`; a damaged one is a message without anything in it. */
export function openMessage(delivery: Delivery): OpenedMessage {
  const record = readFrame(delivery.frame)
  if (record === null || record.headers.length === 0) {
    const isDamaged = record === null
    const shared = { details: NO_DETAILS, headers: NO_HEADERS, moved: NO_HEADERS }
    return { delivery, record: record ?? DAMAGED, isDamaged, ...shared }
  }
  const moved = textsOf(movedHeaders(delivery.frame))
  return { delivery, record, isDamaged: false, moved, ...sorted(textsOf(record.headers)) }
}

function sorted(all: ReadonlyMap<string, string>): Pick<OpenedMessage, "details" | "headers"> {
  const details = all.get(DETAILS_HEADER)
  const headers = new Map([...all].filter(([name]) => !name.startsWith(RESERVED_PREFIX)))
  return { headers, details: details === undefined ? NO_DETAILS : parseDetails(details) }
}

function textsOf(headers: readonly Header[]): ReadonlyMap<string, string> {
  return new Map(headers.map(({ name, value }) => [utf8Text(name), utf8Text(value)]))
}
