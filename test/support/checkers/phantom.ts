import type { Append, History, Operation, Read } from "./history.ts"
import { keyOf, listAt } from "./index-of.ts"
import { messagesOf, sentAfter, type Message } from "./messages.ts"
import type { Promises, Violation } from "./promises.ts"

/** What comes out was put in: as it was, where it was, after it was, and not if it was refused; one message under a receipt [Q1, Q12, S1]. */
export function checkPhantom(history: History, promises: Promises): Violation[] {
  const messages = messagesOf(history, promises)
  const redriven = new Set(
    history.operations.flatMap((operation) => (operation.kind === "redrive" ? [operation.target] : [])),
  )
  const queues = [...messages.values()].flatMap((message) => phantomMessages(message, messages, redriven))
  return [...queues, ...sharedReceipts(history), ...phantomRecords(history)]
}

/** A receipt stands for one message: what is acknowledged under it would be another. */
function sharedReceipts(history: History): Violation[] {
  const ids = new Map<string, string>()
  return history.operations.flatMap((operation) => {
    if (operation.kind !== "delivered") return []
    const { queue, receipt, id, value, answeredAt } = operation
    const key = keyOf(queue, receipt)
    const first = ids.get(key) ?? id
    ids.set(key, first)
    return first === id ? [] : [violation(`${value} (${id}) from ${queue} under the receipt of ${first}`, answeredAt)]
  })
}

function phantomMessages(
  message: Message,
  messages: ReadonlyMap<string, Message>,
  redriven: ReadonlySet<string>,
): Violation[] {
  return message.deliveries.flatMap((delivered) => {
    const source = delivered.deadLetter?.source
    const origin = source === undefined ? message : messages.get(keyOf(source, message.value))
    const what = `${message.value} (${delivered.id}) from ${message.queue}`
    const at = delivered.answeredAt
    if (!origin || origin.attempts.length === 0) {
      if (redriven.has(source ?? message.queue)) return []
      return [violation(`${what}, which was never sent to ${source ?? message.queue}`, at)]
    }
    const possible = origin.attempts.filter(({ refused }) => !refused)
    if (possible.length === 0) return [violation(`${what}, all of whose sends were refused`, at)]
    if (sentAfter(origin) > at) return [violation(`${what} before it was sent at ${sentAfter(origin)}`, at)]
    if (possible.every(({ group }) => group !== delivered.group)) {
      return [violation(`${what} in the group ${delivered.group}, sent to ${possible[0]!.group}`, at)]
    }
    const ids = possible.map(({ id }) => id)
    const moved = source !== undefined || redriven.has(message.queue)
    if (!moved && ids.every((id) => id !== null && id !== delivered.id)) {
      return [violation(`${what}, whose sends were answered with ${ids.join(", ")}`, at)]
    }
    return []
  })
}

function phantomRecords(history: History): Violation[] {
  const appends = new Map<string, { append: Append; key: string | null }[]>()
  for (const append of history.operations) {
    if (append.kind !== "append") continue
    for (const { value, key } of append.records) listAt(appends, placeOf(append, value)).push({ append, key })
  }
  return history.operations.filter(isRead).flatMap((read) =>
    read.records.flatMap(({ value, key, offset }) => {
      const all = appends.get(placeOf(read, value)) ?? []
      const what = `${value} at ${read.topic}/${read.partition}/${offset}`
      const at = read.answeredAt ?? read.calledAt
      if (all.length === 0) return [violation(`${what}, which was never appended there`, at)]
      const possible = all.filter(({ append }) => append.offsets?.length !== 0)
      if (possible.length === 0) return [violation(`${what}, all of whose appends were refused`, at)]
      if (possible.every(({ append }) => append.calledAt > at)) {
        return [violation(`${what} before it was appended at ${possible[0]!.append.calledAt}`, at)]
      }
      if (possible.every((one) => one.key !== key)) {
        return [violation(`${what} under the key ${key}, appended under ${possible[0]!.key}`, at)]
      }
      return []
    }),
  )
}

function placeOf({ topic, partition }: Append | Read, value: string): string {
  return keyOf(topic, partition, value)
}

function isRead(operation: Operation): operation is Read {
  return operation.kind === "read"
}

function violation(detail: string, at: number): Violation {
  return { rule: "phantom", detail: `a client got ${detail}`, at }
}
