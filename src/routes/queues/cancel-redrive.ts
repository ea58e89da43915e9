import { callQueue } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { redriveViewSchema } from "./operator-schemas.ts"
import { redriveView } from "./redrive-view.ts"

/** `DELETE /v1/queues/:queue/redrive` */
export const cancelRedrive: Operation = {
  id: "cancelRedrive",
  method: "DELETE",
  path: "/v1/queues/:queue/redrive",
  tag: "queues",
  summary: "End the redrive that is running; what was moved stays moved",
  demand: { queue: "manage" },
  query: null,
  body: null,
  responses: { 200: { description: "The redrive as it ended.", schema: redriveViewSchema } },
  failures: ["invalid_name", "not_found"],
  async handle(call) {
    const cancelled = await callQueue(call, call.params["queue"]!, "once", (queue, { version }) =>
      queue.cancelRedrive(version),
    )
    return cancelled.ok ? json(redriveView(cancelled.value)) : cancelled
  },
}
