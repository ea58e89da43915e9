import type { Failure } from "../../core/errors.ts"
import { ok, type Result } from "../../core/result.ts"
import type { PartitionStatistics } from "../../core/stream/commands.ts"
import { callPartition, topicMetadata } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { topicWithPartitionsSchema } from "./schemas.ts"
import { topicView } from "./topic-view.ts"

/** `GET /v1/topics/:topic` */
export const getTopic: Operation = {
  id: "getTopic",
  method: "GET",
  path: "/v1/topics/:topic",
  tag: "topics",
  summary: "Show a topic's settings and what its partitions hold",
  authenticated: true,
  query: null,
  body: null,
  responses: { 200: { description: "The topic.", schema: topicWithPartitionsSchema } },
  failures: ["invalid_name", "not_found"],
  async handle(call) {
    const topic = await topicMetadata.reload(call, call.params["topic"]!)
    if (!topic.ok) return topic
    const partitions = await partitionStatistics(call, topic.value.name, topic.value.settings.partitions)
    return partitions.ok ? json({ ...topicView(topic.value), partitions: partitions.value }) : partitions
  },
}

async function partitionStatistics(
  call: Call,
  topic: string,
  count: number,
): Promise<Result<(PartitionStatistics & { partition: number })[], Failure>> {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, partition) =>
      callPartition(call, topic, partition, "idempotent", async (stub, entry) => {
        const statistics = await stub.statistics(entry.version)
        return statistics.ok ? ok({ partition, ...statistics.value }) : statistics
      }),
    ),
  )
  const failed = answers.find((answer) => !answer.ok)
  return failed ?? ok(answers.flatMap((answer) => (answer.ok ? [answer.value] : [])))
}
