import type { Failure } from "../../core/errors.ts"
import type { PurgeCursor, PurgeReply, PurgeRequest } from "../../core/queue/operator/commands.ts"
import { err, ok, type Result } from "../../core/result.ts"
import { callQueue } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validateQuery } from "../validate.ts"
import { filterOfQuery } from "./message-filter.ts"
import { purgedSchema, purgeQuerySchema, STATES } from "./operator-schemas.ts"

/** `DELETE /v1/queues/:queue/messages` */
export const purgeMessages: Operation = {
  id: "purgeMessages",
  method: "DELETE",
  path: "/v1/queues/:queue/messages",
  tag: "queues",
  summary: "Delete all messages, or those that match",
  demand: { queue: "manage" },
  query: purgeQuerySchema,
  body: null,
  responses: { 200: { description: "How many are gone.", schema: purgedSchema } },
  failures: ["invalid_name", "not_found", "log_recreated", "invalid_field"],
  async handle(call) {
    const query = validateQuery(purgeQuerySchema, call.request)
    if (!query.ok) return query
    const { state, ...filter } = query.value
    const named = state.split(",")
    const removed = await purge(call, {
      states: STATES.filter((one) => named.includes(one)),
      filter: filterOfQuery(filter),
    })
    return removed.ok ? json({ removed: removed.value }) : removed
  },
}

/** Slice by slice, so that what else the queue has to do gets its turn. */
async function purge(call: Call, request: Omit<PurgeRequest, "cursor">): Promise<Result<number, Failure>> {
  let incarnation: number | null = null
  let cursor: PurgeCursor | null = null
  let removed = 0
  do {
    const slice: Result<PurgeReply, Failure> = await callQueue<PurgeReply>(
      call,
      call.params["queue"]!,
      "once",
      async (queue, entry) => {
        if (incarnation !== null && entry.incarnation !== incarnation) return err({ code: "log_recreated" })
        const reply = await queue.purge(entry.version, { ...request, cursor })
        // an entry that was refused may be of an earlier life, in which nothing was deleted
        if (reply.ok) incarnation = entry.incarnation
        return reply
      },
    )
    if (!slice.ok) return slice
    removed += slice.value.removed
    cursor = slice.value.cursor
  } while (cursor !== null)
  return ok(removed)
}
