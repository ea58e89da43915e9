import { topicMetadata } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { eachPartition } from "./each-partition.ts"
import { topicWithPartitionsSchema } from "./schemas.ts"
import { topicView } from "./topic-view.ts"

/** `GET /v1/topics/:topic` */
export const getTopic: Operation = {
  id: "getTopic",
  method: "GET",
  path: "/v1/topics/:topic",
  tag: "topics",
  summary: "Show a topic's settings and what its partitions hold",
  demand: { topic: "read" },
  query: null,
  body: null,
  responses: { 200: { description: "The topic.", schema: topicWithPartitionsSchema } },
  failures: ["invalid_name", "not_found"],
  async handle(call) {
    const topic = await topicMetadata.reload(call, call.params["topic"]!)
    if (!topic.ok) return topic
    const partitions = await eachPartition(call, topic.value.settings.partitions, (stub, version) =>
      stub.statistics(version),
    )
    return partitions.ok ? json({ ...topicView(topic.value), partitions: partitions.value }) : partitions
  },
}
