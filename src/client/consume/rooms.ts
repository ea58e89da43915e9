import { MAX_CREDIT_BYTES } from "./limits.ts"
import type { Room } from "./subscription.ts"

/** How many records wait where the caller does not say. */
export const DEFAULT_PREFETCH = 1_000
/** What waits in memory, over all partitions; and so much of each at least. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
const MIN_PARTITION_BYTES = 64 * 1024

/** What each of `count` partitions may hold. */
export function roomOfEach(prefetch: number, count: number): Required<Room> {
  const maxBytes = Math.min(MAX_CREDIT_BYTES, Math.max(MIN_PARTITION_BYTES, Math.floor(MAX_WAITING_BYTES / count)))
  return { prefetch: Math.ceil(prefetch / count), maxBytes }
}
