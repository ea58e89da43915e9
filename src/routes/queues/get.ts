import { ok } from "../../core/result.ts"
import { callQueue } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { queueView } from "./queue-view.ts"
import { queueWithStatisticsSchema } from "./schemas.ts"

/** `GET /v1/queues/:queue` */
export const getQueue: Operation = {
  id: "getQueue",
  method: "GET",
  path: "/v1/queues/:queue",
  tag: "queues",
  summary: "Show a queue's settings and statistics",
  demand: { queue: "read" },
  query: null,
  body: null,
  responses: { 200: { description: "The queue.", schema: queueWithStatisticsSchema } },
  failures: ["invalid_name", "not_found"],
  async handle(call) {
    const shown = await callQueue(call, call.params["queue"]!, "idempotent", async (queue, entry) => {
      const statistics = await queue.statistics(entry.version)
      return statistics.ok ? ok({ ...queueView(entry), statistics: statistics.value }) : statistics
    })
    return shown.ok ? json(shown.value) : shown
  },
}
