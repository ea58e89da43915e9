import type { Growth } from "../stream/settings.ts"
import { isSeeking, type Slot, type Topic } from "./topic.ts"

/**
 * First offset that the group may not read yet in a partition: its barrier for the first growth that the group has not
 * passed, and nothing at all of a partition that was added by then. Null for no limit, "unknown" until the partition
 * was asked.
 */
export function limitOf({ topic, index, sight }: Slot): number | null | "unknown" {
  const growth = topic.growths[topic.passed]
  if (!growth) return null
  if (index >= growth.from) return 0
  return sight ? barrierIn(sight.barriers, growth) : "unknown"
}

/** Whether a limit is lower than another; null is none. */
export function isBelow(limit: number | null, other: number | null): boolean {
  return limit !== null && (other === null || limit < other)
}

/** Goes on to the first growth that the group has not passed. Answers whether there was one to go past. */
export function passGrowths(topic: Topic): boolean {
  const before = topic.passed
  for (let growth = topic.growths[before]; growth; growth = topic.growths[topic.passed]) {
    if (slotsBefore(topic, growth).some((slot) => !hasPassed(slot, growth))) break
    topic.passed++
  }
  return topic.passed > before
}

/** Partitions that were not seen to have passed the next growth. */
export function slotsToAsk(topic: Topic): Slot[] {
  const growth = topic.growths[topic.passed]
  return growth ? slotsBefore(topic, growth).filter((slot) => !hasPassed(slot, growth)) : []
}

function slotsBefore({ slots }: Topic, { from }: Growth): Slot[] {
  return slots.slice(0, from)
}

function hasPassed(slot: Slot, growth: Growth): boolean {
  const { sight } = slot
  // where a seek leads is known once it was done
  if (!sight || isSeeking(slot)) return false
  return sight.position >= (barrierIn(sight.barriers, growth) ?? 0)
}

function barrierIn(barriers: readonly { readonly partitions: number; readonly offset: number }[], growth: Growth) {
  return barriers.find(({ partitions }) => partitions === growth.to)?.offset ?? null
}
