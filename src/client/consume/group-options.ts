import type { RecordPlace } from "./records.ts"

/** How a member of a group reads. */
export interface GroupConsumerOptions {
  /** Whether what is processed is committed by itself; true. */
  readonly autoCommit?: boolean
  /** How often; 1,000. Also when partitions are given up, and at the end. */
  readonly autoCommitIntervalMs?: number
  /** A name that outlives the process: who joins under it takes over what its last bearer had. */
  readonly instanceId?: string
  /** More topics that it reads besides this one. */
  readonly topics?: readonly string[]
  /** Likewise all topics that fit a pattern, in which `*` stands for any characters. */
  readonly patterns?: readonly string[]
  /** How many records may wait to be processed, over all partitions; 1,000. */
  readonly prefetch?: number
  /** Passes over records that are damaged in the log; else the loop throws `corrupt_batch` there. */
  readonly skipDamaged?: boolean
  /** Closes it. */
  readonly signal?: AbortSignal
  /** Partitions that it is to work on; nothing of them comes before this resolves. */
  readonly onAssigned?: (partitions: readonly RecordPlace[]) => unknown
  /** Partitions that it gives up when this resolves; may commit. What was begun of them is finished. */
  readonly onRevoked?: (partitions: readonly RecordPlace[]) => unknown
  /** Partitions that somebody else has already; there is nothing to commit. */
  readonly onLost?: (partitions: readonly RecordPlace[]) => unknown
  /** Told of what fails in the background: commits, and records that were deleted before they were read. */
  readonly onError?: (error: unknown) => void
}

/** How records are processed. */
export interface RunOptions {
  /** How many partitions at once; all where it is left out. */
  readonly concurrency?: number
}

/** An offset to commit: of the next record to process. */
export interface CommitOffset {
  /** The consumer's first topic where it is left out. */
  readonly topic?: string
  readonly partition: number
  readonly offset: number
}

/** What goes with a commit. */
export interface CommitOptions {
  /** Kept with the offset, up to 4,096 bytes. */
  readonly metadata?: string
}
