import { callPartition } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validateQuery } from "../validate.ts"
import { partitionParam } from "./partition-param.ts"
import { trimmedSchema, trimQuerySchema } from "./schemas.ts"

/** `DELETE /v1/topics/:topic/partitions/:partition/records` */
export const trimRecords: Operation = {
  id: "trimRecords",
  method: "DELETE",
  path: "/v1/topics/:topic/partitions/:partition/records",
  tag: "topics",
  summary: "Drop the records of a partition before an offset",
  demand: { topic: "manage" },
  query: trimQuerySchema,
  body: null,
  responses: { 200: { description: "What the partition holds now.", schema: trimmedSchema } },
  failures: ["invalid_request", "invalid_name", "not_found", "offset_out_of_range", "invalid_field"],
  async handle(call) {
    const partition = partitionParam(call)
    if (!partition.ok) return partition
    const query = validateQuery(trimQuerySchema, call.request)
    if (!query.ok) return query
    const trimmed = await callPartition(call, call.params["topic"]!, partition.value, "idempotent", (stub, entry) =>
      stub.trim(entry.version, query.value.before),
    )
    return trimmed.ok ? json(trimmed.value) : trimmed
  },
}
