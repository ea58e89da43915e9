import { ok } from "../../core/result.ts"
import { callCatalog, groupMetadata } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { listReadable } from "../readable-list.ts"
import { json } from "../respond.ts"
import { listQuerySchema } from "../schemas.ts"
import { validateQuery } from "../validate.ts"
import { groupView } from "./group-view.ts"
import { groupListSchema } from "./schemas.ts"

/** `GET /v1/groups` */
export const listGroups: Operation = {
  id: "listGroups",
  method: "GET",
  path: "/v1/groups",
  tag: "groups",
  summary: "List groups in order of their names",
  demand: { somewhere: "read", kinds: ["group"] },
  query: listQuerySchema,
  body: null,
  responses: { 200: { description: "One page; `cursor` asks for the next one.", schema: groupListSchema } },
  failures: ["invalid_field"],
  async handle(call) {
    const query = validateQuery(listQuerySchema, call.request)
    if (!query.ok) return query
    const { prefix, limit, cursor = null } = query.value
    const page = await listReadable(call, "group", { prefix, limit, cursor }, (request) =>
      callCatalog(call, "idempotent", async (catalog) => ok(await catalog.listGroups(request))),
    )
    if (!page.ok) return page
    const { items, cursor: next } = page.value
    return json({ groups: items.map((item) => groupView(groupMetadata.complete(item))), cursor: next })
  },
}
