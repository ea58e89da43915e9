import { partitionOfKey } from "../../core/bytes/murmur2.ts"
import type { Failure } from "../../core/errors.ts"
import { MAX_KEY_BYTES } from "../../core/limits.ts"
import { decodeOrNull } from "../../core/log/read.ts"
import { err, ok, type Result } from "../../core/result.ts"
import { recordMembers } from "../../protocol/native/reads.ts"
import { callPartition, topicMetadata } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { placedRecordSchema } from "./read-schemas.ts"

const encoder = new TextEncoder()

/** `GET /v1/topics/:topic/keys/:key` */
export const getLatest: Operation = {
  id: "getLatest",
  method: "GET",
  path: "/v1/topics/:topic/keys/:key",
  tag: "topics",
  summary: "Show the newest record of a key",
  authenticated: true,
  query: null,
  body: null,
  responses: { 200: { description: "The record, and its partition.", schema: placedRecordSchema } },
  failures: ["invalid_request", "invalid_name", "not_found", "conflict", "corrupt_batch"],
  async handle(call) {
    const key = encoder.encode(call.params["key"])
    if (key.length > MAX_KEY_BYTES) {
      return err({ code: "invalid_request", detail: `A key has at most ${MAX_KEY_BYTES} bytes.` })
    }
    const topic = await topicMetadata.resolve(call, call.params["topic"]!)
    if (!topic.ok) return topic
    const partition = partitionOfKey(key, topic.value.entry.settings.partitions)
    const record = await latestMembers(call, partition, key)
    return record.ok ? jsonText(`{"partition":${partition},${record.value}}`) : record
  },
}

function latestMembers(call: Call, partition: number, key: Uint8Array): Promise<Result<string, Failure>> {
  return callPartition(call, call.params["topic"]!, partition, "idempotent", async (stub, { version, settings }) => {
    const latest = await stub.latest(version, key)
    if (!latest.ok) return latest
    const { offset, frame } = latest.value
    const record = decodeOrNull(frame)
    if (record === null) return err({ code: "corrupt_batch", firstOffset: offset, lastOffset: offset })
    return ok(recordMembers(latest.value, record, settings.timestamp))
  })
}
