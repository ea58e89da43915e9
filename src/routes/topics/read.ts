import type { Failure } from "../../core/errors.ts"
import { ok, type Result } from "../../core/result.ts"
import { preferredType } from "../accept.ts"
import { answerLate } from "../late-answer.ts"
import type { Call, Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { validateQuery } from "../validate.ts"
import { partitionParam } from "./partition-param.ts"
import { EVENTS_TYPE, streamRecords } from "./read-events.ts"
import { optionsOf, positionOf } from "./read-options.ts"
import { areEmpty, type Part, type PartOptions, readLonger, readMembers, readPart } from "./read-parts.ts"
import { RAW_TYPE, readRaw } from "./read-raw.ts"
import { readQuerySchema, readSchema } from "./read-schemas.ts"

const NOTHING_TO_UNDO = async (): Promise<void> => {}

/** `GET /v1/topics/:topic/partitions/:partition/records` */
export const readRecords: Operation = {
  id: "readRecords",
  method: "GET",
  path: "/v1/topics/:topic/partitions/:partition/records",
  tag: "topics",
  summary: "Read records of a partition, once or as they come",
  demand: { topic: "read" },
  query: readQuerySchema,
  body: null,
  responses: {
    200: {
      description: "The records, and where to go on.",
      schema: readSchema,
      otherTypes: [RAW_TYPE, EVENTS_TYPE],
    },
    304: { description: "The raw records are those of the ETag in If-None-Match.", schema: null },
  },
  failures: [
    "invalid_request",
    "invalid_name",
    "not_found",
    "offset_trimmed",
    "log_recreated",
    "offset_out_of_range",
    "invalid_field",
  ],
  async handle(call) {
    const partition = partitionParam(call)
    if (!partition.ok) return partition
    const query = validateQuery(readQuerySchema, call.request)
    if (!query.ok) return query
    const type = preferredType(call.request, [RAW_TYPE, EVENTS_TYPE])
    if (type === RAW_TYPE) return readRaw(call, partition.value, query.value)
    if (type === EVENTS_TYPE) return streamRecords(call, partition.value, query.value)
    const { from, waitMs = 0, ...asked } = query.value
    const options = optionsOf(asked)
    return readJson(call, await readPart(call, partition.value, positionOf(from), options), options, waitMs)
  },
}

function readJson(call: Call, part: Part, options: PartOptions, waitMs: number): Result<Response, Failure> {
  const { read } = part
  if (!read.ok) return read
  const text = `{${readMembers(read.value)}}`
  if (waitMs === 0 || !areEmpty([part]) || call.request.method === "HEAD") return jsonText(text)
  const wait = async (gone: AbortSignal): Promise<string> => {
    const [later] = await readLonger(call, [part], options, waitMs, gone)
    return later?.read.ok ? `{${readMembers(later.read.value)}}` : text
  }
  return ok(answerLate(call, async (gone) => ({ text: await wait(gone), undelivered: NOTHING_TO_UNDO })))
}
