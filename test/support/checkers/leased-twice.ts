import type { History } from "./history.ts"
import { keyOf, listAt } from "./index-of.ts"
import { leasesByMessage, sureAck, type Lease } from "./leases.ts"
import { queuePromise, type Promises, type Violation } from "./promises.ts"

/**
 * A message has one lease at a time: nobody gets it while another's cannot have ended yet [D4, Q7, Q8, W24]. A lease
 * ends before its deadline by what its holder says or by the holder's end, in a `fifo` queue also with one of its group.
 */
export function checkLeasedTwice(history: History, promises: Promises): Violation[] {
  const ends = groupEnds(history, promises)
  const violations: Violation[] = []
  for (const leases of leasesByMessage(history, promises).values()) {
    let longest: Lease | null = null
    for (const lease of leases) {
      if (longest && overlap(longest, lease, ends)) violations.push(describe(longest, lease))
      if (!longest || lease.endsFrom > longest.endsFrom) longest = lease
    }
  }
  return violations
}

/** When leases of a group may have ended, where that ends others: by the lease's queue and id. */
type GroupEnds = ReadonlyMap<string, readonly Lease[]>

/** Neither may have ended when the other began. */
function overlap(one: Lease, other: Lease, ends: GroupEnds): boolean {
  if (other.answeredAt >= one.endsFrom || one.answeredAt >= other.endsFrom) return false
  const group = ends.get(keyOf(one.queue, one.id)) ?? []
  return !group.some((lease) => mayEnd(lease, one, other) || mayEnd(lease, other, one))
}

/** Whether the end of a lease may have ended another of its group, before the next one began. */
function mayEnd(lease: Lease, held: Lease, next: Lease): boolean {
  if (lease.id === held.id || sureAck(lease) !== null) return false
  return lease.endsFrom <= next.answeredAt && lease.endsBy >= held.leasedAfter
}

function groupEnds(history: History, promises: Promises): GroupEnds {
  const groups = new Map<string, Set<string>>()
  const groupOf = new Map<string, string>()
  for (const operation of history.operations) {
    if (operation.kind !== "delivered" || queuePromise(promises, operation.queue).ordering !== "fifo") continue
    const group = keyOf(operation.queue, operation.group)
    const message = keyOf(operation.queue, operation.id)
    groupOf.set(message, group)
    const members = groups.get(group) ?? new Set<string>()
    groups.set(group, members.add(message))
  }
  if (groups.size === 0) return new Map()
  const leases = leasesByMessage(history, promises)
  const byGroup = new Map<string, Lease[]>()
  for (const [group, members] of groups) {
    for (const message of members) listAt(byGroup, group).push(...leases.get(message)!)
  }
  return new Map([...groupOf].map(([message, group]) => [message, byGroup.get(group)!]))
}

function describe(one: Lease, other: Lease): Violation {
  return {
    rule: "leased twice",
    detail:
      `${one.id} in ${one.queue} came to ${other.client} at ${other.answeredAt} (receipt ${other.receipt}) while ` +
      `${one.client} held it since ${one.answeredAt} (receipt ${one.receipt}), at least until ${one.endsFrom}`,
    at: other.answeredAt,
  }
}
