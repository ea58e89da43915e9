import type { GroupDescription, MemberPartition, MemberView, TopicPartition } from "./commands.ts"
import type { Holdings } from "./holdings.ts"
import type { Member } from "./members.ts"
import type { Board } from "./rebalance.ts"
import type { GroupSettings } from "./settings.ts"
import { holderOf, type Slot } from "./topic.ts"

/** What the members of a share group have: several may have the same. */
export type Spread = ReadonlyMap<string, readonly TopicPartition[]>

/** What a view is made of. */
export interface Standing extends Board {
  readonly settings: GroupSettings
  readonly spread: Spread
}

/** A member as it is shown to itself; `owned` is what it says that it works on, or null. */
export function viewOf(standing: Standing, member: Member, owned: readonly TopicPartition[] | null): MemberView {
  const { holdings, settings, epoch } = standing
  const partitions = partitionsOf(standing, member.id)
  const shown = new Set(partitions.map(keyOf))
  return {
    memberId: member.id,
    epoch: epoch.value,
    heartbeatIntervalMs: settings.heartbeatIntervalMs,
    sessionTimeoutMs: settings.sessionTimeoutMs,
    partitions,
    lost: (owned ?? []).filter((partition) => !shown.has(keyOf(partition))),
    isWaiting: isWaiting(holdings, member),
  }
}

/** Whether more partitions are on their way to a member. */
export function isWaiting(holdings: Holdings, { id, isPlaced }: Member): boolean {
  return !isPlaced || holdings.comingTo(id).size > 0
}

/** The group as its owner sees it. */
export function describe(standing: Standing, isRebalancing: boolean): GroupDescription {
  const { members, topics, epoch, holdings } = standing
  const isMoving = isRebalancing || holdings.isMoving
  return {
    epoch: epoch.value,
    state: members.size === 0 ? "empty" : isMoving ? "rebalancing" : "stable",
    members: members.all().map(({ id, instanceId, subscription, lastHeardAt }) => ({
      memberId: id,
      instanceId,
      subscription,
      lastHeartbeatAt: lastHeardAt,
      partitions: partitionsOf(standing, id).map(({ topic, partition }) => ({ topic, partition })),
    })),
    topics: [...topics.all()].map(({ name, slots }) => ({
      topic: name,
      partitions: slots.map(({ index, state }) => ({ partition: index, memberId: holderOf(state) })),
    })),
  }
}

function partitionsOf({ settings, spread, holdings }: Standing, memberId: string): MemberPartition[] {
  if (settings.type === "share") {
    return (spread.get(memberId) ?? []).map((place) => ({ ...place, epoch: 0, offset: null, revokeAt: null }))
  }
  return [...holdings.heldBy(memberId)].sort(byName).flatMap(shownAs)
}

function shownAs({ topic, index, epoch, state }: Slot): MemberPartition[] {
  if (state.state !== "owned" && state.state !== "revoking") return []
  const revokeAt = state.state === "revoking" ? state.revokeAt : null
  return [{ topic: topic.name, partition: index, epoch, offset: state.offset, revokeAt }]
}

function byName(a: Slot, b: Slot): number {
  if (a.topic !== b.topic) return a.topic.name < b.topic.name ? -1 : 1
  return a.index - b.index
}

/** One string for a partition: no name of a topic holds a slash. */
export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
