import type { AppendRow } from "../log/append.ts"
import type { ProducerChanges, ProducerState } from "../producers/producer-state.ts"
import type { PartitionCounters } from "./counters.ts"
import type { Barrier } from "./group-commands.ts"
import type { StoredEnd } from "./log-end.ts"
import type { GroupState, PartitionGroupChanges } from "./partition-groups.ts"
import type { RowSpans } from "./row-spans.ts"
import type { TopicSettings } from "./settings.ts"

/** Everything that one commit of a partition stores, in one transaction. */
export interface PartitionChanges {
  readonly seq: number
  readonly rows: readonly AppendRow[]
  /** Base offset of the row that takes the counters where no row is written, or null. */
  readonly countersInto: number | null
  readonly counters: Uint8Array
  readonly producers: ProducerChanges | null
  readonly barriers: readonly Barrier[]
  readonly groups: PartitionGroupChanges | null
}

/** What a partition is made of; see `store/partition-store.ts` for how it is loaded. */
export interface PartitionParts {
  readonly incarnation: number
  /** Among the partitions of its topic. */
  readonly index: number
  readonly counters: PartitionCounters
  readonly end: StoredEnd
  /** In the order of their last batches. */
  readonly producers: readonly ProducerState[]
  /** In order of their numbers of partitions. */
  readonly barriers: readonly Barrier[]
  readonly groups: readonly GroupState[]
  readonly rows: RowSpans
  readonly settings: TopicSettings
}
