import type { History, Redrive, Remove } from "./history.ts"
import { keyOf, listAt } from "./index-of.ts"
import { mayHaveHappened, type Lease } from "./leases.ts"
import { messagesOf, type Message } from "./messages.ts"
import { lateAfter, queuePromise, type Promises, type Violation } from "./promises.ts"

/**
 * What a confirmed send stored is there until it is acknowledged, rejected, spent, expired or removed [Q1, Q3, Q7]: once
 * the queue was drained, nothing is left to come. Dead letters that never arrived are the matter of `checkDeadLetters`.
 */
export function checkLost(history: History, promises: Promises): Violation[] {
  const messages = messagesOf(history, promises)
  const departures = departuresOf(history)
  const values = valuesOf(messages.values())
  return [...messages.values()].flatMap((message) => {
    const { drainedAt } = queuePromise(promises, message.queue)
    if (drainedAt === null) return []
    return copiesOf(message).flatMap((copy) => {
      if (values.get(keyOf(message.queue, copy.id)) !== message.value) return []
      const bound = lateAfter(copy.availableBy, history.outages, promises.slackMs)
      if (bound > drainedAt || mayBeGone(copy, message, departures, messages, promises, drainedAt)) return []
      return [{ rule: "lost", detail: describe(copy, message, drainedAt), at: copy.availableBy }]
    })
  })
}

/** Which value each id stands for: other values that were answered with it are repeats of a deduplication id [Q30]. */
function valuesOf(messages: Iterable<Message>): Map<string, string> {
  const values = new Map<string, { value: string; at: number }>()
  const note = (key: string, value: string, at: number) => {
    const known = values.get(key)
    if (!known || at < known.at) values.set(key, { value, at })
  }
  for (const { queue, value, attempts, copies } of messages) {
    for (const id of copies.keys()) note(keyOf(queue, id), value, -Infinity)
    for (const { id, send } of attempts) if (id !== null) note(keyOf(queue, id), value, send.calledAt)
  }
  return new Map([...values].map(([key, { value }]) => [key, value]))
}

/** What was surely in the queue at some time. */
interface Copy {
  readonly id: string
  readonly sentAfter: number
  /** From then on it is surely to be had, or gone. */
  readonly availableBy: number
  readonly leases: readonly Lease[]
}

function copiesOf(message: Message): Copy[] {
  const confirmed = message.attempts.flatMap(({ id }) => (id === null ? [] : [id]))
  const seen = [...message.copies.keys()]
  return [...new Set([...confirmed, ...seen])].map((id) => {
    const leases = message.copies.get(id) ?? []
    const sends = message.attempts.filter((attempt) => attempt.id === id)
    const sent = Math.min(...sends.map(({ send, delayMs }) => send.answeredAt! + delayMs))
    const sentAfter = Math.min(
      ...message.attempts.map(({ send }) => send.calledAt),
      ...leases.map((lease) => lease.leasedAfter),
    )
    const availableBy = leases.length === 0 ? sent : Math.max(...leases.map((lease) => lease.endsBy))
    return { id, sentAfter, availableBy, leases }
  })
}

/** What may take a message from a queue, by the queue, besides those who receive it. */
interface Departures {
  readonly operations: ReadonlyMap<string, readonly (Remove | Redrive)[]>
  /** How many deliveries nobody may have seen: each may have been the last that a message had. */
  readonly unseen: ReadonlyMap<string, number>
  readonly releases: number
}

function departuresOf(history: History): Departures {
  const operations = new Map<string, (Remove | Redrive)[]>()
  const unseen = new Map<string, number>()
  let releases = 0
  for (const operation of history.operations) {
    if (operation.kind === "release") releases++
    else if (operation.kind === "remove" || operation.kind === "redrive") {
      listAt(operations, operation.queue).push(operation)
    } else if (operation.kind === "empty-receive" && operation.answeredAt === null) {
      unseen.set(operation.queue, (unseen.get(operation.queue) ?? 0) + 1)
    }
  }
  return { operations, unseen, releases }
}

function mayBeGone(
  copy: Copy,
  message: Message,
  departures: Departures,
  messages: ReadonlyMap<string, Message>,
  promises: Promises,
  drainedAt: number,
): boolean {
  const { queue, value } = message
  const { retentionMs, maxDeliveries, deadLetterQueue } = queuePromise(promises, queue)
  if (copy.leases.some(({ settles }) => settles.some(maySettle))) return true
  if (retentionMs !== null && drainedAt >= copy.sentAfter + retentionMs) return true
  if (wasTaken(departures.operations.get(queue) ?? [], copy)) return true
  if (deadLetterQueue !== null && (messages.get(keyOf(deadLetterQueue, value))?.deliveries.length ?? 0) > 0) return true
  if (maxDeliveries === null) return false

  const deliveries = Math.max(0, ...copy.leases.map(({ deliveryCount }) => deliveryCount))
  if (deliveries >= maxDeliveries) return true
  const unseen = (departures.unseen.get(queue) ?? 0) + departures.releases
  if (deliveries + unseen < maxDeliveries) return false
  if (deadLetterQueue === null) return true
  // spent by deliveries that nobody saw, it would have been seen as a dead letter
  return (
    queuePromise(promises, deadLetterQueue).drainedAt === null ||
    wasTaken(departures.operations.get(deadLetterQueue) ?? [], { ...copy, id: "" })
  )
}

function maySettle(settle: Lease["settles"][number]): boolean {
  return (settle.kind === "ack" || settle.kind === "reject") && mayHaveHappened(settle)
}

function wasTaken(departures: readonly (Remove | Redrive)[], copy: Copy): boolean {
  return departures.some((one) => {
    if ((one.answeredAt ?? Infinity) < copy.sentAfter) return false
    return one.kind === "redrive" || one.ids === null || one.ids.includes(copy.id)
  })
}

function describe(copy: Copy, message: Message, drainedAt: number): string {
  const last = copy.leases.at(-1)
  const seen = last
    ? `was last delivered at ${last.answeredAt} (receipt ${last.receipt}), not acknowledged, available by ${copy.availableBy}`
    : `was confirmed, available by ${copy.availableBy}, never delivered`
  return `${message.value} (${copy.id}) in ${message.queue} ${seen}, and gone when the queue was drained at ${drainedAt}`
}
