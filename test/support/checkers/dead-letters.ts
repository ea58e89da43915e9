import type { Delivered, History, Settle } from "./history.ts"
import { keyOf } from "./index-of.ts"
import { type Lease, mayHaveHappened, sureAck } from "./leases.ts"
import { mayBeSeveral, messagesOf, sentAfter, type Message } from "./messages.ts"
import { lateAfter, queuePromise, type Promises, type Violation } from "./promises.ts"

/**
 * A message that is spent or rejected comes to the dead-letter queue once, for the reason it left, and one that was
 * acknowledged never [Q11, Q12, Q16, D12, D16, D17]; nothing is delivered more often than `maxDeliveries`, and each
 * delivery counts [Q10]. Counts hold for queues whose nacks are all with fault.
 */
export function checkDeadLetters(history: History, promises: Promises): Violation[] {
  const messages = messagesOf(history, promises)
  const operators = new Set(
    history.operations.flatMap((one) => (one.kind === "redrive" || one.kind === "remove" ? [one.queue] : [])),
  )
  return [...messages.values()].flatMap((message) => {
    const { deadLetterQueue, maxDeliveries, ordering } = queuePromise(promises, message.queue)
    const violations = tooOften(message, maxDeliveries)
    // in order, a message goes back with one of its group, and that need not count
    if (maxDeliveries !== null && ordering === "standard") violations.push(...uncounted(message))
    if (deadLetterQueue === null) return violations
    const dead = messages.get(keyOf(deadLetterQueue, message.value))
    const letters = dead?.deliveries.filter(({ deadLetter }) => deadLetter?.source === message.queue) ?? []
    if (letters.length === 0) {
      if (operators.has(deadLetterQueue) || operators.has(message.queue)) return violations
      return [...violations, ...missing(message, history, promises)]
    }
    if (operators.has(deadLetterQueue)) return violations
    return [...violations, ...twice(message, letters), ...letters.flatMap((one) => wrong(message, one, promises))]
  })
}

function tooOften(message: Message, maxDeliveries: number | null): Violation[] {
  if (maxDeliveries === null) return []
  return message.deliveries
    .filter(({ deliveryCount }) => deliveryCount > maxDeliveries)
    .map((one) => violation(message, `was delivered for the ${one.deliveryCount}th time, of ${maxDeliveries}`, one))
}

/** Deliveries of a copy, one behind the other, the first of which was forgotten by the next. */
function uncounted(message: Message): Violation[] {
  return [...message.copies.values()].flatMap((leases) =>
    leases.flatMap((lease, index) => {
      const before = leases[index - 1]
      if (before === undefined || before.released || before.answeredAt > lease.leasedAfter) return []
      // what had no answer may never have come, and a socket that goes on without it has given it back
      if (before.settles.some(({ result }) => result === null)) return []
      // so has one that names what it surely holds still, as to what has not run out yet
      const isNacked = before.settles.some(({ kind }) => kind === "nack")
      if (!isNacked && lease.answeredAt < before.endsBy) return []
      if (lease.deliveryCount > before.deliveryCount) return []
      const what = `was delivered for the ${lease.deliveryCount}th time, after it was for the ${before.deliveryCount}th`
      return [violation(message, what, lease)]
    }),
  )
}

function twice(message: Message, letters: readonly Delivered[]): Violation[] {
  const ids = new Set(letters.map(({ id }) => id))
  if (ids.size <= Math.max(1, message.copies.size, message.attempts.length)) return []
  return [violation(message, `became ${ids.size} dead letters: ${[...ids].join(", ")}`, letters.at(-1)!)]
}

function wrong(message: Message, letter: Delivered, promises: Promises): Violation[] {
  if (mayBeSeveral(message)) return []
  const leases = [...message.copies.values()].flat()
  const { reason, deliveryCount } = letter.deadLetter!
  const { maxDeliveries, retentionMs, ordering } = queuePromise(promises, message.queue)
  const what = `became the dead letter ${letter.id} (${reason}, ${deliveryCount} deliveries)`

  // one of its group may have ended the lease, so that it left by another: what is gone is confirmed as well [D8, D20]
  const mayEndIt = (one: Lease) => one.settles.some(mayReject) || one.deliveryCount >= (maxDeliveries ?? Infinity)
  const others = ordering === "fifo" ? leases.filter(mayEndIt) : []
  const alone = leases.filter((lease) => !others.some((one) => one !== lease && overlap(one, lease)))
  const acked = alone.map(sureAck).find((ack) => ack !== null)
  if (acked)
    return [violation(message, `${what}, though its acknowledgement was confirmed at ${acked.answeredAt}`, letter)]
  const seen = Math.max(0, ...leases.map((lease) => lease.deliveryCount))
  if (deliveryCount < seen) return [violation(message, `${what}, and was seen at its ${seen}th`, letter)]
  if (reason === "max_deliveries" && deliveryCount !== maxDeliveries) {
    return [violation(message, `${what}, and may have ${maxDeliveries ?? "any number"}`, letter)]
  }
  if (reason === "rejected" && !leases.some(({ settles }) => settles.some(mayReject))) {
    return [violation(message, `${what}, and nobody rejected it`, letter)]
  }
  const expiresAt = sentAfter(message) + (retentionMs ?? Infinity)
  if (reason === "expired" && letter.answeredAt < expiresAt) {
    return [violation(message, `${what} before ${expiresAt}`, letter)]
  }
  const later = leases.find(({ leasedAfter }) => leasedAfter > letter.answeredAt)
  return later ? [violation(message, `${what}, and then came to ${later.client} from its queue`, letter)] : []
}

function overlap(one: Lease, other: Lease): boolean {
  return one.leasedAfter <= other.endsBy && one.endsBy >= other.leasedAfter
}

function mayReject(settle: Settle): boolean {
  return settle.kind === "reject" && mayHaveHappened(settle)
}

/** What was surely spent or rejected, and did not arrive by the time that the dead-letter queue was drained. */
function missing(message: Message, history: History, promises: Promises): Violation[] {
  const { maxDeliveries, deadLetterQueue } = queuePromise(promises, message.queue)
  const { drainedAt, retentionMs } = queuePromise(promises, deadLetterQueue!)
  if (drainedAt === null || retentionMs !== null) return []
  return [...message.copies.values()].flatMap((leases) => {
    const last = leases.at(-1)!
    if (leases.some(({ settles }) => settles.some((one) => one.kind === "ack" && mayHaveHappened(one)))) return []
    const rejected = last.settles.find((one) => one.kind === "reject" && one.result === "ok")
    const spent = maxDeliveries !== null && last.deliveryCount >= maxDeliveries && !last.released
    if (!rejected && !spent) return []
    const leftBy = rejected?.answeredAt ?? last.endsBy
    if (lateAfter(leftBy, history.outages, promises.slackMs) > drainedAt) return []
    const why = rejected ? `was rejected by receipt ${last.receipt}` : `had its last delivery (receipt ${last.receipt})`
    return [violation(message, `${why}, and was never seen in ${deadLetterQueue}`, last)]
  })
}

function violation(
  { queue, value }: Message,
  what: string,
  { answeredAt }: { readonly answeredAt: number },
): Violation {
  return { rule: "dead letters", detail: `${value} in ${queue} ${what}`, at: answeredAt }
}
