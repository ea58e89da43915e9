import type { Failure } from "../errors.ts"
import { err, ok, type Result } from "../result.ts"
import type { HeartbeatRequest, JoinRequest, MemberView, Subscription } from "./commands.ts"
import type { GroupState } from "./group-state.ts"
import { isSameSubscription, type Member } from "./members.ts"
import { release, replace } from "./rebalance.ts"
import { isWaiting, keyOf, viewOf } from "./views.ts"

/** Takes a member in, or answers one that is in; a static member takes over from its former self. */
export function join(group: GroupState, request: JoinRequest, now: number): Result<MemberView, Failure> {
  const { members, epoch } = group
  const { memberId, instanceId, subscription } = request
  // a join that is repeated: its answer was lost
  if (members.get(memberId)) return heartbeat(group, { memberId, owned: null, subscription }, now)
  const before = members.ofInstance(instanceId)
  const refusal = members.checkRoom(before) ?? group.checkSubscription(subscription)
  if (refusal) return err(refusal)
  group.lookFor(subscription)
  const isSame = before !== null && isSameSubscription(before.subscription, subscription)
  const joinedAt = before?.joinedAt ?? now
  if (before) members.remove(before)
  const stored = { id: memberId, instanceId, subscription, joinedAt, heardAt: now }
  const member = members.add(stored, isSame && before.isPlaced)
  epoch.quietSince = null
  if (before) replace(group, before.id, memberId)
  if (!isSame) group.rebalanceSoon(now)
  return ok(viewOf(group, member, null))
}

/** Notes that a member is there, what it gave up and what it wants. */
export function heartbeat(group: GroupState, request: HeartbeatRequest, now: number): Result<MemberView, Failure> {
  const { memberId, owned, subscription } = request
  const member = group.members.get(memberId)
  if (!member) return err(noMember(memberId))
  const refusal = subscription && resubscribe(group, member, subscription, now)
  if (refusal) return err(refusal)
  group.hear(member, now)
  if (owned) giveUp(group, memberId, new Set(owned.map(keyOf)))
  return ok(viewOf(group, member, owned))
}

/** Members that would see something new since the last time. */
export function takeNews({ members, holdings }: GroupState): string[] {
  const { changedViews, changedWaits } = holdings
  const news = [...new Set([...changedViews, ...changedWaits])].filter((id) => {
    const member = members.get(id)
    if (!member) return false
    const { wasWaiting } = member
    member.wasWaiting = isWaiting(holdings, member)
    return changedViews.has(id) || member.wasWaiting !== wasWaiting
  })
  changedViews.clear()
  changedWaits.clear()
  return news
}

/** What is said of a member that is out. */
export function noMember(name: string): Failure {
  return { code: "not_found", resource: "member", name }
}

function resubscribe(group: GroupState, member: Member, subscription: Subscription, now: number): Failure | null {
  if (isSameSubscription(member.subscription, subscription)) return null
  const refusal = group.checkSubscription(subscription)
  if (refusal) return refusal
  group.lookFor(subscription)
  group.members.subscribe(member, subscription)
  group.holdings.changedWaits.add(member.id)
  group.rebalanceSoon(now)
  return null
}

/** What a member was asked to give up and does not own any more goes on to the next. */
function giveUp({ holdings, members, epoch }: GroupState, memberId: string, owned: ReadonlySet<string>): void {
  for (const slot of holdings.heldBy(memberId)) {
    const isKept = owned.has(keyOf({ topic: slot.topic.name, partition: slot.index }))
    if (slot.state.state === "revoking" && !isKept) release(slot, holdings, members, epoch)
  }
}
