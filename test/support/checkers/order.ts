import { checkAppendOrder } from "./append-order.ts"
import type { Delivered, History } from "./history.ts"
import { keyOf, listAt } from "./index-of.ts"
import type { Lease } from "./leases.ts"
import { mayBeSeveral, messagesOf, sentAfter, storedBy, type Message } from "./messages.ts"
import { queuePromise, type Promises, type Violation } from "./promises.ts"

/**
 * A `fifo` queue gives nobody a message while an earlier one of its group is neither done nor in the same hands [Q14];
 * a partition keeps the order of appends, and with it that of each key [S1, Q3].
 */
export function checkOrder(history: History, promises: Promises): Violation[] {
  const groups = new Map<string, Placed[]>()
  const placed = new Map<string, Placed>()
  for (const [key, message] of messagesOf(history, promises)) {
    if (queuePromise(promises, message.queue).ordering !== "fifo") continue
    const place = placeOf(message)
    if (place === null) continue
    placed.set(key, place)
    listAt(groups, keyOf(message.queue, message.attempts[0]!.group)).push(place)
  }
  const passedBy = [...groups.values()].flatMap(checkGroup)
  return [...passedBy, ...checkArrivals(history, placed), ...checkAppendOrder(history)]
}

/** A message of a group with what is known of its place. */
interface Placed {
  readonly message: Message
  readonly sentAfter: number
  readonly storedBy: number
  readonly leases: readonly Lease[]
  /** When its last lease was asked for: until then it was not done. */
  readonly lastAfter: number
}

function placeOf(message: Message): Placed | null {
  const by = storedBy(message)
  if (by === null || mayBeSeveral(message)) return null
  const leases = [...message.copies.values()][0] ?? []
  const lastAfter = Math.max(-Infinity, ...leases.map(({ leasedAfter }) => leasedAfter))
  return { message, sentAfter: sentAfter(message), storedBy: by, leases, lastAfter }
}

function checkGroup(group: readonly Placed[]): Violation[] {
  const byStored = [...group].sort((one, other) => one.storedBy - other.storedBy)
  const byBatch = new Map<unknown, Placed[]>()
  for (const place of group) {
    if (place.message.attempts.length === 1) listAt(byBatch, place.message.attempts[0]!.send).push(place)
  }
  const violations = checkBehind(
    byStored,
    [...group].sort((one, other) => one.sentAfter - other.sentAfter),
  )
  for (const batch of byBatch.values()) {
    const inOrder = batch.sort((one, other) => one.message.attempts[0]!.index - other.message.attempts[0]!.index)
    for (const [index, place] of inOrder.entries()) violations.push(...passing(inOrder.slice(0, index), place))
  }
  return violations
}

/** What passed messages that were stored before it was sent. */
function checkBehind(byStored: readonly Placed[], bySent: readonly Placed[]): Violation[] {
  /** Those before, with the latest that one of them was not done. */
  let latest = -Infinity
  let before = 0
  const open: number[] = []
  return bySent.flatMap((place) => {
    for (; before < byStored.length && byStored[before]!.storedBy <= place.sentAfter; before++) {
      latest = Math.max(latest, byStored[before]!.lastAfter)
      open.push(latest)
    }
    const firstSeenAt = place.leases[0]?.answeredAt ?? Infinity
    let from = open.length
    while (from > 0 && open[from - 1]! > firstSeenAt) from--
    return passing(byStored.slice(from, open.length), place)
  })
}

/** The first lease of a message for which one of those before it was neither done nor with the same client. */
function passing(earlier: readonly Placed[], place: Placed): Violation[] {
  for (const lease of place.leases) {
    const passed = earlier.find((one) => one.lastAfter > lease.answeredAt && !wasWith(one, lease))
    if (passed) {
      const later = passed.leases.find(({ leasedAfter }) => leasedAfter > lease.answeredAt)!
      const why = `before ${passed.message.value} was done: it came to ${later.client} at ${later.answeredAt}`
      return [violation(place.message, lease, why)]
    }
  }
  return []
}

function wasWith({ leases }: Placed, { client, answeredAt, leasedAfter }: Lease): boolean {
  return leases.some((one) => one.client === client && one.leasedAfter <= answeredAt && one.endsBy >= leasedAfter)
}

/** What came to one client by one receive or credit, came in the order in which it was leased. */
function checkArrivals(history: History, placed: ReadonlyMap<string, Placed>): Violation[] {
  const latest = new Map<string, { place: Placed; delivered: Delivered }>()
  const had = new Set<string>()
  const violations: Violation[] = []
  for (const delivered of history.operations) {
    if (delivered.kind !== "delivered") continue
    const place = placed.get(keyOf(delivered.queue, delivered.value))
    if (!place) continue
    const { queue, client, group, leasedAfter, value } = delivered
    const run = keyOf(queue, client, group, leasedAfter)
    const last = latest.get(run)
    if (last && !had.has(keyOf(queue, client, value)) && isBefore(place, last.place)) {
      violations.push(violation(last.place.message, last.delivered, `before ${value}, which came with it or after it`))
    }
    had.add(keyOf(queue, client, value))
    if (!last || isBefore(last.place, place)) latest.set(run, { place, delivered })
  }
  return violations
}

function isBefore(one: Placed, other: Placed): boolean {
  if (one.storedBy <= other.sentAfter) return true
  const [first, second] = [one.message.attempts, other.message.attempts]
  if (first.length !== 1 || second.length !== 1) return false
  return first[0]!.send === second[0]!.send && first[0]!.index < second[0]!.index
}

function violation({ queue, value, attempts }: Message, lease: Lease | Delivered, why: string): Violation {
  const what = `${value} of the group ${attempts[0]!.group} in ${queue} came to ${lease.client} (receipt ${lease.receipt})`
  return { rule: "order", detail: `${what} at ${lease.answeredAt}, ${why}`, at: lease.answeredAt }
}
