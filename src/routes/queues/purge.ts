import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validateQuery } from "../validate.ts"
import { filterOfQuery } from "./message-filter.ts"
import { purgedSchema, purgeQuerySchema, STATES } from "./operator-schemas.ts"
import { purgeQueue } from "./purge-queue.ts"

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
    const removed = await purgeQueue(call, call.params["queue"]!, {
      states: STATES.filter((one) => named.includes(one)),
      filter: filterOfQuery(filter),
    })
    return removed.ok ? json({ removed: removed.value }) : removed
  },
}
