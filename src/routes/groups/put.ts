import { readOptionalJson } from "../body.ts"
import { callCatalog, groupMetadata } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validate } from "../validate.ts"
import { groupPatch, groupView } from "./group-view.ts"
import { groupSchema } from "./schemas.ts"
import { groupPatchSchema } from "./settings-schemas.ts"

/** `PUT /v1/groups/:group` */
export const putGroup: Operation = {
  id: "putGroup",
  method: "PUT",
  path: "/v1/groups/:group",
  tag: "groups",
  summary: "Create a group, or change its settings",
  authenticated: true,
  query: null,
  body: { schema: groupPatchSchema, optional: true },
  responses: {
    200: { description: "The group was there; its settings are as asked for.", schema: groupSchema },
    201: { description: "The group was created.", schema: groupSchema },
  },
  failures: ["invalid_json", "invalid_name", "unsupported_media_type", "invalid_field", "conflict", "being_deleted"],
  async handle(call) {
    const name = call.params["group"]!
    const body = await readOptionalJson(call.request)
    if (!body.ok) return body
    const patch = validate(groupPatchSchema, body.value.value)
    if (!patch.ok) return patch
    const put = await callCatalog(call, "idempotent", (catalog) => catalog.putGroup(name, groupPatch(patch.value)))
    if (!put.ok) return put
    const { created, entry } = put.value
    groupMetadata.store(call, entry)
    return created ? json(groupView(entry), 201, { Location: `/v1/groups/${name}` }) : json(groupView(entry))
  },
}
