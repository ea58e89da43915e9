import type { Operation } from "../operation.ts"
import { noContent } from "../respond.ts"
import { callMessage } from "./call-message.ts"

/** `DELETE /v1/queues/:queue/messages/:message` */
export const deleteMessage: Operation = {
  id: "deleteMessage",
  method: "DELETE",
  path: "/v1/queues/:queue/messages/:message",
  tag: "queues",
  summary: "Delete a message that nobody works on; cancels a scheduled one",
  demand: { queue: "manage" },
  query: null,
  body: null,
  responses: { 204: { description: "The message is gone.", schema: null } },
  failures: ["invalid_name", "invalid_request", "not_found", "message_in_flight"],
  async handle(call) {
    const removed = await callMessage(call, "once", (queue, { version }, counter) => queue.remove(version, counter))
    return removed.ok ? noContent() : removed
  },
}
