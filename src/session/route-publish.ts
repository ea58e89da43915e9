import type { Failure } from "../core/errors.ts"
import { MAX_PARTITIONS, SEALED_RETRY_AFTER_MS } from "../core/limits.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import { routeRequest } from "../protocol/native/append-rules.ts"
import { invalidField, type JsonObject, parseInteger } from "../protocol/native/fields.ts"
import type { RoutedRecord } from "../protocol/native/records.ts"
import type { PartitionBatch } from "../protocol/native/route-records.ts"
import { parseOptional } from "./client-fields.ts"
import type { FrameOf } from "./client-frame.ts"

type Publish = FrameOf<"publish-records">

/** `partition` and `partitions` of a publish of `records`. */
export function parseRouting(
  value: JsonObject,
  records: readonly RoutedRecord[],
): Result<Pick<Publish, "partition" | "partitions">, Failure> {
  const partition = parseOptional(value, "partition", MAX_PARTITIONS - 1)
  if (!partition.ok) return partition
  const one = partition.value === null ? -1 : records.findIndex((record) => record.partition !== null)
  if (one >= 0) return invalidField(`/records/${one}/partition`, "must not stand beside the partition of all records")
  const known = value["partitions"]
  const partitions = known === undefined ? ok(null) : parseInteger(known, "/partitions", 1, MAX_PARTITIONS)
  return partitions.ok ? ok({ partition: partition.value, partitions: partitions.value }) : partitions
}

/** How many partitions the topic must have for what a publish names. */
export function partitionsNamed({ records, partition, partitions }: Publish): number {
  const ofAll = Math.max(partitions ?? 0, (partition ?? -1) + 1)
  return records.reduce((most, record) => Math.max(most, (record.partition ?? -1) + 1), ofAll)
}

/** The batches that a publish makes in a topic with these settings, or why it does not take them; see `routeRequest`. */
export function routePublish(
  { records, terms, place, partition, partitions }: Publish,
  settings: TopicSettings,
  luck: number,
): Result<PartitionBatch[], Failure> {
  // another life of the topic, which the client does not know yet
  if (partitions !== null && partitions > settings.partitions) {
    return err({ code: "partition_sealed", retryAfterMs: SEALED_RETRY_AFTER_MS })
  }
  if (partition === null) return routeRequest({ single: false, records, terms, place }, settings, luck)
  if (partition >= settings.partitions) {
    return invalidField("/partition", `the topic has partitions 0 to ${settings.partitions - 1}`)
  }
  const placed = records.map(({ record }) => ({ record, partition }))
  return routeRequest({ single: false, records: placed, terms, place }, settings, luck)
}
