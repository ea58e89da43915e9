import type { ErrorCode, Failure } from "../errors.ts"
import { FIRST_GRANT_RETRY_MS, LAST_GRANT_RETRY_MS, MAX_CALL_WAIT_MS, MAX_GRANTS_AT_ONCE } from "../limits.ts"
import type { Result } from "../result.ts"
import type { GroupOffset, OffsetReset } from "../stream/group-commands.ts"
import { isBelow, limitOf, passGrowths } from "./barriers.ts"
import type { GrantTerms, PartitionCall } from "./coordination.ts"
import type { GroupEpoch } from "./group-epoch.ts"
import type { GroupState } from "./group-state.ts"
import type { Holdings } from "./holdings.ts"
import type { Lookups } from "./lookups.ts"
import { isSeeking, resetOf, type Slot } from "./topic.ts"

const NO_ANSWER: Failure = { code: "unavailable", retryAfterMs: 0 }

/** What a partition answers that is another than the group knows, or none. */
const OUTDATED: ReadonlySet<ErrorCode> = new Set(["not_found", "being_deleted", "stale_metadata"])

/** Why a seek can't be done, however often it is tried. */
const SEEK_REFUSED: ReadonlySet<ErrorCode> = new Set(["offset_trimmed", "offset_out_of_range", "no_committed_offset"])

type Outcome = Result<GroupOffset | null, Failure>

/**
 * The calls that bring partitions to what they are to be. One call at a time is under way to a partition, but for a
 * grant of a greater epoch, which makes the answer of the one before worth nothing.
 */
export class Calls {
  readonly #holdings: Holdings
  readonly #lookups: Lookups
  readonly #epoch: GroupEpoch
  readonly #underWay = new Map<PartitionCall, { readonly slot: Slot; readonly sentAt: number }>()

  constructor({ holdings, lookups, epoch }: Pick<GroupState, "holdings" | "lookups" | "epoch">) {
    this.#holdings = holdings
    this.#lookups = lookups
    this.#epoch = epoch
  }

  /** Calls to make now. */
  take(policy: OffsetReset, now: number): PartitionCall[] {
    const calls: PartitionCall[] = []
    const { work } = this.#holdings
    for (const slot of work) {
      if (this.#underWay.size >= MAX_GRANTS_AT_ONCE) break
      const call = callFor(slot, policy)
      if (!call) work.delete(slot)
      if (!call || !this.#isFree(slot, call) || slot.retryAt > now) continue
      slot.call = call
      slot.wantsLook = false
      this.#underWay.set(call, { slot, sentAt: now })
      calls.push(call)
    }
    return calls
  }

  /** Takes calls that were never answered as failed. */
  expire(now: number): void {
    for (const [call, { sentAt }] of this.#underWay) {
      if (sentAt + MAX_CALL_WAIT_MS > now) return
      this.answered(call, { ok: false, error: NO_ANSWER }, now)
    }
  }

  /**
   * When a call is to be made again or was not answered, or null. What is ready goes at once, or when there is room
   * again; what waits for a lookup goes after it.
   */
  get dueAt(): number | null {
    const [first] = this.#underWay.values()
    let dueAt = first ? first.sentAt + MAX_CALL_WAIT_MS : null
    if (this.#underWay.size >= MAX_GRANTS_AT_ONCE) return dueAt
    for (const slot of this.#holdings.work) {
      if (slot.call || this.#lookups.isSuspect(slot.topic.name)) continue
      dueAt = Math.min(dueAt ?? slot.retryAt, slot.retryAt)
    }
    return dueAt
  }

  /** What a call came to. Answers whether other plans have waited for it. */
  answered(call: PartitionCall, outcome: Outcome, now: number): boolean {
    const slot = this.#underWay.get(call)?.slot
    this.#underWay.delete(call)
    // a newer call took its place, or the partition is gone
    if (slot?.call !== call) return false
    const { isDeferred } = slot
    slot.call = null
    this.#holdings.work.add(slot)
    if (!outcome.ok) this.#failed(slot, call, outcome.error, now)
    else this.#succeeded(slot, call, outcome.value)
    slot.isDeferred = isDeferred && isSeeking(slot)
    return isDeferred && !slot.isDeferred
  }

  #succeeded(slot: Slot, call: PartitionCall, value: GroupOffset | null): void {
    slot.failures = 0
    slot.retryAt = 0
    switch (call.kind) {
      case "grant":
        return this.#granted(slot, call.request, call.version, value!)
      case "look":
        this.#noteLimit(slot, value!)
        return this.#seen(slot, call.version, value!)
      case "open":
        slot.begin = "policy"
        return this.#holdings.move(slot, { state: "open" })
      case "forget":
        if (slot.state.state === "forgetting" && slot.epoch === call.epoch)
          this.#holdings.move(slot, { state: "forgotten" })
    }
  }

  #granted(slot: Slot, { epoch, memberId, limit }: GrantTerms, version: number, offset: GroupOffset): void {
    const { state } = slot
    // the partition was granted anew since; what the older grant led to says nothing
    if (slot.epoch !== epoch) return
    if (state.state === "granting") {
      slot.begin = "policy"
      const owned = memberId !== null && { state: "owned" as const, memberId, offset: offset.committedOffset, limit }
      this.#holdings.move(slot, owned || { state: "free" })
    } else if (state.state === "owned" || state.state === "revoking") {
      this.#holdings.move(slot, { ...state, limit })
    }
    this.#seen(slot, version, offset)
  }

  /** Where its log was cut the partition has lowered the limit by itself; it is asked once the group hears of that. */
  #noteLimit(slot: Slot, { epoch, memberId, limit }: GroupOffset): void {
    const { state } = slot
    if (state.state !== "owned" && state.state !== "revoking") return
    if (epoch !== slot.epoch || memberId !== state.memberId || limit === state.limit) return
    this.#holdings.move(slot, { ...state, limit })
  }

  #seen(slot: Slot, version: number, { committedOffset, startOffset, barriers }: GroupOffset): void {
    const { topic } = slot
    // it may lack barriers that came since
    if (version !== topic.version) return
    slot.sight = { position: committedOffset ?? startOffset, barriers }
    if (!passGrowths(topic)) return
    this.#holdings.changedTopics.add(topic)
    this.#holdings.addWork(topic.slots)
  }

  #failed(slot: Slot, call: PartitionCall, failure: Failure, now: number): void {
    slot.retryAt = now + Math.min(FIRST_GRANT_RETRY_MS * 2 ** slot.failures, LAST_GRANT_RETRY_MS)
    slot.failures++
    // others get their turn first
    this.#holdings.work.delete(slot)
    this.#holdings.work.add(slot)
    if (failure.code === "fenced") this.#fenced(slot, call, failure.epoch)
    else if (OUTDATED.has(failure.code)) this.#lookups.suspect(call.topic)
    else if (SEEK_REFUSED.has(failure.code)) this.#refused(slot)
  }

  /** The partition knows a greater epoch than this group's: the group lost what it knew, and goes on beyond it. */
  #fenced(slot: Slot, call: PartitionCall, epoch: number): void {
    const { state, failures, retryAt } = slot
    if (call.kind !== "grant" || call.request.epoch !== slot.epoch || epoch < slot.epoch) return
    const above = this.#epoch.above(epoch)
    if (state.state === "granting") this.#holdings.grant(slot, state.memberId, above, state.seek)
    else if (state.state === "owned") this.#holdings.grant(slot, state.memberId, above, null)
    else if (state.state === "revoking") this.#holdings.grant(slot, state.to, above, null)
    slot.failures = failures
    slot.retryAt = retryAt
  }

  /** A seek can't be done: the partition goes on where it is, at an epoch of its own, should a late call be done after all. */
  #refused(slot: Slot): void {
    const { state } = slot
    if (state.state !== "granting" || !isSeeking(slot)) return
    this.#holdings.grant(slot, state.memberId, this.#epoch.above(slot.epoch), null)
  }

  /** Whether nothing is under way to the partition that the call would have to wait for. */
  #isFree(slot: Slot, call: PartitionCall): boolean {
    if (this.#lookups.isSuspect(slot.topic.name)) return false
    if (!slot.call) return true
    return call.kind === "grant" && call.request.epoch > epochOf(slot.call)
  }
}

/** The call that a partition needs, or null for none. */
function callFor(slot: Slot, policy: OffsetReset): PartitionCall | null {
  const { topic, index, state, epoch } = slot
  const about = { topic: topic.name, partition: index, version: topic.version }
  switch (state.state) {
    case "granting": {
      const limit = limitOf(slot)
      if (limit === "unknown") return { ...about, kind: "look" }
      const { memberId, seek } = state
      return { ...about, kind: "grant", request: { memberId, epoch, reset: resetOf(slot, policy), seek, limit } }
    }
    case "owned":
    case "revoking": {
      const limit = limitOf(slot)
      if (limit === "unknown") return { ...about, kind: "look" }
      // at the epoch that it has a partition only raises a limit
      if (!isBelow(state.limit, limit)) return slot.wantsLook ? { ...about, kind: "look" } : null
      const { memberId } = state
      return { ...about, kind: "grant", request: { memberId, epoch, reset: resetOf(slot, policy), seek: null, limit } }
    }
    case "opening":
      return { ...about, kind: "open", reset: resetOf(slot, policy) }
    case "forgetting":
      return { ...about, kind: "forget", epoch }
    case "free":
    case "open":
    case "forgotten":
      return slot.wantsLook ? { ...about, kind: "look" } : null
  }
}

function epochOf(call: PartitionCall): number {
  return call.kind === "grant" ? call.request.epoch : 0
}
