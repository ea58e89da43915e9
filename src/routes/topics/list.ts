import { ok } from "../../core/result.ts"
import { callCatalog, topicMetadata } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { listReadable } from "../readable-list.ts"
import { json } from "../respond.ts"
import { listQuerySchema } from "../schemas.ts"
import { validateQuery } from "../validate.ts"
import { topicListSchema } from "./schemas.ts"
import { topicView } from "./topic-view.ts"

/** `GET /v1/topics` */
export const listTopics: Operation = {
  id: "listTopics",
  method: "GET",
  path: "/v1/topics",
  tag: "topics",
  summary: "List topics in order of their names",
  demand: { somewhere: "read", kinds: ["topic"] },
  query: listQuerySchema,
  body: null,
  responses: { 200: { description: "One page; `cursor` asks for the next one.", schema: topicListSchema } },
  failures: ["invalid_field"],
  async handle(call) {
    const query = validateQuery(listQuerySchema, call.request)
    if (!query.ok) return query
    const { prefix, limit, cursor = null } = query.value
    const page = await listReadable(call, "topic", { prefix, limit, cursor }, (request) =>
      callCatalog(call, "idempotent", async (catalog) => ok(await catalog.listTopics(request))),
    )
    if (!page.ok) return page
    const { items, cursor: next } = page.value
    return json({ topics: items.map((item) => topicView(topicMetadata.complete(item))), cursor: next })
  },
}
