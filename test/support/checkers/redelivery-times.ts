import type { EmptyReceive, History } from "./history.ts"
import { firstFrom, listAt } from "./index-of.ts"
import { leasesByMessage, type Lease } from "./leases.ts"
import { mayBeSeveral, messagesOf, storedBy, type Message } from "./messages.ts"
import { lateAfter, queuePromise, type Promises, type Violation } from "./promises.ts"

/** How long a session that is gone may keep what it holds: others may hold what no client saw. */
const RESUME_MS = 5_000

/**
 * What is delayed by its send or a nack comes after its time; what is available comes within 1 s to a receive that
 * waits [Q8, Q9, Q22, H27, H28]. Redelivered while the lease held is the matter of `checkLeasedTwice`. In `fifo` queues
 * nobody is late: what is available there may be blocked by its group.
 */
export function checkRedeliveryTimes(history: History, promises: Promises): Violation[] {
  const leases = leasesByMessage(history, promises)
  const nacked = [...leases.values()].flatMap((list) => earlyAfterNack(list))
  const waits = waitsOf(history)
  const others = [...messagesOf(history, promises).values()].flatMap((message) => [
    ...earlyAfterSend(message),
    ...late(message, waits, history, promises),
  ])
  return [...nacked, ...others]
}

function earlyAfterNack(leases: readonly Lease[]): Violation[] {
  return leases.flatMap((lease, index) => {
    const nack = lease.settles.find(({ kind, result, ms }) => kind === "nack" && result === "ok" && ms > 0)
    if (!nack) return []
    const dueAt = nack.calledAt + nack.ms
    const early = leases
      .slice(index + 1)
      .find((next) => next.answeredAt < dueAt && (isLater(next, lease) || next.leasedAfter >= lease.answeredAt))
    if (!early) return []
    const why = `was nacked at ${nack.calledAt} (receipt ${lease.receipt}) for ${nack.ms} ms`
    return [violation(`${lease.id} in ${lease.queue} ${why}, and came early to ${early.client}`, early.answeredAt)]
  })
}

/** Counts never go down from one delivery to the next. */
function isLater(one: Lease, other: Lease): boolean {
  return one.deliveryCount > other.deliveryCount
}

function earlyAfterSend({ queue, value, attempts, deliveries }: Message): Violation[] {
  const possible = attempts.filter(({ refused }) => !refused)
  const dueAt = Math.min(...possible.map(({ send, delayMs }) => send.calledAt + delayMs))
  if (possible.some(({ delayMs }) => delayMs <= 0)) return []
  return deliveries
    .filter(({ answeredAt, deadLetter }) => answeredAt < dueAt && deadLetter === null)
    .map(({ answeredAt, client }) =>
      violation(`${value} in ${queue} was not due before ${dueAt}, and came early to ${client}`, answeredAt),
    )
}

/** What may make a queue look empty, or hold a message that no client saw: all times in order. */
interface Waits {
  readonly receives: ReadonlyMap<string, readonly EmptyReceive[]>
  readonly longestMs: number
  readonly unanswered: ReadonlyMap<string, readonly number[]>
  readonly releases: readonly number[]
}

function waitsOf(history: History): Waits {
  const receives = new Map<string, EmptyReceive[]>()
  const unanswered = new Map<string, number[]>()
  const releases: number[] = []
  let longestMs = 0
  for (const operation of history.operations) {
    if (operation.kind === "release") releases.push(operation.at)
    if (operation.kind !== "empty-receive") continue
    if (operation.answeredAt === null) listAt(unanswered, operation.queue).push(operation.calledAt)
    else {
      listAt(receives, operation.queue).push(operation)
      longestMs = Math.max(longestMs, operation.answeredAt - operation.calledAt)
    }
  }
  for (const list of receives.values()) list.sort((one, other) => one.calledAt - other.calledAt)
  for (const list of unanswered.values()) list.sort((one, other) => one - other)
  return { receives, longestMs, unanswered, releases: releases.sort((one, other) => one - other) }
}

function late(message: Message, waits: Waits, history: History, promises: Promises): Violation[] {
  const { queue, value } = message
  if (queuePromise(promises, queue).ordering === "fifo" || message.copies.size === 0 || mayBeSeveral(message)) return []
  const [leases] = [...message.copies.values()]
  const delayMs = Math.max(0, ...message.attempts.map((attempt) => attempt.delayMs))
  const stored = storedBy(message)
  return leases!.flatMap((lease, index) => {
    const before = leases![index - 1]
    // a delivery that nobody saw may have been between
    if (lease.deliveryCount > (before?.deliveryCount ?? 0) + 1) return []
    const availableAt = before ? before.endsBy : stored === null ? Infinity : stored + delayMs
    const bound = lateAfter(availableAt, history.outages, promises.slackMs)
    if (lease.leasedAfter <= bound || unsure(availableAt, lease, before, waits)) return []
    const wait = passedBy(bound, lease.leasedAfter, waits, queue)
    if (!wait) return []
    const seen = `a receive of ${wait.client} waited from ${wait.calledAt} to ${wait.answeredAt} for nothing`
    return [
      violation(
        `${value} (${lease.id}) in ${queue} was due at ${availableAt}, and came late, at ${lease.answeredAt}: ${seen}`,
        lease.answeredAt,
      ),
    ]
  })
}

function unsure(availableAt: number, lease: Lease, before: Lease | undefined, waits: Waits): boolean {
  if (before?.settles.some(({ result }) => result === null)) return true
  const lists = [waits.releases, waits.unanswered.get(lease.queue) ?? []]
  return lists.some((times) => {
    const next = times[firstFrom(times, availableAt - RESUME_MS, (at) => at)]
    return next !== undefined && next <= lease.answeredAt
  })
}

/** A receive that looked at the queue for sure between two instants, and was answered without a message. */
function passedBy(from: number, until: number, waits: Waits, queue: string): EmptyReceive | undefined {
  const receives = waits.receives.get(queue) ?? []
  for (let at = firstFrom(receives, from - waits.longestMs, ({ calledAt }) => calledAt); at < receives.length; at++) {
    const receive = receives[at]!
    if (receive.calledAt >= until) return undefined
    if (looked(receive, receive.answeredAt!, from, until)) return receive
  }
  return undefined
}

function looked({ calledAt, waitMs }: EmptyReceive, answeredAt: number, from: number, until: number): boolean {
  if (calledAt >= from && answeredAt <= until) return true
  // it waited from its arrival on, and was not answered before its time
  return Math.max(answeredAt - waitMs, from) < Math.min(calledAt + waitMs, until)
}

function violation(detail: string, at: number): Violation {
  return { rule: "redelivery times", detail, at }
}
