import type { Failure } from "../../core/errors.ts"
import { ok, type Result } from "../../core/result.ts"
import type { OffsetLookup, PartitionStatistics } from "../../core/stream/commands.ts"
import type { PartitionStub } from "../env.ts"
import { topicMetadata } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validateQuery } from "../validate.ts"
import { eachPartition } from "./each-partition.ts"
import { offsetsQuerySchema, offsetsSchema } from "./read-schemas.ts"

/** `GET /v1/topics/:topic/offsets` */
export const getOffsets: Operation = {
  id: "getOffsets",
  method: "GET",
  path: "/v1/topics/:topic/offsets",
  tag: "topics",
  summary: "Show where each partition begins and ends, and where the records of a time begin",
  demand: { topic: "read" },
  query: offsetsQuerySchema,
  body: null,
  responses: { 200: { description: "One entry per partition.", schema: offsetsSchema } },
  failures: ["invalid_name", "not_found", "invalid_field"],
  async handle(call) {
    const query = validateQuery(offsetsQuerySchema, call.request)
    if (!query.ok) return query
    const { timestamp = null } = query.value
    const topic = await topicMetadata.resolve(call, call.params["topic"]!)
    if (!topic.ok) return topic
    const partitions = await eachPartition(call, topic.value.entry.settings.partitions, (stub, version) =>
      lookUp(stub, version, timestamp),
    )
    return partitions.ok ? json({ partitions: partitions.value }) : partitions
  },
}

async function lookUp(
  stub: PartitionStub,
  version: number,
  timestamp: number | null,
): Promise<Result<PartitionStatistics & Partial<OffsetLookup>, Failure>> {
  const found = timestamp === null ? null : await stub.offsetAt(version, timestamp)
  if (found !== null && !found.ok) return found
  const statistics = await stub.statistics(version)
  return statistics.ok ? ok({ ...statistics.value, ...found?.value }) : statistics
}
