import type { Failure } from "../../core/errors.ts"
import { ok, type Result } from "../../core/result.ts"
import type { ReadRequest } from "../../core/stream/commands.ts"
import { type ReadJson, readJson } from "../../protocol/native/reads.ts"
import { callPartition } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { validateQuery } from "../validate.ts"
import { partitionParam } from "./partition-param.ts"
import { readQuerySchema, readSchema } from "./schemas.ts"

/** `GET /v1/topics/:topic/partitions/:partition/records` */
export const readRecords: Operation = {
  id: "readRecords",
  method: "GET",
  path: "/v1/topics/:topic/partitions/:partition/records",
  tag: "topics",
  summary: "Read records of a partition from an offset on",
  authenticated: true,
  query: readQuerySchema,
  body: null,
  responses: { 200: { description: "The records, and where to go on.", schema: readSchema } },
  failures: ["invalid_request", "invalid_name", "not_found", "offset_trimmed", "offset_out_of_range", "invalid_field"],
  async handle(call) {
    const partition = partitionParam(call)
    if (!partition.ok) return partition
    const query = validateQuery(readQuerySchema, call.request)
    if (!query.ok) return query
    const { from, ...limits } = query.value
    const read = await readFrom(call, partition.value, from, limits)
    if (!read.ok) return read
    const { records, nextOffset, endOffset } = read.value
    return jsonText(`{"records":${records},"nextOffset":${nextOffset},"endOffset":${endOffset}}`)
  },
}

async function readFrom(
  call: Call,
  partition: number,
  from: string,
  limits: Omit<ReadRequest, "offset">,
): Promise<Result<ReadJson, Failure>> {
  if (from === "latest") return readLatest(call, partition)
  if (from !== "earliest") return readAt(call, partition, { offset: Number(from), ...limits })
  const read = await readAt(call, partition, { offset: 0, ...limits })
  if (read.ok || read.error.code !== "offset_trimmed") return read
  return readAt(call, partition, { offset: read.error.earliestOffset, ...limits })
}

/** Nothing yet: what comes from now on begins at `nextOffset`. */
async function readLatest(call: Call, partition: number): Promise<Result<ReadJson, Failure>> {
  const statistics = await callPartition(call, call.params["topic"]!, partition, "idempotent", (stub, { version }) =>
    stub.statistics(version),
  )
  if (!statistics.ok) return statistics
  const { endOffset } = statistics.value
  return ok({ records: "[]", count: 0, nextOffset: endOffset, endOffset })
}

async function readAt(call: Call, partition: number, request: ReadRequest): Promise<Result<ReadJson, Failure>> {
  const reply = await callPartition(call, call.params["topic"]!, partition, "idempotent", (stub, { version }) =>
    stub.read(version, request),
  )
  return reply.ok ? ok(readJson(reply.value, request.offset, request.maxRecords)) : reply
}
