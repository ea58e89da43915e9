import type { Failure } from "../../core/errors.ts"
import { ok, type Result } from "../../core/result.ts"
import type { ShareStatistics } from "../../core/stream/share/commands.ts"
import { each } from "../each.ts"
import { groupOfKind } from "../groups/group-of-kind.ts"
import { topicMetadata } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { callShare } from "./call-share.ts"
import { shareStatisticsSchema } from "./schemas.ts"

/** `GET /v1/topics/:topic/share/:group` */
export const getShare: Operation = {
  id: "getShare",
  method: "GET",
  path: "/v1/topics/:topic/share/:group",
  tag: "groups",
  summary: "Show where a share group stands in a topic",
  demand: { topic: "read", group: "read" },
  query: null,
  body: null,
  responses: { 200: { description: "One entry per partition that it has begun in.", schema: shareStatisticsSchema } },
  failures: ["invalid_name", "not_found", "conflict"],
  async handle(call) {
    const topic = await topicMetadata.resolve(call, call.params["topic"]!)
    if (!topic.ok) return topic
    const group = await groupOfKind(call, call.params["group"]!, "share")
    if (!group.ok) return group
    const partitions = Array.from({ length: topic.value.entry.settings.partitions }, (_, partition) => partition)
    const shown = await each(partitions, (partition) => statisticsOf(call, partition))
    const failed = shown.find((one) => !one.ok)
    if (failed?.ok === false) return failed
    return json({ partitions: shown.flatMap((one) => (one.ok && one.value !== null ? [one.value] : [])) })
  },
}

async function statisticsOf(
  call: Call,
  partition: number,
): Promise<Result<({ readonly partition: number } & ShareStatistics) | null, Failure>> {
  const shown = await callShare(call, partition, "idempotent", (stub, { version }, terms) =>
    stub.shareStatistics(version, terms),
  )
  if (shown.ok) return ok({ partition, ...shown.value })
  return shown.error.code === "share_not_open" ? ok(null) : shown
}
