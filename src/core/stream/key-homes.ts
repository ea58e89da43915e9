import { partitionOfKey } from "../bytes/murmur2.ts"
import type { TopicSettings } from "./settings.ts"

/** Where the records of a key went while the topic had so many partitions. */
export interface KeyHome {
  readonly partition: number
  readonly partitions: number
}

type Partitioning = Pick<TopicSettings, "partitions" | "earlierPartitions">

/** Where the records of `key` go, and went before partitions were added; the newest first. */
export function homesOfKey(key: Uint8Array, { partitions, earlierPartitions }: Partitioning): KeyHome[] {
  return [partitions, ...earlierPartitions.toReversed()].map((count) => {
    return { partition: partitionOfKey(key, count), partitions: count }
  })
}

/** How many partitions there were before they became `before`; null for now. */
export function partitionsBefore(before: number | null, { partitions, earlierPartitions }: Partitioning): number {
  if (before === null) return partitions
  return [partitions, ...earlierPartitions.toReversed()].find((count) => count < before) ?? 0
}

/** Whether another partition may hold a record of `key` that is older than those in `partition`. */
export function hasOlderHome(key: Uint8Array, partition: number, settings: Partitioning): boolean {
  if (settings.earlierPartitions.length === 0) return false
  const homes = homesOfKey(key, settings)
  const own = homes.findIndex((home) => home.partition === partition)
  return own !== -1 && homes.slice(own).some((home) => home.partition !== partition)
}
