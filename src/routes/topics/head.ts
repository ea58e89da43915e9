import type { Failure } from "../../core/errors.ts"
import { ok, type Result } from "../../core/result.ts"
import type { PartitionStatistics } from "../../core/stream/commands.ts"
import { waitForRecords } from "../../session/wait-for-records.ts"
import { answerLate } from "../late-answer.ts"
import { callPartition } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validateQuery } from "../validate.ts"
import { partitionParam } from "./partition-param.ts"
import { headQuerySchema, headSchema } from "./read-schemas.ts"

/** `GET /v1/topics/:topic/partitions/:partition/head` */
export const watchHead: Operation = {
  id: "watchHead",
  method: "GET",
  path: "/v1/topics/:topic/partitions/:partition/head",
  tag: "topics",
  summary: "Show where a partition ends, waiting until that is beyond an offset",
  demand: { topic: "read" },
  query: headQuerySchema,
  body: null,
  responses: { 200: { description: "Where the partition stands.", schema: headSchema } },
  failures: ["invalid_request", "invalid_name", "not_found", "invalid_field"],
  async handle(call) {
    const partition = partitionParam(call)
    if (!partition.ok) return partition
    const query = validateQuery(headQuerySchema, call.request)
    if (!query.ok) return query
    const { after = -1, waitMs } = query.value
    const head = await headOf(call, partition.value)
    if (!head.ok) return head
    const isNews = head.value.endOffset > after
    if (isNews || waitMs === 0 || call.request.method === "HEAD") return json(head.value)
    return ok(
      answerLate(call, async (gone) => {
        const later = await waitBeyond(call, partition.value, head.value, { after, waitMs, gone })
        return { text: JSON.stringify(later), undelivered: async () => {} }
      }),
    )
  },
}

interface Wait {
  readonly after: number
  readonly waitMs: number
  readonly gone: AbortSignal
}

/** A wait that fails ends early: the next request will be told why. */
async function waitBeyond(
  call: Call,
  partition: number,
  head: PartitionStatistics,
  { after, waitMs, gone }: Wait,
): Promise<PartitionStatistics> {
  const deadlineAt = Date.now() + waitMs
  let latest = head
  while (latest.endOffset <= after && !gone.aborted) {
    const leftMs = deadlineAt - Date.now()
    if (leftMs <= 0) return latest
    const { endOffset } = latest
    const came = await callPartition(call, call.params["topic"]!, partition, "idempotent", (stub, { version }) =>
      waitForRecords(stub, version, endOffset, leftMs, gone),
    )
    if (!came.ok || !came.value) return latest
    const moved = await headOf(call, partition)
    if (!moved.ok) return latest
    latest = moved.value
  }
  return latest
}

function headOf(call: Call, partition: number): Promise<Result<PartitionStatistics, Failure>> {
  return callPartition(call, call.params["topic"]!, partition, "idempotent", (stub, { version }) =>
    stub.statistics(version),
  )
}
