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
  /** What the broker added. */
  readonly added: ReadonlyMap<string, string>
}

const NO_HEADERS: ReadonlyMap<string, string> = new Map()
const DAMAGED: LogRecord = { format: "text", value: new Uint8Array(0), key: null, headers: [], producedAt: null }

/** Reads the frame of `delivery`; a damaged one is a message without anything in it. */
export function openMessage(delivery: Delivery): OpenedMessage {
  const record = readFrame(delivery.frame)
  if (record === null || record.headers.length === 0) {
    const isDamaged = record === null
    const shared = { details: NO_DETAILS, headers: NO_HEADERS, added: NO_HEADERS }
    return { delivery, record: record ?? DAMAGED, isDamaged, ...shared }
  }
  return { delivery, record, isDamaged: false, ...sorted(record.headers) }
}

function sorted(all: readonly Header[]): Pick<OpenedMessage, "details" | "headers" | "added"> {
  const headers = new Map<string, string>()
  const added = new Map<string, string>()
  for (const { name, value } of all) {
    const text = utf8Text(name)
    const side = text.startsWith(RESERVED_PREFIX) ? added : headers
    side.set(text, utf8Text(value))
  }
  const details = added.get(DETAILS_HEADER)
  return { headers, added, details: details === undefined ? NO_DETAILS : parseDetails(details) }
}
