import type { AdminOptions, Ask, ListQuery } from "./admin-http.ts"
import type { RetryDelay } from "./admin-queues.ts"
import type { Problem } from "./errors.ts"

/** The settings of a consumer group or a share group; each kind has use for some. */
export interface GroupSettings {
  readonly type: "consumer" | "share"
  readonly assignor: "uniform" | "range"
  /** How long a member may be silent. */
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** How long a member may take to give up a partition. */
  readonly rebalanceTimeoutMs: number
  /** Where a partition begins in which nothing was committed. */
  readonly autoOffsetReset: "earliest" | "latest" | "none" | { readonly durationMs: number }
  readonly offsetRetentionMs: number | null
  readonly lockDurationMs: number
  readonly maxDeliveries: number | null
  readonly maxLocks: number
  readonly ordering: "none" | "key"
  readonly retryDelay: RetryDelay
  readonly deadLetter: { readonly queue: string } | { readonly topic: string } | null
}

/** A group. */
export interface GroupView {
  readonly name: string
  readonly settings: GroupSettings
  readonly createdAt: number
  readonly updatedAt: number
}

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** Who is in a group, and who has what. */
export interface GroupState {
  readonly epoch: number
  readonly state: "empty" | "rebalancing" | "stable"
  readonly members: readonly {
    readonly memberId: string
    readonly instanceId: string | null
    readonly topics: readonly string[]
    readonly patterns: readonly string[]
    readonly lastHeartbeatAt: number
    readonly partitions: readonly TopicPartition[]
  }[]
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly memberId: string | null }[]
  }[]
}

/** How far a group is in a partition. */
export interface GroupOffset extends TopicPartition {
  readonly committedOffset: number | null
  readonly metadata: string
  readonly committedAt: number
  readonly startOffset: number
  readonly endOffset: number
  /** Records that it has not committed; null where it has committed nothing. */
  readonly lag: number | null
  readonly memberId: string | null
  readonly epoch: number
}

/** Where a group is to go on. */
export type SeekTarget =
  | "earliest"
  | "latest"
  | { readonly offset: number }
  | { readonly timestamp: number }
  /** So many records forward, or back. */
  | { readonly shiftBy: number }
  /** So long ago. */
  | { readonly durationMs: number }

/** What a seek is to do. */
export interface SeekRequest {
  readonly topic: string
  /** All of them where it is left out. */
  readonly partitions?: readonly number[]
  readonly to: SeekTarget
  /** Only shows what would change. */
  readonly dryRun?: boolean
}

/** A partition where nothing was done. */
export interface PartitionProblem extends TopicPartition {
  readonly problem: Problem
}

/** Where a partition was, and is now. */
export interface Sought extends TopicPartition {
  readonly before: number | null
  readonly offset: number
  readonly problem?: undefined
}

/** An offset to commit from outside: that of the first record that is not done. */
export interface GroupCommit extends TopicPartition {
  readonly offset: number
  readonly metadata?: string
}

/** Administration of consumer groups and share groups. */
export interface AdminGroups {
  /** Creates a group, or changes the settings that are given. */
  put(group: string, settings?: Partial<GroupSettings>, options?: AdminOptions): Promise<GroupView>
  /** A group, its members and what they have. */
  get(group: string, options?: AdminOptions): Promise<GroupView & GroupState>
  /** A page of all, by name; `cursor` is of the next, null for none. */
  list(
    query?: ListQuery,
    options?: AdminOptions,
  ): Promise<{ readonly groups: GroupView[]; readonly cursor: string | null }>
  /** Deletes a group and what it committed; its members are out. */
  delete(group: string, options?: AdminOptions): Promise<void>
  /** What is committed, and how far the group lags. */
  offsets(
    group: string,
    query?: { readonly topic?: string },
    options?: AdminOptions,
  ): Promise<{ readonly lag: number; readonly partitions: GroupOffset[] }>
  /** Moves a group whose partitions nobody has. */
  seek(
    group: string,
    request: SeekRequest,
    options?: AdminOptions,
  ): Promise<{ readonly results: (Sought | PartitionProblem)[] }>
  /** Commits for a group that has no members. */
  commit(
    group: string,
    offsets: readonly GroupCommit[],
    options?: AdminOptions,
  ): Promise<{
    readonly results: (
      | (TopicPartition & { readonly offset: number; readonly problem?: undefined })
      | PartitionProblem
    )[]
  }>
}

/**
 * Administration of groups, by `ask`.
 * @internal
 */
export function adminGroups(ask: Ask): AdminGroups {
  const at = (group: string): string => `groups/${encodeURIComponent(group)}`
  return {
    put: (group, json = {}, options) => ask(`PUT ${at(group)}`, options, { json }),
    get: (group, options) => ask(`GET ${at(group)}`, options),
    list: (query, options) => ask("GET groups", options, { query }),
    delete: (group, options) => ask(`DELETE ${at(group)}`, options),
    offsets: (group, query, options) => ask(`GET ${at(group)}/offsets`, options, { query }),
    seek: (group, json, options) => ask(`POST ${at(group)}/seek`, options, { json }),
    commit: (group, offsets, options) => ask(`POST ${at(group)}/offsets`, options, { json: { offsets } }),
  }
}
