import type { Failure } from "../../core/errors.ts"
import { problemOf } from "./problems.ts"
import type { ReadEntries, ReadEntry } from "./reads.ts"

/** Where a stream of events stands: behind a record of one life of a topic; −1 is before the first. */
export interface EventId {
  readonly incarnation: number
  readonly offset: number
}

/** A comment: shows that somebody is there, and means nothing. */
export const HEARTBEAT = ":\n\n"

const EVENT_ID = /^(\d{1,16})-(-1|\d{1,16})$/
const LINE_END = /\r\n|\r|\n/

/** An id as `Last-Event-ID` brings it back, or null for what is none. */
export function parseEventId(text: string): EventId | null {
  const [, incarnation, offset] = EVENT_ID.exec(text) ?? []
  const id = { incarnation: Number(incarnation), offset: Number(offset) }
  return Number.isSafeInteger(id.incarnation) && id.offset < Number.MAX_SAFE_INTEGER ? id : null
}

/** An event that says only where the stream stands; no client shows it. */
export function positionEvent({ incarnation, offset }: EventId): string {
  return `id: ${incarnation}-${offset}\n\n`
}

/** Events for what was read; where the last record is not among it, one that says how far the stream is. */
export function recordEvents(incarnation: number, { entries, nextOffset }: ReadEntries): string {
  const events = entries.map((entry) => recordEvent(incarnation, entry)).join("")
  const offset = nextOffset - 1
  return entries.at(-1)?.lastOffset === offset ? events : events + positionEvent({ incarnation, offset })
}

/** The last event of a stream that ends before its reader wished. */
export function problemEvent(failure: Failure): string {
  return `event: problem\n${dataLines(JSON.stringify(problemOf(failure).document))}\n`
}

function recordEvent(incarnation: number, { lastOffset, isDamaged, json }: ReadEntry): string {
  const kind = isDamaged ? "event: damaged\n" : ""
  return `id: ${incarnation}-${lastOffset}\n${kind}${dataLines(json)}\n`
}

/** JSON as it was written may have lines; between them is only what JSON passes over. */
function dataLines(json: string): string {
  return json
    .split(LINE_END)
    .map((line) => `data: ${line}\n`)
    .join("")
}
