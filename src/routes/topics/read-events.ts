import type { Failure } from "../../core/errors.ts"
import { SSE_HEARTBEAT_MS } from "../../core/limits.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { TopicSettings } from "../../core/stream/settings.ts"
import {
  type EventId,
  HEARTBEAT,
  parseEventId,
  positionEvent,
  problemEvent,
  recordEvents,
} from "../../protocol/native/events.ts"
import { invalidField } from "../../protocol/native/fields.ts"
import { recordFilter } from "../../protocol/native/record-filter.ts"
import type { ReadView } from "../../protocol/native/reads.ts"
import { readSlice } from "../../session/deliver.ts"
import { type OpenFeed, openFeed } from "../../session/open-feed.ts"
import { EventWriter } from "../event-writer.ts"
import { callPartition } from "../objects.ts"
import type { Call } from "../operation.ts"
import { withinIncarnation } from "./incarnation.ts"
import { offsetOf } from "./partition-read.ts"
import { positionOf, type ReadQuery } from "./read-options.ts"

/** Server-sent events. */
export const EVENTS_TYPE = "text/event-stream"

const HEADERS = { "Content-Type": EVENTS_TYPE, "Cache-Control": "no-store" }
/** What a stream that goes on for ever has no use for. */
const OF_ONE_READ = ["maxRecords", "maxBytes", "waitMs"] as const

/** What is shown of a topic's records. */
type Shown = OpenFeed & { readonly timestamp: TopicSettings["timestamp"] }

/** Answers with the records from `from` on, as they come, or from behind the one in Last-Event-ID. */
export async function streamRecords(
  call: Call,
  partition: number,
  query: ReadQuery,
): Promise<Result<Response, Failure>> {
  const unused = OF_ONE_READ.find((name) => query[name] !== undefined)
  if (unused !== undefined) return invalidField(`/${unused}`, "a stream of events goes on")
  const last = lastEventId(call)
  if (!last.ok) return last
  const { value: id } = last
  const opened = await withinIncarnation(call, id?.incarnation ?? null, () => open(call, partition, query, id))
  if (!opened.ok) return opened
  const { feed, start, timestamp } = opened.value
  if (call.request.method === "HEAD") {
    feed.stop()
    return ok(new Response(null, { headers: HEADERS }))
  }
  const { key = null, header = null, damaged = "report" } = query
  const view = { filter: recordFilter(key, header), damaged, timestamp }
  const writer = new EventWriter(HEARTBEAT, SSE_HEARTBEAT_MS)
  call.request.signal.addEventListener("abort", () => writer.abandon())
  call.waitUntil(follow({ feed, start }, view, writer))
  return ok(new Response(writer.readable, { headers: HEADERS }))
}

/** Null where the client does not come back. */
function lastEventId(call: Call): Result<EventId | null, Failure> {
  const header = call.request.headers.get("last-event-id")
  if (header === null || header === "") return ok(null)
  const id = parseEventId(header)
  return id === null ? err({ code: "invalid_request", detail: "Last-Event-ID is no id of this stream." }) : ok(id)
}

async function open(
  call: Call,
  partition: number,
  query: ReadQuery,
  last: EventId | null,
): Promise<Result<Shown, Failure>> {
  const from = last === null ? await startOf(call, partition, query.from) : ok(last.offset + 1)
  if (!from.ok) return from
  return callPartition<Shown>(call, call.params["topic"]!, partition, "idempotent", async (stub, entry) => {
    const opened = await openFeed(stub, entry.version, from.value)
    if (!opened.ok) return opened
    const { feed, start } = opened.value
    if (last === null || last.incarnation === start.incarnation) {
      return ok({ feed, start, timestamp: entry.settings.timestamp })
    }
    feed.stop()
    return err({ code: "log_recreated" })
  })
}

/** The object itself knows best where its log begins and ends. */
async function startOf(
  call: Call,
  partition: number,
  from: string,
): Promise<Result<number | "earliest" | "latest", Failure>> {
  const position = positionOf(from)
  if (position.kind === "earliest" || position.kind === "latest") return ok(position.kind)
  return offsetOf(call, partition, position)
}

/** Each slice is written before the next is asked for: what a slow client has not taken stays in its object. */
async function follow({ feed, start }: OpenFeed, view: ReadView, writer: EventWriter): Promise<void> {
  const { incarnation, nextOffset } = start
  writer.onGone(() => feed.stop())
  try {
    let isThere = await writer.write(positionEvent({ incarnation, offset: nextOffset - 1 }))
    while (isThere) {
      const slice = await feed.next()
      if (!slice.ok) {
        await writer.write(problemEvent(slice.error))
        return
      }
      const { frame, rows } = slice.value
      isThere = await writer.write(recordEvents(incarnation, readSlice(frame, rows, view)))
    }
  } finally {
    feed.stop()
    await writer.end()
  }
}
