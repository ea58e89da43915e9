import { assignRange } from "./assign-range.ts"
import { assignUniform } from "./assign-uniform.ts"
import { isBelow, limitOf } from "./barriers.ts"
import { claimsOf } from "./claims.ts"
import type { GroupEpoch } from "./group-epoch.ts"
import type { Holdings } from "./holdings.ts"
import type { Members } from "./members.ts"
import type { Assignor } from "./settings.ts"
import { destinedTo, isSeeking, type Slot } from "./topic.ts"
import type { Topics } from "./topics.ts"

/** What a rebalance works on. */
export interface Board {
  readonly members: Members
  readonly topics: Topics
  readonly holdings: Holdings
  readonly epoch: GroupEpoch
}

/** Divides the partitions anew, and sets those in motion that are to go elsewhere; the others are left alone. */
export function rebalance(board: Board, assignor: Assignor, revokeAt: number): void {
  const { members, holdings, epoch } = board
  const targets = targetsOf(board, assignor)
  const moves: [Slot, string | null][] = []
  for (const { slots } of board.topics.all()) {
    for (const slot of slots) {
      const target = targets.get(slot) ?? null
      if (!isSettled(slot, target)) moves.push([slot, target])
    }
  }
  const due = moves.filter(([slot]) => !isSeeking(slot))
  for (const [slot] of moves) slot.isDeferred = isSeeking(slot)
  if (due.length === 0) return
  const above = epoch.raise()
  for (const [slot, target] of due) redirect(holdings, members, slot, target, above, revokeAt)
}

/** Takes partitions from those who gave them up, are out, or took too long. */
export function releaseRevoked({ members, holdings, epoch }: Board, now: number): void {
  for (const slot of holdings.revoking) {
    const { state } = slot
    if (state.state === "revoking" && (state.revokeAt <= now || !members.get(state.memberId))) {
      release(slot, holdings, members, epoch)
    }
  }
}

/**
 * Takes back what owners may read that they must not any more, as a seek led before a barrier. At the epoch that it has
 * a partition only raises a limit, so they are granted it anew.
 */
export function lowerLimits({ members, holdings, epoch }: Board): void {
  for (const slot of holdings.work) {
    const { state } = slot
    if (state.state !== "owned" && state.state !== "revoking") continue
    const limit = limitOf(slot)
    if (limit === "unknown" || !isBelow(limit, state.limit)) continue
    if (state.state === "revoking") release(slot, holdings, members, epoch)
    else holdings.grant(slot, state.memberId, epoch.above(slot.epoch), null)
  }
}

/** Goes on with a partition that its owner does not have any more. */
export function release(slot: Slot, holdings: Holdings, members: Members, epoch: GroupEpoch): void {
  const target = destinedTo(slot.state)
  const isThere = target !== null && members.get(target) !== null
  holdings.grant(slot, isThere ? target : null, epoch.above(slot.epoch), null)
}

/** Lets a static member that came back have what its former self had, or was to have. */
export function replace({ holdings, epoch, members }: Board, before: string, after: string): void {
  const slots = new Set([...holdings.heldBy(before), ...holdings.comingTo(before)])
  if (slots.size === 0) return
  const above = epoch.raise()
  for (const slot of slots) {
    const { state } = slot
    if (isSeeking(slot)) slot.isDeferred = true
    else if (state.state === "revoking" && state.memberId !== before) holdings.move(slot, { ...state, to: after })
    else if (state.state === "revoking" && state.to !== before) release(slot, holdings, members, epoch)
    else holdings.grant(slot, after, above, null)
  }
}

function targetsOf({ members, topics: known }: Board, assignor: Assignor): Map<Slot, string> {
  const { members: ordered, topics, claims } = claimsOf(members, known)
  const indexes = new Map(ordered.map(({ id }, index) => [id, index]))
  const shares = topics.map(({ slots }) => slots.map((slot) => indexes.get(destinedTo(slot.state) ?? "") ?? -1))
  const division = assignor === "uniform" ? assignUniform(claims, shares) : assignRange(claims, shares)
  const targets = new Map<Slot, string>()
  for (const [topic, owners] of division.entries()) {
    for (const [partition, owner] of owners.entries()) {
      if (owner >= 0) targets.set(topics[topic]!.slots[partition]!, ordered[owner]!.id)
    }
  }
  return targets
}

/** Whether nothing has to be done for the partition to get to `target`. */
function isSettled({ state }: Slot, target: string | null): boolean {
  switch (state.state) {
    case "free":
    case "forgetting":
    case "forgotten":
      return target === null
    case "granting":
    case "owned":
    case "revoking":
      return destinedTo(state) === target
    case "opening":
    case "open":
      return true
  }
}

/** What is asked of an owner is never taken back: it may have given the partition up already. */
function redirect(
  holdings: Holdings,
  members: Members,
  slot: Slot,
  to: string | null,
  epoch: number,
  revokeAt: number,
): void {
  const { state } = slot
  if (state.state === "owned" && members.get(state.memberId)) {
    const { memberId, offset, limit } = state
    holdings.move(slot, { state: "revoking", memberId, offset, limit, to, revokeAt })
  } else if (state.state === "revoking" && members.get(state.memberId)) holdings.move(slot, { ...state, to })
  else holdings.grant(slot, to, epoch, null)
}
