import { partitionOfKey as kafkasChoice } from "../../core/bytes/murmur2.ts"

/** The partition of a record with `key` in a topic of so many partitions: a client chooses as the broker would. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return kafkasChoice(key, partitions)
}
