import type { Failure } from "../../core/errors.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { AppendReply } from "../../core/stream/commands.ts"
import { invalidField } from "../../protocol/native/fields.ts"
import { problemOf } from "../../protocol/native/problems.ts"
import { type AppendRequest, checkPartitions, parseAppend } from "../../protocol/native/records.ts"
import { readJson } from "../body.ts"
import type { Scope } from "../env.ts"
import { callPartition, topicMetadata } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { type PartitionBatch, routeRecords } from "../../protocol/native/route-records.ts"
import { encodeRecords } from "../../protocol/native/submissions.ts"
import { appendedSchema, appendSchema } from "./schemas.ts"

/** `POST /v1/topics/:topic/records` */
export const appendRecords: Operation = {
  id: "appendRecords",
  method: "POST",
  path: "/v1/topics/:topic/records",
  tag: "topics",
  summary: "Append one record or a batch",
  authenticated: true,
  query: null,
  body: { schema: appendSchema },
  responses: { 200: { description: "One result per record, in order.", schema: appendedSchema } },
  failures: [
    "invalid_json",
    "invalid_name",
    "not_found",
    "payload_too_large",
    "unsupported_media_type",
    "invalid_field",
    "storage_full",
  ],
  async handle(call) {
    if (call.request.headers.has("idempotency-key")) {
      return invalidField("/idempotency-key", "a topic has producer ids for that")
    }
    const body = await readJson(call.request)
    if (!body.ok) return body
    const request = parseAppend(body.value)
    if (!request.ok) return request
    const name = call.params["topic"]!
    const partitions = await partitionsFor(call, name, request.value)
    if (!partitions.ok) return partitions
    const sticky = Math.floor(Math.random() * partitions.value)
    const batches = routeRecords(request.value.records, partitions.value, sticky)
    const replies = await Promise.all(batches.map((batch) => append(call, name, partitions.value, batch)))
    const failed = replies.find((reply) => !reply.ok)
    if (failed !== undefined && replies.every((reply) => !reply.ok)) return failed
    return jsonText(`{"records":[${resultsJson(request.value, batches, replies).join(",")}]}`)
  },
}

/** How many partitions the topic has; asks again where the records name one that it did not have before. */
async function partitionsFor(scope: Scope, name: string, request: AppendRequest): Promise<Result<number, Failure>> {
  const topic = await topicMetadata.resolve(scope, name)
  if (!topic.ok) return topic
  const { partitions } = topic.value.entry.settings
  const fits = checkPartitions(request, partitions)
  if (fits.ok) return ok(partitions)
  if (!topic.value.cached) return fits
  const reloaded = await topicMetadata.reload(scope, name)
  if (!reloaded.ok) return reloaded
  const fitsNow = checkPartitions(request, reloaded.value.settings.partitions)
  return fitsNow.ok ? ok(reloaded.value.settings.partitions) : fitsNow
}

function append(
  scope: Scope,
  topic: string,
  partitions: number,
  batch: PartitionBatch,
): Promise<Result<AppendReply, Failure>> {
  return callPartition<AppendReply>(scope, topic, batch.partition, "once", async (stub, { version, settings }) => {
    // Keys were spread over as many as were known when the request came.
    if (settings.partitions !== partitions) return err({ code: "stale_metadata", version })
    return stub.append(version, encodeRecords(batch.records))
  })
}

function resultsJson(
  request: AppendRequest,
  batches: readonly PartitionBatch[],
  replies: readonly Result<AppendReply, Failure>[],
): string[] {
  const results = Array.from<string>({ length: request.records.length })
  for (const [index, { partition, places }] of batches.entries()) {
    const reply = replies[index]!
    const problem = reply.ok ? "" : JSON.stringify({ problem: problemOf(reply.error).document })
    for (const [nth, place] of places.entries()) {
      results[place] = reply.ok ? `{"partition":${partition},"offset":${reply.value.baseOffset + nth}}` : problem
    }
  }
  return results
}
