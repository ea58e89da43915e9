import { subscriptionNeeds } from "../../core/access/uses.ts"
import { memberView } from "../../protocol/native/member-json.ts"
import { readJson } from "../body.ts"
import { permitNeeds } from "../middleware/permit.ts"
import { callGroup } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validate } from "../validate.ts"
import { joinSchema, memberSchema } from "./member-schemas.ts"

/** `POST /v1/groups/:group/members` */
export const joinGroup: Operation = {
  id: "joinGroup",
  method: "POST",
  path: "/v1/groups/:group/members",
  tag: "groups",
  summary: "Join a group",
  demand: { group: "consume" },
  query: null,
  body: { schema: joinSchema },
  responses: { 200: { description: "The member, with the partitions that it has already.", schema: memberSchema } },
  failures: [
    "invalid_json",
    "invalid_name",
    "not_found",
    "being_deleted",
    "unsupported_media_type",
    "invalid_field",
    "conflict",
  ],
  async handle(call) {
    const body = await readJson(call.request)
    if (!body.ok) return body
    const asked = validate(joinSchema, body.value.value)
    if (!asked.ok) return asked
    const { topics = [], patterns = [], instanceId = null } = asked.value
    const permitted = permitNeeds(call, subscriptionNeeds({ topics, patterns }))
    if (!permitted.ok) return permitted
    // with an id of its own, so that a join whose answer was lost can be made again
    const request = { memberId: crypto.randomUUID(), instanceId, subscription: { topics, patterns } }
    const joined = await callGroup(call, call.params["group"]!, "idempotent", (group, { version }) =>
      group.join(version, request),
    )
    return joined.ok ? json(memberView(joined.value)) : joined
  },
}
