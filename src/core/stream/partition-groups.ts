import type { Failure } from "../errors.ts"
import { MAX_GROUPS_PER_PARTITION } from "../limits.ts"
import { err, ok, type Result } from "../result.ts"
import type {
  Barrier,
  CommitRequest,
  GrantRequest,
  GroupOffset,
  Owner,
  SeekReply,
  SeekTarget,
} from "./group-commands.ts"
import { type GroupLog, resetOffset, seekOffset } from "./group-seek.ts"

/** What a partition stores of one group. */
export interface GroupState {
  readonly group: string
  readonly generation: number
  /** Whom the partition serves, or null for nobody. */
  readonly memberId: string | null
  readonly epoch: number
  /** Next offset to read, or null where the group has none. */
  readonly committedOffset: number | null
  readonly metadata: string
  /** 0 for never. */
  readonly committedAt: number
  /** First offset that the member may not read yet, or null for no limit. */
  readonly limit: number | null
}

/** What a commit changes of the groups. */
export interface PartitionGroupChanges {
  readonly written: readonly GroupState[]
  readonly forgotten: readonly string[]
}

/**
 * The consumer groups of one partition: whom it serves for each, and how far they are. The coordinator gives it to a
 * member under an epoch; whatever comes from anybody else is fenced.
 */
export class PartitionGroups {
  readonly #log: GroupLog
  readonly #states = new Map<string, GroupState>()
  readonly #written = new Set<string>()
  readonly #forgotten = new Set<string>()
  /** Generations that were deleted lately: calls that were on their way must not begin them anew. */
  readonly #ended = new Map<string, number>()

  constructor(stored: readonly GroupState[], log: GroupLog) {
    for (const state of stored) this.#states.set(state.group, state)
    this.#log = log
  }

  /** Where a group stands; of another generation nothing is known. */
  offsetOf(group: string, generation: number): GroupOffset {
    return this.#view(this.#stateOf(group, generation) ?? blank(group, generation), null)
  }

  /**
   * Gives the partition to a member or to nobody, and fences whoever had it. The same grant again changes nothing but
   * the limit, which it may only raise. Fails, and changes nothing, as `fenced` for one that is outdated, and where its seek can't be done.
   */
  grant(request: GrantRequest, now: number): Result<GroupOffset, Failure> {
    const { group, generation, memberId, epoch } = request
    const limit = lower(request.limit, this.#log.sealedAt)
    const refusal = this.#refusalOf(group, generation)
    if (refusal) return err(refusal)
    const known = this.#stateOf(group, generation)
    if (known && (epoch < known.epoch || (epoch === known.epoch && memberId !== known.memberId))) {
      return err({ code: "fenced", epoch: known.epoch })
    }
    if (known && epoch === known.epoch) {
      // one that comes late must not take back what a later one gave
      const state = { ...known, limit: higher(limit, known.limit) }
      if (state.limit !== known.limit) this.put(state)
      return ok(this.#view(state, null))
    }
    const before = known ?? blank(group, generation)
    const placed = this.#place(before, request, now)
    if (!placed.ok) return placed
    const state = { ...placed.value, memberId, epoch, limit }
    this.put(state)
    const isReset = request.seek === null && state.committedOffset !== before.committedOffset
    return ok(this.#view(state, isReset ? before.committedOffset : null))
  }

  /** The state that a commit leads to, for `put` in the same transaction; or why it is refused. */
  planCommit(request: CommitRequest, now: number): Result<GroupState, Failure> {
    const { group, generation, memberId, epoch, offset, metadata } = request
    const refusal = memberId === null ? this.#outsideRefusal(request) : this.check({ ...request, memberId })
    if (refusal) return err(refusal)
    const before = this.#stateOf(group, generation) ?? blank(group, generation)
    // whoever commits from outside is not read to by this partition, and may pass by what a member must wait for
    const limit = memberId === null ? null : before.limit
    const latestOffset = Math.min(this.#log.endOffset, limit ?? this.#log.endOffset)
    if (offset > latestOffset) return err({ code: "offset_out_of_range", latestOffset })
    return ok({ ...before, memberId, epoch, committedOffset: offset, metadata, committedAt: now })
  }

  /** Takes over what `planCommit` answered. */
  put(state: GroupState): void {
    this.#states.set(state.group, state)
    this.#written.add(state.group)
    this.#forgotten.delete(state.group)
  }

  /** Why the partition is not served to `owner`, or null where it is. */
  check({ group, generation, memberId, epoch }: Owner): Failure | null {
    const state = this.#stateOf(group, generation)
    if (state?.memberId === memberId && state.epoch === epoch) return null
    return { code: "fenced", epoch: this.#epochSince(group, generation) }
  }

  /** Lets no member read from `offset` on until it is granted anew by somebody who knows what comes there. */
  cut(offset: number): void {
    for (const state of this.#states.values()) {
      const limit = lower(state.limit, offset)
      if (state.memberId !== null && limit !== state.limit) this.put({ ...state, limit })
    }
  }

  /** First offset that a group's member may not read yet, or null for no limit. */
  limitOf({ group, generation }: Owner): number | null {
    return this.#stateOf(group, generation)?.limit ?? null
  }

  /** Where a seek would lead. */
  previewSeek(group: string, generation: number, target: SeekTarget, now: number): Result<SeekReply, Failure> {
    const before = this.#stateOf(group, generation)?.committedOffset ?? null
    const offset = seekOffset(this.#log, before, target, now)
    return offset.ok ? ok({ before, offset: offset.value }) : offset
  }

  /** Forgets a group of this generation or an older one. */
  forget(group: string, generation: number): void {
    const ended = Math.max(generation, this.#ended.get(group) ?? 0)
    this.#ended.delete(group)
    this.#ended.set(group, ended)
    const [oldest] = this.#ended.keys()
    if (this.#ended.size > MAX_GROUPS_PER_PARTITION) this.#ended.delete(oldest!)
    const state = this.#states.get(group)
    if (state && state.generation <= generation) this.#drop(group)
  }

  /** Forgets where a group stands that was not used under a greater epoch since; it may begin anew. */
  expire(group: string, generation: number, epoch: number): void {
    const state = this.#stateOf(group, generation)
    if (state && state.epoch <= epoch) this.#drop(group)
  }

  /** What changed since the last commit, or null for nothing. */
  takeChanges(): PartitionGroupChanges | null {
    if (this.#written.size === 0 && this.#forgotten.size === 0) return null
    const written = [...this.#written].map((group) => this.#states.get(group)!)
    const forgotten = [...this.#forgotten]
    this.#written.clear()
    this.#forgotten.clear()
    return { written, forgotten }
  }

  #drop(group: string): void {
    this.#states.delete(group)
    this.#written.delete(group)
    this.#forgotten.add(group)
  }

  /** Where a grant lets the group go on. */
  #place(before: GroupState, { seek, reset }: GrantRequest, now: number): Result<GroupState, Failure> {
    const { committedOffset } = before
    if (seek) {
      const offset = seekOffset(this.#log, committedOffset, seek, now)
      return offset.ok ? ok(movedTo(before, offset.value, now)) : offset
    }
    const isThere = committedOffset !== null && committedOffset >= this.#log.startOffset
    const offset = isThere ? null : resetOffset(this.#log, reset, now)
    return ok(offset === null ? before : movedTo(before, offset, now))
  }

  /** Why a commit from outside can't be: it needs a group that nobody is a member of. */
  #outsideRefusal({ group, generation, epoch }: CommitRequest): Failure | null {
    const refusal = this.#refusalOf(group, generation)
    if (refusal) return refusal
    const state = this.#stateOf(group, generation)
    if (!state || (state.memberId === null && state.epoch <= epoch)) return null
    return { code: "fenced", epoch: state.epoch }
  }

  /** Why a group of this generation may not begin here, or null where it may, or has. */
  #refusalOf(group: string, generation: number): Failure | null {
    const state = this.#states.get(group)
    if (state && state.generation > generation) return { code: "fenced", epoch: state.epoch }
    if ((this.#ended.get(group) ?? 0) >= generation) return { code: "fenced", epoch: 0 }
    if (state || this.#states.size < MAX_GROUPS_PER_PARTITION) return null
    return { code: "conflict", detail: `a partition has at most ${MAX_GROUPS_PER_PARTITION} groups` }
  }

  /** The epoch that replaced an owner's: 0 where the group has never been here. */
  #epochSince(group: string, generation: number): number {
    const state = this.#states.get(group)
    return state && state.generation >= generation ? state.epoch : 0
  }

  #stateOf(group: string, generation: number): GroupState | null {
    const state = this.#states.get(group)
    return state?.generation === generation ? state : null
  }

  #view(state: GroupState, resetFrom: number | null): GroupOffset {
    const { committedOffset, metadata, committedAt, memberId, epoch, limit } = state
    const { startOffset, endOffset } = this.#log
    const barriers = this.#log.barriers.map((barrier) => this.#shown(barrier, committedOffset))
    return {
      committedOffset,
      metadata,
      committedAt,
      resetFrom,
      memberId,
      epoch,
      limit,
      startOffset,
      endOffset,
      barriers,
    }
  }

  /** A barrier is passed where nothing is left before it: compaction may have taken what stood there. */
  #shown(barrier: Barrier, committedOffset: number | null): Barrier {
    if (committedOffset === null || committedOffset >= barrier.offset) return barrier
    if (this.#log.hasRecords(committedOffset, barrier.offset)) return barrier
    return { ...barrier, offset: committedOffset }
  }
}

function blank(group: string, generation: number): GroupState {
  return {
    group,
    generation,
    memberId: null,
    epoch: 0,
    committedOffset: null,
    metadata: "",
    committedAt: 0,
    limit: null,
  }
}

/** The higher of two limits; null is none. */
function higher(limit: number | null, other: number | null): number | null {
  return limit === null || other === null ? null : Math.max(limit, other)
}

/** The lower of two limits; null is none. */
function lower(limit: number | null, other: number | null): number | null {
  return limit === null || other === null ? (limit ?? other) : Math.min(limit, other)
}

/** An offset that the group did not commit itself has none of its metadata. */
function movedTo(state: GroupState, committedOffset: number, now: number): GroupState {
  return { ...state, committedOffset, metadata: "", committedAt: now }
}
