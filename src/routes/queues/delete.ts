import { callCatalog, queueMetadata } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { noContent } from "../respond.ts"

/** `DELETE /v1/queues/:queue` */
export const deleteQueue: Operation = {
  id: "deleteQueue",
  method: "DELETE",
  path: "/v1/queues/:queue",
  tag: "queues",
  summary: "Delete a queue and all of its messages",
  demand: { queue: "manage" },
  query: null,
  body: null,
  responses: { 204: { description: "The queue is gone.", schema: null } },
  failures: ["invalid_name", "not_found", "being_deleted"],
  async handle(call) {
    const name = call.params["queue"]!
    queueMetadata.forget(call, name)
    const deleted = await callCatalog(call, "once", (catalog) => catalog.deleteQueue(name))
    queueMetadata.forget(call, name)
    return deleted.ok ? noContent() : deleted
  },
}
