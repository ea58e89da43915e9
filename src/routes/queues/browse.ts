import { ok } from "../../core/result.ts"
import { formatCursor, parseCursor } from "../../protocol/native/browse-cursor.ts"
import { browsedJson } from "../../protocol/native/browsed-messages.ts"
import { callQueue, SHARD } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { validateQuery } from "../validate.ts"
import { filterOfQuery } from "./message-filter.ts"
import { browsedPageSchema, browseQuerySchema } from "./operator-schemas.ts"

/** `GET /v1/queues/:queue/messages` */
export const browseMessages: Operation = {
  id: "browseMessages",
  method: "GET",
  path: "/v1/queues/:queue/messages",
  tag: "queues",
  summary: "Look at messages without receiving them",
  demand: { queue: "read" },
  query: browseQuerySchema,
  body: null,
  responses: { 200: { description: "One page; `cursor` asks for the next one.", schema: browsedPageSchema } },
  failures: ["invalid_name", "not_found", "log_recreated", "invalid_field"],
  async handle(call) {
    const query = validateQuery(browseQuerySchema, call.request)
    if (!query.ok) return query
    const { state, limit, cursor: text, ...filter } = query.value
    const cursor = text === undefined ? ok(null) : parseCursor(state, text)
    if (!cursor.ok) return cursor
    const request = { state, limit, cursor: cursor.value, filter: filterOfQuery(filter) }
    const page = await callQueue(call, call.params["queue"]!, "idempotent", (queue, { version }) =>
      queue.browse(version, request),
    )
    if (!page.ok) return page
    const { incarnation, messages, cursor: next } = page.value
    const listed = messages.map((message) => browsedJson({ incarnation, shard: SHARD }, message)).join(",")
    const nextText = next === null ? "null" : `"${formatCursor(state, next)}"`
    return jsonText(`{"messages":[${listed}],"cursor":${nextText}}`)
  },
}
