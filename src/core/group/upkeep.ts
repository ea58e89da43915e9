import { BARRIER_POLL_MS } from "../limits.ts"
import { slotsToAsk } from "./barriers.ts"
import type { Board } from "./rebalance.ts"
import type { GroupSettings } from "./settings.ts"
import { destinedTo, type Topic } from "./topic.ts"

/** When the offsets of an empty group go, or null. */
export function offsetsExpireAt({ members, epoch, topics }: Board, settings: GroupSettings): number | null {
  const { type, offsetRetentionMs } = settings
  // a share group needs no members
  if (type === "share" || offsetRetentionMs === null) return null
  if (epoch.quietSince === null || members.size > 0 || topics.size === 0) return null
  return epoch.quietSince + offsetRetentionMs
}

/** Has every partition forget an offset that expired. */
export function expireOffsets({ topics, holdings, epoch }: Board): void {
  const above = epoch.raise()
  for (const { name, slots } of topics.all()) {
    if (slots.length === 0) topics.drop(name)
    for (const slot of slots) holdings.forget(slot, above)
  }
  // whoever commits from now on does so under an epoch that a late call does not reach
  epoch.raise()
  epoch.quietSince = null
}

/** Forgets a topic where no partition knows the group any more, unless somebody came meanwhile. */
export function dropForgotten({ topics, members, epoch }: Board, name: string): void {
  const slots = topics.get(name)?.slots ?? []
  if (members.size > 0 || epoch.quietSince !== null || slots.length === 0) return
  if (slots.every(({ state }) => state.state === "forgotten")) topics.drop(name)
}

/** Notes that somebody uses the offsets of an empty group: a row only where it matters, within a hundredth of their time. */
export function touchOffsets({ epoch, members }: Board, { offsetRetentionMs }: GroupSettings, now: number): void {
  const since = epoch.quietSince
  if (members.size > 0) return
  if (since === null || (offsetRetentionMs !== null && now - since > offsetRetentionMs / 100)) epoch.quietSince = now
}

/** When the next topic is asked whether the group has passed the barriers of added partitions, or null. */
export function barriersDueAt({ topics }: Board): number | null {
  let dueAt: number | null = null
  for (const topic of topics.all()) if (isHeldUp(topic)) dueAt = Math.min(dueAt ?? topic.pollAt, topic.pollAt)
  return dueAt
}

/** Has partitions asked whether the group has passed their barriers. */
export function pollBarriers({ topics, holdings }: Board, now: number): void {
  for (const topic of topics.all()) {
    if (!isHeldUp(topic) || topic.pollAt > now) continue
    topic.pollAt = now + BARRIER_POLL_MS
    const slots = slotsToAsk(topic)
    for (const slot of slots) slot.wantsLook = true
    holdings.addWork(slots)
  }
}

/** Whether somebody reads a topic that has a barrier that the group has not passed. */
function isHeldUp({ growths, passed, slots }: Topic): boolean {
  return passed < growths.length && slots.some(({ state }) => destinedTo(state) !== null)
}
