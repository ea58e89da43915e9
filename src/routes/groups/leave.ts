import { callGroup } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { noContent } from "../respond.ts"

/** `DELETE /v1/groups/:group/members/:member` */
export const leaveGroup: Operation = {
  id: "leaveGroup",
  method: "DELETE",
  path: "/v1/groups/:group/members/:member",
  tag: "groups",
  summary: "Leave a group",
  demand: { group: "consume" },
  query: null,
  body: null,
  responses: { 204: { description: "The member is out; its partitions go to others.", schema: null } },
  failures: ["invalid_name", "not_found", "being_deleted"],
  async handle(call) {
    const { group: name, member } = call.params
    const left = await callGroup(call, name!, "once", (group, { version }) => group.leave(version, member!))
    return left.ok ? noContent() : left
  },
}
