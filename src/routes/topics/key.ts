import type { Failure } from "../../core/errors.ts"
import { MAX_KEY_BYTES } from "../../core/limits.ts"
import { decodeOrNull } from "../../core/log/read.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { LatestRecord } from "../../core/stream/commands.ts"
import { homesOfKey, partitionsBefore } from "../../core/stream/key-homes.ts"
import type { TopicSettings } from "../../core/stream/settings.ts"
import { sameAppendRules } from "../../protocol/native/append-rules.ts"
import { recordMembers } from "../../protocol/native/reads.ts"
import { callPartition, topicMetadata } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { placedRecordSchema } from "./read-schemas.ts"

/** The newest record of a key, and where it is. */
interface Found {
  readonly partition: number
  readonly record: LatestRecord
}

const encoder = new TextEncoder()

/** `GET /v1/topics/:topic/keys/:key` */
export const getLatest: Operation = {
  id: "getLatest",
  method: "GET",
  path: "/v1/topics/:topic/keys/:key",
  tag: "topics",
  summary: "Show the newest record of a key",
  demand: { topic: "read" },
  query: null,
  body: null,
  responses: { 200: { description: "The record, and its partition.", schema: placedRecordSchema } },
  failures: ["invalid_request", "invalid_name", "not_found", "conflict", "corrupt_batch"],
  async handle(call) {
    const key = encoder.encode(call.params["key"])
    if (key.length > MAX_KEY_BYTES) {
      return err({ code: "invalid_request", detail: `A key has at most ${MAX_KEY_BYTES} bytes.` })
    }
    const first = await answer(call, key)
    // partitions were added meanwhile, and by now it is known where to look
    return !first.ok && first.error.code === "stale_metadata" ? answer(call, key) : first
  },
}

async function answer(call: Call, key: Uint8Array): Promise<Result<Response, Failure>> {
  const topic = await topicMetadata.resolve(call, call.params["topic"]!)
  if (!topic.ok) return topic
  const { settings } = topic.value.entry
  const found = await newestOf(call, key, settings)
  if (!found.ok) return found
  if (!found.value || found.value.record.isTombstone) {
    return err({ code: "not_found", resource: "record", name: call.params["key"]! })
  }
  const { partition, record } = found.value
  const { offset, frame } = record
  const decoded = decodeOrNull(frame)
  if (decoded === null) return err({ code: "corrupt_batch", firstOffset: offset, lastOffset: offset })
  return jsonText(`{"partition":${partition},${recordMembers(record, decoded, settings.timestamp)}}`)
}

/**
 * Looks where the key's records go now, then where they went before partitions were added, as long as there may be one
 * that is newer than what was found. Mostly the first look does it.
 */
async function newestOf(call: Call, key: Uint8Array, settings: TopicSettings): Promise<Result<Found | null, Failure>> {
  const asked = new Set<number>()
  let newest: (Found & { readonly partitions: number }) | null = null
  for (const home of homesOfKey(key, settings)) {
    if (newest && newest.partitions >= home.partitions) break
    if (asked.has(home.partition)) continue
    asked.add(home.partition)
    const latest = await latestIn(call, home.partition, key, settings)
    if (!latest.ok) return latest
    const record = latest.value
    if (!record) continue
    const partitions = partitionsBefore(record.appendedBefore, settings)
    if (!newest || partitions > newest.partitions) newest = { partition: home.partition, record, partitions }
  }
  return ok(newest)
}

/** The newest record in one partition, or null; `stale_metadata` where the topic is not what it was. */
async function latestIn(
  call: Call,
  partition: number,
  key: Uint8Array,
  settings: TopicSettings,
): Promise<Result<LatestRecord | null, Failure>> {
  const topic = call.params["topic"]!
  const latest = await callPartition<LatestRecord>(call, topic, partition, "idempotent", async (stub, entry) => {
    if (!sameAppendRules(settings, entry.settings)) return err({ code: "stale_metadata", version: entry.version })
    return stub.latest(entry.version, key)
  })
  const isNone = !latest.ok && latest.error.code === "not_found" && latest.error.resource === "record"
  return isNone ? ok(null) : latest
}
