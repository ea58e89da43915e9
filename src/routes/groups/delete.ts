import { callCatalog, groupMetadata } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { noContent } from "../respond.ts"

/** `DELETE /v1/groups/:group` */
export const deleteGroup: Operation = {
  id: "deleteGroup",
  method: "DELETE",
  path: "/v1/groups/:group",
  tag: "groups",
  summary: "Delete a group and its offsets",
  demand: { group: "manage" },
  query: null,
  body: null,
  responses: { 204: { description: "The group is gone; its members are fenced.", schema: null } },
  failures: ["invalid_name", "not_found", "being_deleted", "unavailable"],
  async handle(call) {
    const name = call.params["group"]!
    groupMetadata.forget(call, name)
    const deleted = await callCatalog(call, "once", (catalog) => catalog.deleteGroup(name))
    groupMetadata.forget(call, name)
    return deleted.ok ? noContent() : deleted
  },
}
