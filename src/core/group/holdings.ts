import type { SeekTarget } from "../stream/group-commands.ts"
import { holderOf, type Slot, type SlotState, takerOf, type Topic } from "./topic.ts"

/** Who has which partition and who waits for one; every change of a partition goes through here. */
export class Holdings {
  readonly #held = new Map<string, Set<Slot>>()
  readonly #coming = new Map<string, Set<Slot>>()
  readonly #revoking = new Set<Slot>()
  readonly #granting = new Set<Slot>()
  /** Partitions that may need a call. */
  readonly work = new Set<Slot>()
  /** Topics of which a partition changed. */
  readonly changedTopics = new Set<Topic>()
  /** Members that see other partitions than before. */
  readonly changedViews = new Set<string>()
  /** Members that may wait now, or not any more. */
  readonly changedWaits = new Set<string>()

  /** Partitions that a member is shown. */
  heldBy(memberId: string): ReadonlySet<Slot> {
    return this.#held.get(memberId) ?? NO_SLOTS
  }

  /** Partitions that are on their way to a member. */
  comingTo(memberId: string): ReadonlySet<Slot> {
    return this.#coming.get(memberId) ?? NO_SLOTS
  }

  get revoking(): ReadonlySet<Slot> {
    return this.#revoking
  }

  /** When the first owner has to give up a partition, or null. */
  get nextRevokeAt(): number | null {
    let next: number | null = null
    for (const { state } of this.#revoking) {
      if (state.state === "revoking") next = Math.min(next ?? state.revokeAt, state.revokeAt)
    }
    return next
  }

  /** Whether partitions are on their way. */
  get isMoving(): boolean {
    return this.#revoking.size > 0 || this.#granting.size > 0
  }

  /** Takes in partitions that are new. */
  add(slots: readonly Slot[]): void {
    for (const slot of slots) this.#link(slot)
    this.addWork(slots)
  }

  /** Takes in partitions as they were stored. Those that were on their way somewhere, or have a limit, may need a call. */
  restore(slots: readonly Slot[]): void {
    for (const slot of slots) this.#link(slot)
    this.addWork(slots.filter(isUnderWay))
  }

  /** Has it looked whether partitions need a call. */
  addWork(slots: readonly Slot[]): void {
    for (const slot of slots) this.work.add(slot)
  }

  /** Lets partitions go that are not there any more: whoever had one has lost it. */
  remove(slots: readonly Slot[]): void {
    for (const slot of slots) {
      this.#tell(slot.state, null)
      this.#unlink(slot)
      this.work.delete(slot)
      slot.call = null
    }
  }

  move(slot: Slot, state: SlotState): void {
    this.#tell(slot.state, state)
    this.#unlink(slot)
    slot.state = state
    this.#link(slot)
    this.work.add(slot)
    this.changedTopics.add(slot.topic)
  }

  /** Has the partition told whom it serves from now on; `epoch` must be greater than all that were used there. */
  grant(slot: Slot, memberId: string | null, epoch: number, seek: SeekTarget | null): void {
    this.#begin(slot, epoch)
    this.move(slot, { state: "granting", memberId, seek })
  }

  /** Has the partition forget the group. */
  forget(slot: Slot, epoch: number): void {
    this.#begin(slot, epoch)
    this.move(slot, { state: "forgetting" })
  }

  #begin(slot: Slot, epoch: number): void {
    slot.epoch = epoch
    slot.failures = 0
    slot.retryAt = 0
    slot.isDeferred = false
  }

  #tell(before: SlotState, after: SlotState | null): void {
    const was = holderOf(before)
    const is = after && holderOf(after)
    if (was !== is || before.state !== after?.state) {
      if (was !== null) this.changedViews.add(was)
      if (is !== null) this.changedViews.add(is)
    }
    for (const memberId of [takerOf(before), after && takerOf(after)]) {
      if (memberId !== null) this.changedWaits.add(memberId)
    }
  }

  #link(slot: Slot): void {
    const { state } = slot
    addTo(this.#held, holderOf(state), slot)
    addTo(this.#coming, takerOf(state), slot)
    if (state.state === "revoking") this.#revoking.add(slot)
    if (state.state === "granting") this.#granting.add(slot)
  }

  #unlink(slot: Slot): void {
    removeFrom(this.#held, holderOf(slot.state), slot)
    removeFrom(this.#coming, takerOf(slot.state), slot)
    this.#revoking.delete(slot)
    this.#granting.delete(slot)
  }
}

const NO_SLOTS: ReadonlySet<Slot> = new Set()

function isUnderWay({ state, topic }: Slot): boolean {
  switch (state.state) {
    case "granting":
    case "opening":
    case "forgetting":
      return true
    case "owned":
    case "revoking":
      return state.limit !== null || topic.passed < topic.growths.length
    case "free":
    case "open":
    case "forgotten":
      return false
  }
}

function addTo(index: Map<string, Set<Slot>>, memberId: string | null, slot: Slot): void {
  if (memberId === null) return
  const slots = index.get(memberId)
  if (slots) slots.add(slot)
  else index.set(memberId, new Set([slot]))
}

function removeFrom(index: Map<string, Set<Slot>>, memberId: string | null, slot: Slot): void {
  if (memberId === null) return
  const slots = index.get(memberId)
  slots?.delete(slot)
  if (slots?.size === 0) index.delete(memberId)
}
