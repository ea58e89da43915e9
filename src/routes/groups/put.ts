import type { InferOutput } from "valibot"
import type { Need } from "../../core/access/needs.ts"
import { targetNeeds } from "../../core/access/uses.ts"
import { readOptionalJson } from "../body.ts"
import { permitNeeds } from "../middleware/permit.ts"
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
  demand: { group: "manage" },
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
    const permitted = permitNeeds(call, deadLetterNeeds(patch.value.deadLetter))
    if (!permitted.ok) return permitted
    const put = await callCatalog(call, "idempotent", (catalog) => catalog.putGroup(name, groupPatch(patch.value)))
    if (!put.ok) return put
    const { created } = put.value
    const entry = groupMetadata.store(call, put.value.entry)
    return created ? json(groupView(entry), 201, { Location: `/v1/groups/${name}` }) : json(groupView(entry))
  },
}

/** What it takes to have records put there by the broker: what putting them there oneself takes. */
function deadLetterNeeds(target: InferOutput<typeof groupPatchSchema>["deadLetter"]): Need[] {
  if (target === null || target === undefined) return []
  if ("queue" in target) return targetNeeds(target.queue)
  return [{ action: "produce", kind: "topic", name: target.topic }]
}
