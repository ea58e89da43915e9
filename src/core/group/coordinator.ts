import type { Failure } from "../errors.ts"
import { err, ok, type Result } from "../result.ts"
import type { GroupOffset } from "../stream/group-commands.ts"
import { Calls } from "./calls.ts"
import type { GroupDescription, GroupSeekRequest, HeartbeatRequest, JoinRequest, MemberView } from "./commands.ts"
import type { GroupChanges, PartitionCall, TopicInfo, TopicLookup } from "./coordination.ts"
import { question, takeOver } from "./discovery.ts"
import { type CoordinatorParts, GroupState } from "./group-state.ts"
import { heartbeat, join, noMember, takeNews } from "./membership.ts"
import { lowerLimits, releaseRevoked } from "./rebalance.ts"
import { seekSlots } from "./seek.ts"
import type { GroupSettings } from "./settings.ts"
import { barriersDueAt, dropForgotten, expireOffsets, offsetsExpireAt, pollBarriers, touchOffsets } from "./upkeep.ts"
import { describe, viewOf } from "./views.ts"

/** Who is in a group, which partitions they are to have, and what has to be done until they have them. */
export class Coordinator {
  readonly #group: GroupState
  readonly #calls: Calls

  constructor(parts: CoordinatorParts) {
    this.#group = new GroupState(parts)
    this.#calls = new Calls(this.#group)
  }

  /**
   * Takes a member in, or answers one that is in. A static member takes over from its former self, which is out.
   * `conflict` where there is no room.
   */
  join(request: JoinRequest, now: number): Result<MemberView, Failure> {
    return join(this.#group, request, now)
  }

  /** `not_found` of a member that is out. */
  heartbeat(request: HeartbeatRequest, now: number): Result<MemberView, Failure> {
    return heartbeat(this.#group, request, now)
  }

  /** A look that is no heartbeat. */
  view(memberId: string): Result<MemberView, Failure> {
    const member = this.#group.members.get(memberId)
    return member ? ok(viewOf(this.#group, member, null)) : err(noMember(memberId))
  }

  leave(memberId: string, now: number): Result<null, Failure> {
    const member = this.#group.members.get(memberId)
    if (!member) return err(noMember(memberId))
    this.#group.remove(member, now)
    return ok(null)
  }

  describe(): GroupDescription {
    return describe(this.#group, this.#group.isRebalancing)
  }

  /**
   * Moves offsets by grants at a new epoch (consumer groups; never a dry run: that needs no coordinator). Fails as
   * `unavailable` until an unknown topic was looked up: try again after `noteTopics`; `not_found` where there is none.
   */
  seek({ topic, partitions, target }: GroupSeekRequest, now: number): Result<null, Failure> {
    const group = this.#group
    const failure = group.checkType("consumer") ?? group.checkTopic(topic, now)
    if (failure) return err(failure)
    touchOffsets(group, group.settings, now)
    return seekSlots(group, topic, partitions, target)
  }

  /**
   * The epoch for commits from outside, to these topics; `conflict` while there are members. Fails as `unavailable`
   * until they were looked up, as `attach` does: where a commit leads nobody knows else what to forget.
   */
  standalone(names: readonly string[], now: number): Result<number, Failure> {
    const group = this.#group
    const { topics, members, epoch } = group
    const failure = group.checkType("consumer") ?? topics.checkRoom(names)
    if (failure) return err(failure)
    if (members.size > 0) return err({ code: "conflict", detail: "the group has members, and only they commit" })
    const unknown = names.map((name) => group.checkTopic(name, now)).find((refusal) => refusal !== null)
    if (unknown) return err(unknown)
    touchOffsets(group, group.settings, now)
    return ok(epoch.value)
  }

  /**
   * Begins a share group in all partitions of a topic. Fails as `unavailable` until the topic was looked up: try again
   * after `noteTopics`; `not_found` where there is none. Whether all have begun, `isOpening` says.
   */
  attach(topic: string, now: number): Result<null, Failure> {
    const failure = this.#group.checkType("share") ?? this.#group.checkTopic(topic, now)
    if (failure) return err(failure)
    // whoever asks has met a partition where the group has not begun
    if (!this.isOpening(topic)) this.#group.lookups.suspect(topic)
    return ok(null)
  }

  /** Whether a partition of the topic is still to begin the share group, as far as is known. */
  isOpening(topic: string): boolean {
    if (this.#group.lookups.isSuspect(topic)) return true
    return this.#group.topics.get(topic)?.slots.some(({ state }) => state.state === "opening") ?? false
  }

  applySettings(settings: GroupSettings): void {
    this.#group.settings = settings
  }

  /** What to ask the catalog now, or null for nothing. Until it is answered nothing else is asked. */
  lookups(now: number): TopicLookup | null {
    const { lookups, members, settings } = this.#group
    if (!isDue(lookups.dueAt(members.size > 0), now)) return null
    const asked = question(this.#group, lookups, settings.type)
    return asked ? lookups.ask(asked, now) : lookups.skip(now)
  }

  /**
   * The answer to `asked`, which is what `lookups` answered: topics that were not found are gone. Null: it could not be
   * asked. Answers to an earlier instance are ignored.
   */
  noteTopics(asked: TopicLookup, found: readonly TopicInfo[] | null, now: number): void {
    if (!this.#group.lookups.answered(asked, found !== null, now) || !found) return
    if (takeOver(this.#group, asked, found, now)) this.#group.rebalanceSoon(now)
  }

  /** Does what is due: sessions, revocations, the rebalance, offsets that expire. The last thing before the write. */
  settle(now: number): void {
    const group = this.#group
    for (const member of group.members.silentSince(now - group.settings.sessionTimeoutMs)) group.remove(member, now)
    this.#calls.expire(now)
    if (isDue(group.rebalanceDueAt, now)) group.rebalance(now)
    releaseRevoked(group, now)
    if (isDue(offsetsExpireAt(group, group.settings), now)) expireOffsets(group)
    if (isDue(barriersDueAt(group), now)) pollBarriers(group, now)
    lowerLimits(group)
  }

  /** Calls to make, once the commit is written. Each must be answered, with `unavailable` where nothing came back. */
  takeCalls(now: number): PartitionCall[] {
    return this.#calls.take(this.#group.settings.autoOffsetReset, now)
  }

  /** What a call of `takeCalls` came to; null for one that answers nothing. Calls of an earlier instance are ignored. */
  answered(call: PartitionCall, result: Result<GroupOffset | null, Failure>, now: number): void {
    if (this.#calls.answered(call, result, now)) this.#group.rebalanceSoon(now)
    if (call.kind === "forget") dropForgotten(this.#group, call.topic)
  }

  /** What is to be written since the last time, or null for nothing. */
  takeChanges(): GroupChanges | null {
    const epoch = this.#group.epoch.takeChange(this.#group.isRebalancing)
    const members = this.#group.members.takeChanges()
    const topics = this.#group.topics.takeChanges()
    const rows = [members.written, members.removed, topics.written, topics.removed]
    if (!epoch && rows.every(({ length }) => length === 0)) return null
    return {
      epoch,
      membersWritten: members.written,
      membersRemoved: members.removed,
      assignmentsWritten: topics.written,
      assignmentsRemoved: topics.removed,
    }
  }

  /** Members that would see something new since the last time. */
  takeNews(): string[] {
    return takeNews(this.#group)
  }

  /** Members that are out since the last time. */
  takeExpelled(): string[] {
    return this.#group.members.takeExpelled()
  }

  /** When there is something to do without a call, or null. */
  nextDeadlineAt(): number | null {
    const { members, settings, holdings, lookups, rebalanceDueAt } = this.#group
    const { oldestHeardAt } = members
    const deadlines = [
      oldestHeardAt === null ? null : oldestHeardAt + settings.sessionTimeoutMs,
      rebalanceDueAt,
      holdings.nextRevokeAt,
      offsetsExpireAt(this.#group, settings),
      barriersDueAt(this.#group),
      this.#calls.dueAt,
      lookups.deadlineAt,
    ].filter((deadline) => deadline !== null)
    return deadlines.length === 0 ? null : Math.min(...deadlines)
  }
}

function isDue(at: number | null, now: number): boolean {
  return at !== null && at <= now
}
