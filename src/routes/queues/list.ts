import { ok } from "../../core/result.ts"
import { callCatalog, queueMetadata } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { listReadable } from "../readable-list.ts"
import { json } from "../respond.ts"
import { listQuerySchema } from "../schemas.ts"
import { validateQuery } from "../validate.ts"
import { queueView } from "./queue-view.ts"
import { queueListSchema } from "./schemas.ts"

/** `GET /v1/queues` */
export const listQueues: Operation = {
  id: "listQueues",
  method: "GET",
  path: "/v1/queues",
  tag: "queues",
  summary: "List queues in order of their names",
  demand: { somewhere: "read", kinds: ["queue"] },
  query: listQuerySchema,
  body: null,
  responses: { 200: { description: "One page; `cursor` asks for the next one.", schema: queueListSchema } },
  failures: ["invalid_field"],
  async handle(call) {
    const query = validateQuery(listQuerySchema, call.request)
    if (!query.ok) return query
    const { prefix, limit, cursor = null } = query.value
    const page = await listReadable(call, "queue", { prefix, limit, cursor }, (request) =>
      callCatalog(call, "idempotent", async (catalog) => ok(await catalog.listQueues(request))),
    )
    if (!page.ok) return page
    const { items, cursor: next } = page.value
    return json({ queues: items.map((item) => queueView(queueMetadata.complete(item))), cursor: next })
  },
}
