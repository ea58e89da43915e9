import { equalBytes } from "../../bytes/equal.ts"
import { utf8 } from "../../bytes/text.ts"
import { decodeOrNull } from "../../log/read.ts"
import type { LogRecord } from "../../log/types.ts"
import { readDeadLetter } from "../dead-letter.ts"
import type { MessageFilter } from "./commands.ts"

/** Whether a filter says nothing about what is in a message: then no payload has to be read. */
export function isBlind({ reason, header, groupId }: MessageFilter): boolean {
  return reason === null && header === null && groupId === null
}

/** Whether a message of this age is meant; one whose time is not known only where the filter names none. */
export function matchesTime({ sentAfter, sentBefore }: MessageFilter, sentAt: number | null): boolean {
  if (sentAfter === null && sentBefore === null) return true
  if (sentAt === null) return false
  return (sentAfter === null || sentAt >= sentAfter) && (sentBefore === null || sentAt < sentBefore)
}

/** Whether a message with this content is meant. A damaged frame matches nothing that is asked of it. */
export function matchesContent(filter: MessageFilter, frame: Uint8Array): boolean {
  const { reason, header, groupId } = filter
  if (reason !== null && readDeadLetter(frame)?.reason !== reason) return false
  if (header === null && groupId === null) return true
  const record = decodeOrNull(frame)
  if (!record) return false
  if (groupId !== null && !(record.key && equalBytes(record.key, utf8(groupId)))) return false
  return header === null || hasHeader(record, header)
}

function hasHeader(record: LogRecord, wanted: { readonly name: string; readonly value: string }): boolean {
  const [name, value] = [utf8(wanted.name), utf8(wanted.value)]
  return record.headers.some((header) => equalBytes(header.name, name) && equalBytes(header.value, value))
}
