import type { Delivered, History, Settle } from "./history.ts"
import { firstFrom, keyOf, listAt } from "./index-of.ts"
import { oncePerHistory } from "./once-per-history.ts"
import { queuePromise, type Promises } from "./promises.ts"

/** One lease of a message: all deliveries under one receipt, since a receive that is repeated is answered with it again [Q17]. */
export interface Lease {
  readonly queue: string
  readonly id: string
  readonly receipt: string
  readonly client: string
  readonly deliveryCount: number
  /** The lease began between these two. */
  readonly leasedAfter: number
  readonly answeredAt: number
  readonly settles: readonly Settle[]
  /** Before it the lease has not ended by itself, nor with its client. */
  readonly deadlineFrom: number
  /** Before it the lease has surely not ended. */
  readonly endsFrom: number
  /** From then on the message is surely available, gone or leased anew. */
  readonly endsBy: number
  /** Its client may have lost it meanwhile, so that the delivery need not count. */
  readonly released: boolean
}

/** Whether an operation was done, or may have been. */
export function mayHaveHappened(settle: Settle): boolean {
  return settle.result === null || settle.result === "ok"
}

/** An acknowledgement that surely ended the lease: where the message was gone already, one is confirmed as well. */
export function sureAck({ settles, deadlineFrom }: Lease): Settle | null {
  const [first] = settles.filter(mayHaveHappened)
  if (first?.kind !== "ack" || first.result !== "ok" || first.answeredAt === null) return null
  const { answeredAt } = first
  const others = settles.some((one) => one.kind !== "ack" && one.calledAt <= answeredAt)
  return answeredAt < deadlineFrom && !others ? first : null
}

/** The leases of each message, by queue and id, in the order in which clients saw them. */
export const leasesByMessage = oncePerHistory(readLeases)

function readLeases(history: History, promises: Promises): ReadonlyMap<string, readonly Lease[]> {
  const deliveries = new Map<string, Delivered[]>()
  const settles = new Map<string, Settle[]>()
  const releases = new Map<string, number[]>()
  for (const operation of history.operations) {
    if (operation.kind === "delivered") listAt(deliveries, keyOf(operation.queue, operation.receipt)).push(operation)
    else if (operation.kind === "release") listAt(releases, operation.client).push(operation.at)
    else if ("receipt" in operation) listAt(settles, keyOf(operation.queue, operation.receipt)).push(operation)
  }
  for (const times of releases.values()) times.sort((one, other) => one - other)

  const leases = new Map<string, Lease[]>()
  for (const [key, delivered] of deliveries) {
    const lease = leaseOf(delivered, settles.get(key) ?? [], releases, promises)
    listAt(leases, keyOf(lease.queue, lease.id)).push(lease)
  }
  for (const list of leases.values()) list.sort((one, other) => one.answeredAt - other.answeredAt)
  return leases
}

function leaseOf(
  delivered: readonly Delivered[],
  settles: readonly Settle[],
  releases: ReadonlyMap<string, readonly number[]>,
  promises: Promises,
): Lease {
  const first = delivered[0]!
  const sorted = [...settles].sort((one, other) => one.calledAt - other.calledAt)
  const leasedAfter = Math.min(...delivered.map((one) => one.leasedAfter))
  const times = releases.get(first.client) ?? []
  const releasedAt = times[firstFrom(times, leasedAfter, (at) => at)] ?? Infinity
  const deadlineFrom = Math.min(earliestDeadline(delivered, sorted), releasedAt)
  const settledFrom = sorted.filter((one) => one.kind !== "extend" && mayHaveHappened(one))[0]?.calledAt ?? Infinity
  const endsBy = latestEnd(delivered, sorted, queuePromise(promises, first.queue).retryDelayMs)
  return {
    queue: first.queue,
    id: first.id,
    receipt: first.receipt,
    client: first.client,
    deliveryCount: first.deliveryCount,
    leasedAfter,
    answeredAt: Math.min(...delivered.map((one) => one.answeredAt)),
    settles: sorted,
    deadlineFrom,
    endsFrom: Math.min(deadlineFrom, settledFrom),
    endsBy,
    released: releasedAt <= endsBy,
  }
}

function earliestDeadline(delivered: readonly Delivered[], settles: readonly Settle[]): number {
  let deadline = Math.min(...delivered.map((one) => one.leasedAfter + one.visibilityTimeoutMs))
  /** Until when an earlier extension may still take effect after this one. */
  let unsureUntil = -Infinity
  for (const { kind, calledAt, answeredAt, ms, result } of settles) {
    if (kind !== "extend" || (result !== null && result !== "ok")) continue
    const sure = result === "ok" && unsureUntil <= calledAt
    deadline = sure ? calledAt + ms : Math.min(deadline, calledAt + ms)
    unsureUntil = Math.max(unsureUntil, answeredAt ?? Infinity)
  }
  return deadline
}

function latestEnd(delivered: readonly Delivered[], settles: readonly Settle[], retryDelayMs: number): number {
  let end = Math.max(...delivered.map((one) => one.answeredAt + one.visibilityTimeoutMs))
  for (const settle of settles.filter(mayHaveHappened)) {
    if (settle.kind === "ack" || settle.kind === "reject") continue
    const waitMs = settle.kind === "nack" ? Math.max(settle.ms, retryDelayMs) : settle.ms
    // without an answer it took effect at the last moment at which it could, or not at all
    if (settle.result === null || settle.answeredAt === null) end += waitMs
    else if (settle.kind === "nack") end = settle.answeredAt + waitMs
    else end = Math.max(end, settle.answeredAt + waitMs)
  }
  return end
}
