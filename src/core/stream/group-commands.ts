import type { AppendReply, AppendTerms } from "./commands.ts"

/** Whom a partition serves for a group: all of it must be as the partition was last told. */
export interface Owner {
  readonly group: string
  /** Incarnation of the group: grows each time its name is created. */
  readonly generation: number
  readonly memberId: string
  /** When this partition was given to the member. */
  readonly epoch: number
}

/** Where a group begins without an offset: by name, or with the records that are at most so old. */
export type OffsetReset = "earliest" | "latest" | "none" | { readonly durationMs: number }

/** Where a group's offset is moved to. */
export type SeekTarget =
  | { readonly kind: "earliest" }
  | { readonly kind: "latest" }
  | { readonly kind: "offset"; readonly offset: number }
  /** The first record of this time or younger. */
  | { readonly kind: "timestamp"; readonly timestamp: number }
  /** So many offsets forward, or back where negative; ends at the log's ends. */
  | { readonly kind: "shift"; readonly by: number }
  /** The records that are at most so old. */
  | { readonly kind: "duration"; readonly durationMs: number }

/** Gives a partition to a member of a group, or to nobody, and fences whoever had it. */
export interface GrantRequest {
  readonly group: string
  readonly generation: number
  readonly memberId: string | null
  /** Greater than every one before; the same one again changes nothing but the limit. */
  readonly epoch: number
  /** Where a group without a committed offset begins; that is committed then, so that nothing is skipped later. */
  readonly reset: OffsetReset
  /** Moves the committed offset in the same transaction; null leaves it. */
  readonly seek: SeekTarget | null
  /** First offset that the member may not read yet, or null for no limit. */
  readonly limit: number | null
}

/** Where adding partitions with their key order kept cut this partition's log. */
export interface Barrier {
  /** Number of partitions from then on. */
  readonly partitions: number
  /** First offset behind what was appended with fewer. */
  readonly offset: number
}

/** Where a group stands in a partition. */
export interface GroupOffset {
  /** Next offset to read, or null where the group has none. */
  readonly committedOffset: number | null
  /** What was given with the commit. */
  readonly metadata: string
  /** 0 for never. */
  readonly committedAt: number
  /** Where this grant found the committed offset trimmed and moved it by the reset policy: where it was, else null. */
  readonly resetFrom: number | null
  readonly memberId: string | null
  /** 0 where the group has never been here. */
  readonly epoch: number
  readonly limit: number | null
  readonly startOffset: number
  readonly endOffset: number
  /** One before which nothing is left to read for the group stands where the group is. */
  readonly barriers: readonly Barrier[]
}

/** Commits an offset, and with it maybe records to this partition: both or neither. */
export interface CommitRequest {
  readonly group: string
  readonly generation: number
  /** Null for a commit from outside, which needs a group without members. */
  readonly memberId: string | null
  readonly epoch: number
  /** Next offset to read. */
  readonly offset: number
  readonly metadata: string
  readonly append: { readonly submissions: Uint8Array; readonly terms: AppendTerms | null } | null
}

export interface CommitReply {
  readonly offset: number
  /** What became of the records that came with it. */
  readonly appended: AppendReply | null
}

/** What a seek would do, or did. */
export interface SeekReply {
  readonly before: number | null
  readonly offset: number
}
