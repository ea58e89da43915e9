import { callCatalog, topicMetadata } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { noContent } from "../respond.ts"

/** `DELETE /v1/topics/:topic` */
export const deleteTopic: Operation = {
  id: "deleteTopic",
  method: "DELETE",
  path: "/v1/topics/:topic",
  tag: "topics",
  summary: "Delete a topic and all of its records",
  demand: { topic: "manage" },
  query: null,
  body: null,
  responses: { 204: { description: "The topic is gone.", schema: null } },
  failures: ["invalid_name", "not_found", "being_deleted"],
  async handle(call) {
    const name = call.params["topic"]!
    topicMetadata.forget(call, name)
    const deleted = await callCatalog(call, "once", (catalog) => catalog.deleteTopic(name))
    topicMetadata.forget(call, name)
    return deleted.ok ? noContent() : deleted
  },
}
