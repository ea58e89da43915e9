import type { Barrier, OffsetReset, SeekTarget } from "../stream/group-commands.ts"
import type { Growth } from "../stream/settings.ts"
import type { PartitionCall } from "./coordination.ts"

/** How a partition stands with the group. What a member is shown is `owned` or `revoking`: then the partition knows of it. */
export type SlotState =
  /** Nobody has it, and the partition knows. */
  | { readonly state: "free" }
  /** The partition is being told whom it serves, or that it serves nobody. */
  | { readonly state: "granting"; readonly memberId: string | null; readonly seek: SeekTarget | null }
  | ({ readonly state: "owned" } & Ownership)
  /** Its owner was asked to give it up by `revokeAt`; then it goes to `to`, or to nobody. */
  | ({ readonly state: "revoking"; readonly to: string | null; readonly revokeAt: number } & Ownership)
  /** Share groups: the partition is being told of the group. */
  | { readonly state: "opening" }
  | { readonly state: "open" }
  /** The group's offset expired, and the partition is being told. */
  | { readonly state: "forgetting" }
  | { readonly state: "forgotten" }

interface Ownership {
  readonly memberId: string
  /** Committed offset when it was granted. */
  readonly offset: number | null
  /** First offset that may not be read yet, as the partition was told last. */
  readonly limit: number | null
}

/** Where a group without an offset begins: as its settings say, or with the first record. */
export type Begin = "policy" | "earliest"

/** What a partition last said of where the group stands. */
export interface Sight {
  readonly position: number
  readonly barriers: readonly Barrier[]
}

/** One partition as the group has it. */
export class Slot {
  readonly topic: Topic
  readonly index: number
  /** The last one that was used at this partition: the next one is greater. */
  epoch: number
  begin: Begin
  /** Changed by `Holdings` alone. */
  state: SlotState
  sight: Sight | null = null
  /** The call that is under way, whose answer counts. */
  call: PartitionCall | null = null
  failures = 0
  retryAt = 0
  /** Whether the partition is to be asked where the group stands. */
  wantsLook = false
  /** A rebalance has other plans for it, and waits until its seek was answered. */
  isDeferred = false

  constructor(topic: Topic, index: number, begin: Begin, epoch: number, state: SlotState) {
    this.topic = topic
    this.index = index
    this.begin = begin
    this.epoch = epoch
    this.state = state
  }
}

/** One topic as the group has it. */
export class Topic {
  readonly name: string
  /** 0 for one that was named and not looked up yet. */
  readonly incarnation: number
  version: number
  growths: readonly Growth[]
  /** How many of the growths the group has passed. */
  passed = 0
  readonly slots: Slot[] = []
  /** When the partitions are asked again whether the group has passed the next growth. */
  pollAt = 0

  constructor(name: string, incarnation: number, version: number, growths: readonly Growth[]) {
    this.name = name
    this.incarnation = incarnation
    this.version = version
    this.growths = growths
  }
}

/** Who is shown the partition, or null. */
export function holderOf(state: SlotState): string | null {
  return state.state === "owned" || state.state === "revoking" ? state.memberId : null
}

/** For whom the partition is on its way, or null. */
export function takerOf(state: SlotState): string | null {
  if (state.state === "granting") return state.memberId
  return state.state === "revoking" ? state.to : null
}

/** Who has the partition in the end, or null for nobody. */
export function destinedTo(state: SlotState): string | null {
  return state.state === "owned" ? state.memberId : takerOf(state)
}

/** The reset that a call carries. */
export function resetOf({ begin }: Slot, policy: OffsetReset): OffsetReset {
  return begin === "earliest" ? "earliest" : policy
}

/** Whether a seek may or may not have been done: a grant beside it could do it twice. */
export function isSeeking({ state }: Slot): boolean {
  return state.state === "granting" && state.seek !== null
}
