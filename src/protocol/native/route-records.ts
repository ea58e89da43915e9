import { partitionOfKey } from "../../core/bytes/murmur2.ts"
import type { LogRecord } from "../../core/log/types.ts"
import type { RoutedRecord } from "./records.ts"

/** The records of one request that go to one partition, with their places in the request. */
export interface PartitionBatch {
  readonly partition: number
  readonly records: LogRecord[]
  readonly places: number[]
}

/**
 * Sorts `records` by partition: the one asked for, else the key's, else `stickyPartition`, which is one for all so
 * that they make one batch.
 */
export function routeRecords(
  records: readonly RoutedRecord[],
  partitions: number,
  stickyPartition: number,
): PartitionBatch[] {
  const batches = new Map<number, PartitionBatch>()
  for (const [place, { record, partition: chosen }] of records.entries()) {
    const byKey = record.key === null ? stickyPartition : partitionOfKey(record.key, partitions)
    const partition = chosen ?? byKey
    const batch = batches.get(partition) ?? { partition, records: [], places: [] }
    batches.set(partition, batch)
    batch.records.push(record)
    batch.places.push(place)
  }
  return [...batches.values()]
}
