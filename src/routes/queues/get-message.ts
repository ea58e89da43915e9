import { browsedJson } from "../../protocol/native/browsed-messages.ts"
import { SHARD } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { callMessage } from "./call-message.ts"
import { browsedMessageSchema } from "./operator-schemas.ts"

/** `GET /v1/queues/:queue/messages/:message` */
export const getMessage: Operation = {
  id: "getMessage",
  method: "GET",
  path: "/v1/queues/:queue/messages/:message",
  tag: "queues",
  summary: "Look at one message without receiving it",
  demand: { queue: "read" },
  query: null,
  body: null,
  responses: { 200: { description: "The message.", schema: browsedMessageSchema } },
  failures: ["invalid_name", "invalid_request", "not_found"],
  async handle(call) {
    const found = await callMessage(call, "idempotent", (queue, { version }, counter) => queue.find(version, counter))
    if (!found.ok) return found
    return jsonText(browsedJson({ incarnation: found.value.incarnation, shard: SHARD }, found.value))
  },
}
