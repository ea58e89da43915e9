import type { Failure } from "../../core/errors.ts"
import { MAX_READ_PARTITIONS } from "../../core/limits.ts"
import { ok, type Result } from "../../core/result.ts"
import { invalidField } from "../../protocol/native/fields.ts"
import { problemOf } from "../../protocol/native/problems.ts"
import { answerLate } from "../late-answer.ts"
import { topicMetadata } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { validateQuery } from "../validate.ts"
import { optionsOf, positionOf } from "./read-options.ts"
import { areEmpty, type Part, type PartOptions, readLonger, readMembers, readPart } from "./read-parts.ts"
import { readManyQuerySchema, readManySchema } from "./read-schemas.ts"

/** `GET /v1/topics/:topic/records` */
export const readPartitions: Operation = {
  id: "readPartitions",
  method: "GET",
  path: "/v1/topics/:topic/records",
  tag: "topics",
  summary: "Read records of several partitions",
  demand: { topic: "read" },
  query: readManyQuerySchema,
  body: null,
  responses: { 200: { description: "One entry per partition, in the order asked for.", schema: readManySchema } },
  failures: ["invalid_name", "not_found", "invalid_field"],
  async handle(call) {
    const query = validateQuery(readManyQuerySchema, call.request)
    if (!query.ok) return query
    const { partitions: named, from, waitMs = 0, ...asked } = query.value
    const partitions = named === undefined ? await allPartitions(call) : ok(named.split(",").map(Number))
    if (!partitions.ok) return partitions
    const froms = from.split(",")
    if (froms.length !== 1 && froms.length !== partitions.value.length) {
      return invalidField("/from", "must be one for all, or one for each partition")
    }
    const options = shared(optionsOf(asked), partitions.value.length)
    const parts = await Promise.all(
      partitions.value.map((partition, nth) => readPart(call, partition, positionOf(froms[nth] ?? froms[0]!), options)),
    )
    return answer(call, parts, options, waitMs)
  },
}

async function allPartitions(call: Call): Promise<Result<number[], Failure>> {
  const topic = await topicMetadata.resolve(call, call.params["topic"]!)
  if (!topic.ok) return topic
  const { partitions } = topic.value.entry.settings
  if (partitions <= MAX_READ_PARTITIONS) return ok(Array.from({ length: partitions }, (_, partition) => partition))
  return invalidField("/partitions", `the topic has ${partitions}: name at most ${MAX_READ_PARTITIONS}`)
}

/** Each partition has the same share of what may be read. */
function shared(options: PartOptions, partitions: number): PartOptions {
  const share = (limit: number): number => Math.max(1, Math.floor(limit / partitions))
  return { ...options, maxRecords: share(options.maxRecords), maxBytes: share(options.maxBytes) }
}

function answer(call: Call, parts: readonly Part[], options: PartOptions, waitMs: number): Result<Response, Failure> {
  const gone = parts.find(({ read }) => !read.ok && read.error.code === "not_found" && read.error.resource === "topic")
  if (gone && !gone.read.ok) return gone.read
  if (waitMs === 0 || !areEmpty(parts) || call.request.method === "HEAD") return jsonText(partsJson(parts))
  const wait = async (signal: AbortSignal): Promise<string> =>
    partsJson(await readLonger(call, parts, options, waitMs, signal))
  return ok(answerLate(call, async (signal) => ({ text: await wait(signal), undelivered: async () => {} })))
}

function partsJson(parts: readonly Part[]): string {
  return `{"partitions":[${parts.map(partJson).join(",")}]}`
}

function partJson({ partition, read }: Part): string {
  if (read.ok) return `{"partition":${partition},${readMembers(read.value)}}`
  return JSON.stringify({ partition, problem: problemOf(read.error).document })
}
