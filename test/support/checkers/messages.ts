import type { Delivered, History, Send } from "./history.ts"
import { keyOf, listAt } from "./index-of.ts"
import { leasesByMessage, type Lease } from "./leases.ts"
import { oncePerHistory } from "./once-per-history.ts"
import type { Promises } from "./promises.ts"

/** One time that a value was sent. */
export interface Attempt {
  readonly send: Send
  readonly index: number
  readonly dedupId: string | null
  readonly group: string | null
  readonly delayMs: number
  /** The id that it was answered with. */
  readonly id: string | null
  readonly refused: boolean
}

/** All that is known of a value in a queue. */
export interface Message {
  readonly queue: string
  readonly value: string
  readonly attempts: readonly Attempt[]
  readonly deliveries: readonly Delivered[]
  /** The leases of each of its ids: more than one where it was stored more than once. */
  readonly copies: ReadonlyMap<string, readonly Lease[]>
}

/** Everything that was sent to a queue or came from one, by queue and value. */
export const messagesOf = oncePerHistory(readMessages)

function readMessages(history: History, promises: Promises): ReadonlyMap<string, Message> {
  const attempts = attemptsByValue(history)
  const deliveries = new Map<string, Delivered[]>()
  for (const operation of history.operations) {
    if (operation.kind === "delivered") listAt(deliveries, keyOf(operation.queue, operation.value)).push(operation)
  }
  const leases = leasesByMessage(history, promises)
  const messages = new Map<string, Message>()
  for (const key of new Set([...attempts.keys(), ...deliveries.keys()])) {
    const [queue, value] = JSON.parse(key) as [string, string]
    const delivered = deliveries.get(key) ?? []
    const ids = new Set(delivered.map(({ id }) => id))
    // none under an id that only came with the receipt of another, which `checkPhantom` tells
    const copies = new Map([...ids].map((id) => [id, leases.get(keyOf(queue, id)) ?? []]))
    messages.set(key, { queue, value, attempts: attempts.get(key) ?? [], deliveries: delivered, copies })
  }
  return messages
}

/** Whether a value may have been stored more than once, so that it can't be told which of them something was. */
export function mayBeSeveral({ attempts, copies }: Message): boolean {
  const sent = attempts.filter(({ refused }) => !refused).map(({ id }) => id)
  return new Set([...copies.keys(), ...sent]).size > 1
}

/** When a value was first surely stored, or null where that was never said. */
export function storedBy(message: Message): number | null {
  const answers = message.attempts.flatMap(({ id, send }) => (id === null ? [] : [send.answeredAt!]))
  return answers.length === 0 ? null : Math.min(...answers)
}

/** Before it nobody had asked for the value to be stored. */
export function sentAfter(message: Message): number {
  return Math.min(...message.attempts.filter(({ refused }) => !refused).map(({ send }) => send.calledAt))
}

function attemptsByValue(history: History): Map<string, Attempt[]> {
  const attempts = new Map<string, Attempt[]>()
  for (const send of history.operations) {
    if (send.kind !== "send") continue
    for (const [index, { value, group, dedupId, delayMs }] of send.messages.entries()) {
      const result = send.results?.[index]
      listAt(attempts, keyOf(send.queue, value)).push({
        send,
        index,
        dedupId,
        group,
        delayMs,
        id: result && "id" in result ? result.id : null,
        refused: result !== undefined && "refused" in result,
      })
    }
  }
  return attempts
}
