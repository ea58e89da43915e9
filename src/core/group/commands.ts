import type { SeekReply, SeekTarget } from "../stream/group-commands.ts"
import type { Failure } from "../errors.ts"

/** Which topics a member reads: by name, or by pattern, in which `*` stands for any characters. */
export interface Subscription {
  readonly topics: readonly string[]
  readonly patterns: readonly string[]
}

export interface JoinRequest {
  /** The id that the member is to have: fresh and random. */
  readonly memberId: string
  /** Name of a static member, which finds its partitions again when it comes back; null for a dynamic one. */
  readonly instanceId: string | null
  readonly subscription: Subscription
}

export interface HeartbeatRequest {
  readonly memberId: string
  /** What the member still works on, or null where it does not say; what it was asked to give up and is not here is given up. */
  readonly owned: readonly TopicPartition[] | null
  /** Replaces its subscription, or null. */
  readonly subscription: Subscription | null
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A partition that a member has. */
export interface MemberPartition extends TopicPartition {
  /** To be shown with every fetch and commit. 0 in a share group, where nobody owns. */
  readonly epoch: number
  /** Where to begin: the committed offset as it was when the partition was given; null where the group has none. */
  readonly offset: number | null
  /** When it will be taken away; the member should finish, commit and say so by then. Null while it may keep it. */
  readonly revokeAt: number | null
}

/** A member as the coordinator sees it. */
export interface MemberView {
  readonly memberId: string
  readonly epoch: number
  readonly heartbeatIntervalMs: number
  readonly sessionTimeoutMs: number
  readonly partitions: readonly MemberPartition[]
  /** Of the `owned` of a heartbeat: those that are not its any more. */
  readonly lost: readonly TopicPartition[]
  /** Whether more partitions are on their way to it. */
  readonly isWaiting: boolean
}

/** A group as its owner sees it. */
export interface GroupDescription {
  readonly epoch: number
  readonly state: "empty" | "rebalancing" | "stable"
  readonly members: readonly MemberDescription[]
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly memberId: string | null }[]
  }[]
}

export interface MemberDescription {
  readonly memberId: string
  readonly instanceId: string | null
  readonly subscription: Subscription
  /** When it was heard of last; after a restart of the coordinator, when that was. */
  readonly lastHeartbeatAt: number
  readonly partitions: readonly TopicPartition[]
}

export interface GroupSeekRequest {
  readonly topic: string
  /** Null for all of the topic's. */
  readonly partitions: readonly number[] | null
  readonly target: SeekTarget
  /** Only says what would be done. */
  readonly dryRun: boolean
}

/** What became of one partition. */
export type GroupSeekResult = TopicPartition & (SeekReply | { readonly failure: Failure })
