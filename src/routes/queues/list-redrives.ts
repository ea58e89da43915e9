import { callQueue } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { redriveListSchema } from "./operator-schemas.ts"
import { redriveView } from "./redrive-view.ts"

/** `GET /v1/queues/:queue/redrive` */
export const listRedrives: Operation = {
  id: "listRedrives",
  method: "GET",
  path: "/v1/queues/:queue/redrive",
  tag: "queues",
  summary: "Show the last redrives, the newest first",
  demand: { queue: "read" },
  query: null,
  body: null,
  responses: { 200: { description: "The redrives.", schema: redriveListSchema } },
  failures: ["invalid_name", "not_found"],
  async handle(call) {
    const listed = await callQueue(call, call.params["queue"]!, "idempotent", (queue, { version }) =>
      queue.redrives(version),
    )
    return listed.ok ? json({ redrives: listed.value.map(redriveView) }) : listed
  },
}
