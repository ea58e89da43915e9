import { ok } from "../../core/result.ts"
import { callGroup } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { descriptionView, groupView } from "./group-view.ts"
import { groupWithMembersSchema } from "./schemas.ts"

/** `GET /v1/groups/:group` */
export const getGroup: Operation = {
  id: "getGroup",
  method: "GET",
  path: "/v1/groups/:group",
  tag: "groups",
  summary: "Show a group's settings, its members and what each has",
  demand: { group: "read" },
  query: null,
  body: null,
  responses: { 200: { description: "The group.", schema: groupWithMembersSchema } },
  failures: ["invalid_name", "not_found"],
  async handle(call) {
    const shown = await callGroup(call, call.params["group"]!, "idempotent", async (group, entry) => {
      const description = await group.describe(entry.version)
      return description.ok ? ok({ ...groupView(entry), ...descriptionView(description.value) }) : description
    })
    return shown.ok ? json(shown.value) : shown
  },
}
