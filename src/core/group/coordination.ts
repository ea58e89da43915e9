import type { GrantRequest, OffsetReset } from "../stream/group-commands.ts"
import type { Growth } from "../stream/settings.ts"
import type { Subscription } from "./commands.ts"

/** A topic as the catalog has it. */
export interface TopicInfo {
  readonly name: string
  readonly incarnation: number
  readonly version: number
  readonly partitions: number
  readonly growths: readonly Growth[]
}

/** What a coordinator asks the catalog: topics by name, and all whose names match a pattern. */
export interface TopicLookup {
  readonly topics: readonly string[]
  readonly patterns: readonly string[]
}

/** A grant without the group and its generation, which the caller knows. */
export type GrantTerms = Omit<GrantRequest, "group" | "generation">

/** One call that a coordinator wants made at a partition. Its answer is given back with this very object. */
export type PartitionCall = {
  readonly topic: string
  readonly partition: number
  /** Of the topic's settings. */
  readonly version: number
} & (
  | { readonly kind: "grant"; readonly request: GrantTerms }
  /** Where does the group stand? Answered as a grant is. */
  | { readonly kind: "look" }
  /** Begins a share group. */
  | { readonly kind: "open"; readonly reset: OffsetReset }
  /** Offsets of an empty group expired: forgets them where no epoch greater than this was granted or committed under. */
  | { readonly kind: "forget"; readonly epoch: number }
)

/** One row of what is true of the group as a whole. */
export interface StoredStanding {
  /** The greatest that was used. */
  readonly epoch: number
  /** Since when the group has had no members; null while it has some, or never had. */
  readonly emptySince: number | null
  /**
   * When the first of several coordinators in a row began, none of which has lived for a whole session; else null.
   * Whoever was not heard since then does not begin another session with each of them.
   */
  readonly restartedAt: number | null
  /** Whether something changed that the partitions were not divided for yet. */
  readonly isRebalanceOwed: boolean
}

/** A member as it is stored. */
export interface StoredMember {
  readonly id: string
  readonly instanceId: string | null
  readonly subscription: Subscription
  readonly joinedAt: number
  /** When it was heard of, or earlier: not every heartbeat is stored. */
  readonly heardAt: number
}

/** Everything known of one topic, as it is stored. */
export interface StoredAssignment {
  readonly topic: string
  /** 0 for a topic that has only been named so far. */
  readonly incarnation: number
  /** JSON that only the coordinator reads. */
  readonly partitions: string
}

/** What a commit changes of a group. */
export interface GroupChanges {
  readonly epoch: StoredStanding | null
  readonly membersWritten: readonly StoredMember[]
  readonly membersRemoved: readonly string[]
  readonly assignmentsWritten: readonly StoredAssignment[]
  readonly assignmentsRemoved: readonly string[]
}
