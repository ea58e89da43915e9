import type { Failure } from "../../core/errors.ts"
import { ok, type Result } from "../../core/result.ts"
import type { TopicSettings } from "../../core/stream/settings.ts"
import { type AppendRequest, parseAppend } from "../../protocol/native/append-request.ts"
import { recordResult } from "../../protocol/native/append-results.ts"
import { routeRequest } from "../../protocol/native/append-rules.ts"
import { invalidField } from "../../protocol/native/fields.ts"
import { problemOf } from "../../protocol/native/problems.ts"
import { readJson } from "../body.ts"
import type { Scope } from "../env.ts"
import { topicMetadata } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { accepted, jsonText } from "../respond.ts"
import { validateQuery } from "../validate.ts"
import { appendBatches, type AppendedBatch, type Routing } from "./append-batches.ts"
import { appendedSchema, appendQuerySchema, appendSchema } from "./append-schemas.ts"

/** `POST /v1/topics/:topic/records` */
export const appendRecords: Operation = {
  id: "appendRecords",
  method: "POST",
  path: "/v1/topics/:topic/records",
  tag: "topics",
  summary: "Append one record or a batch",
  demand: { topic: "produce" },
  query: appendQuerySchema,
  body: { schema: appendSchema },
  responses: {
    200: { description: "One result per record, in order.", schema: appendedSchema },
    202: { description: "With `acks=none`: the records are on their way, and nobody says how it went.", schema: null },
  },
  failures: [
    "invalid_json",
    "invalid_name",
    "not_found",
    "payload_too_large",
    "unsupported_media_type",
    "invalid_field",
    "offset_mismatch",
    "sequence_gap",
    "fenced",
    "partition_sealed",
    "storage_full",
  ],
  async handle(call) {
    if (call.request.headers.has("idempotency-key")) {
      return invalidField("/idempotency-key", "a topic has producer ids for that")
    }
    const query = validateQuery(appendQuerySchema, call.request)
    if (!query.ok) return query
    const body = await readJson(call.request)
    if (!body.ok) return body
    const request = parseAppend(body.value)
    if (!request.ok) return request
    const topic = call.params["topic"]!
    const routed = await routedBy(call, topic, request.value)
    if (!routed.ok) return routed
    const appended = appendBatches(call, topic, request.value, routed.value)
    if (query.value.acks === "none") {
      call.waitUntil(appended.then(logFailures))
      return accepted()
    }
    return answer(request.value, await appended)
  },
}

/** Routes by what is known of the topic; asks again where that refuses the request. */
async function routedBy(scope: Scope, name: string, request: AppendRequest): Promise<Result<Routing, Failure>> {
  const topic = await topicMetadata.resolve(scope, name)
  if (!topic.ok) return topic
  const { entry, cached } = topic.value
  const routed = routing(request, entry.settings)
  if (routed.ok || !cached) return routed
  const reloaded = await topicMetadata.reload(scope, name)
  return reloaded.ok ? routing(request, reloaded.value.settings) : reloaded
}

function routing(request: AppendRequest, settings: TopicSettings): Result<Routing, Failure> {
  const luck = Math.random()
  const batches = routeRequest(request, settings, luck)
  return batches.ok ? ok({ settings, batches: batches.value, luck }) : batches
}

function answer(request: AppendRequest, appended: readonly AppendedBatch[]): Result<Response, Failure> {
  const [first] = appended
  if (first?.reply.ok === false && appended.every(({ reply }) => !reply.ok)) return first.reply
  const results = Array.from<string>({ length: request.records.length })
  for (const { batch, reply } of appended) {
    const resultOf = reply.ok ? recordResult(batch.partition, reply.value) : problemResult(reply.error)
    for (const [nth, place] of batch.places.entries()) results[place] = resultOf(nth)
  }
  return jsonText(`{"records":[${results.join(",")}]}`)
}

function problemResult(failure: Failure): () => string {
  const result = JSON.stringify({ problem: problemOf(failure).document })
  return () => result
}

/** Nobody waits for the answer. */
function logFailures(appended: readonly AppendedBatch[]): void {
  for (const { batch, reply } of appended) {
    if (reply.ok) continue
    const { partition, records } = batch
    console.error(JSON.stringify({ event: "append_lost", partition, records: records.length, code: reply.error.code }))
  }
}
