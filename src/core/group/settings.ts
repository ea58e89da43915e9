import type { RetryDelay } from "../queue/settings.ts"
import type { OffsetReset } from "../stream/group-commands.ts"

/** How a consumer group divides partitions: evenly with few moves, or in ranges of each topic. */
export type Assignor = "uniform" | "range"

/** Where a record goes that no member of a share group could process. */
export type ShareDeadLetter =
  | { readonly kind: "queue"; readonly queue: string }
  | { readonly kind: "topic"; readonly topic: string }

/** What the owner of a group may set. Times in milliseconds. */
export interface GroupSettings {
  /** A consumer group owns partitions, one member each; a share group shares their records. Fixed at creation. */
  readonly type: "consumer" | "share"
  readonly assignor: Assignor
  /** A member that is silent for so long is out. */
  readonly sessionTimeoutMs: number
  /** How often a member is asked to show that it is there. */
  readonly heartbeatIntervalMs: number
  /** How long a member may take to finish with a partition that it is asked to give up. */
  readonly rebalanceTimeoutMs: number
  /** Where the group begins in a partition where it has committed nothing, or where that is gone. */
  readonly autoOffsetReset: OffsetReset
  /** How long offsets are kept while the group has no member, or null for ever. */
  readonly offsetRetentionMs: number | null
  /** Share groups: how long a record is hidden from the others unless a receive says otherwise. */
  readonly lockDurationMs: number
  /** Share groups: deliveries after which a record leaves, or null for no limit. */
  readonly maxDeliveries: number | null
  /** Share groups: records of one partition that may be locked at once. */
  readonly maxLocks: number
  /** Share groups: whether the records of one key are handed out one after the other. */
  readonly ordering: "none" | "key"
  /** Share groups: wait before a released record is delivered again. */
  readonly retryDelay: RetryDelay
  /** Share groups: where records go that leave undone, or null to count them only. */
  readonly deadLetter: ShareDeadLetter | null
}

/** The settings of a group created with `{}`. */
export const DEFAULT_GROUP_SETTINGS: GroupSettings = {
  type: "consumer",
  assignor: "uniform",
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 5_000,
  rebalanceTimeoutMs: 60_000,
  autoOffsetReset: "latest",
  offsetRetentionMs: null,
  lockDurationMs: 30_000,
  maxDeliveries: 5,
  maxLocks: 2_000,
  ordering: "none",
  retryDelay: { kind: "constant", delayMs: 0 },
  deadLetter: null,
}

/** Settings as they were stored, maybe before some of them existed. */
export function groupWithDefaults(stored: Partial<GroupSettings>): GroupSettings {
  return { ...DEFAULT_GROUP_SETTINGS, ...stored }
}
