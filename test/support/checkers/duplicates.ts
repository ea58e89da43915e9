import type { History } from "./history.ts"
import { keyOf, listAt } from "./index-of.ts"
import { messagesOf, type Attempt, type Message } from "./messages.ts"
import { queuePromise, type Promises, type Violation } from "./promises.ts"

/**
 * Inside its window a deduplication id stands for one message: each send is answered with its id [Q30, Q31, Q34], and
 * one comes out [Q1]. Beyond the window it stands for another one. What was sent once comes under one id.
 */
export function checkDuplicates(history: History, promises: Promises): Violation[] {
  const messages = messagesOf(history, promises)
  const sends = new Map<string, Attempt[]>()
  let endsAt = 0
  for (const { queue, attempts } of messages.values()) {
    const { dedupScope, dedupWindowMs } = queuePromise(promises, queue)
    for (const attempt of attempts) {
      endsAt = Math.max(endsAt, attempt.send.calledAt, attempt.send.answeredAt ?? 0)
      if (attempt.dedupId === null || dedupWindowMs === null || attempt.refused) continue
      listAt(sends, keyOf(queue, dedupScope === "group" ? attempt.group : null, attempt.dedupId)).push(attempt)
    }
  }
  const answers = [...sends.values()].flatMap((attempts) => checkAnswers(attempts, promises))
  const moved = new Set(
    history.operations.flatMap((operation) => (operation.kind === "redrive" ? [operation.target] : [])),
  )
  const stored = [...messages.values()].flatMap((message) =>
    moved.has(message.queue) ? [] : checkCopies(message, promises, endsAt),
  )
  return [...answers, ...stored]
}

/** What is remembered under a deduplication id: it was stored between two instants. */
interface Held {
  readonly attempt: Attempt
  readonly from: number
  readonly by: number
}

/** Sends under one deduplication id: which message each was answered with. */
function checkAnswers(attempts: readonly Attempt[], promises: Promises): Violation[] {
  const windowMs = queuePromise(promises, attempts[0]!.send.queue).dedupWindowMs!
  const sorted = [...attempts].sort((one, other) => one.send.calledAt - other.send.calledAt)
  const violations: Violation[] = []
  let held = null as Held | null
  /** A send without an answer may be what is remembered. */
  let unknownFrom = Infinity
  for (const attempt of sorted) {
    const { calledAt, answeredAt } = attempt.send
    if (attempt.id === null || answeredAt === null) {
      unknownFrom = Math.min(unknownFrom, calledAt)
    } else if (held !== null && held.attempt.id === attempt.id) {
      held = { ...held, by: Math.min(held.by, answeredAt) }
      if (calledAt <= held.by + windowMs + promises.slackMs) continue
      violations.push(
        violation(attempt, `, after the window of ${held.attempt.id} that ended by ${held.by + windowMs}`),
      )
    } else {
      if (held && answeredAt < held.from + windowMs) {
        violations.push(
          violation(attempt, ` within the window of ${held.attempt.id}, sent at ${held.attempt.send.calledAt}`),
        )
      }
      held = { attempt, from: Math.min(calledAt, unknownFrom), by: answeredAt }
    }
  }
  return violations
}

/** As many copies came as may have been stored. */
function checkCopies(message: Message, promises: Promises, endsAt: number): Violation[] {
  const ids = new Set(message.deliveries.filter(({ deadLetter }) => deadLetter === null).map(({ id }) => id))
  if (ids.size < 2) return []
  const windowMs = queuePromise(promises, message.queue).dedupWindowMs
  const possible = message.attempts.filter(({ refused }) => !refused)
  const byDedupId = new Map<string, Attempt[]>()
  let most = 0
  for (const attempt of possible) {
    if (attempt.dedupId === null || windowMs === null) most++
    else listAt(byDedupId, keyOf(attempt.dedupId, attempt.group)).push(attempt)
  }
  for (const attempts of byDedupId.values()) most += mostWindows(attempts, windowMs!, endsAt)
  if (ids.size <= Math.max(1, most)) return []
  return [
    {
      rule: "duplicates",
      detail: `${message.value} came from ${message.queue} as ${[...ids].join(" and ")}, and was sent for ${most} of them`,
      at: message.deliveries.at(-1)!.answeredAt,
    },
  ]
}

/** Into how many windows sends may have fallen. */
function mostWindows(attempts: readonly Attempt[], windowMs: number, endsAt: number): number {
  let count = 0
  let coveredUntil = -Infinity
  for (const { send } of [...attempts].sort((one, other) => one.send.calledAt - other.send.calledAt)) {
    if ((send.answeredAt ?? endsAt) < coveredUntil) continue
    count++
    coveredUntil = send.calledAt + windowMs
  }
  return count
}

function violation({ send, id, dedupId, index }: Attempt, why: string): Violation {
  const what = `${send.messages[index]!.value} with the deduplication id ${dedupId}, sent to ${send.queue}`
  return {
    rule: "duplicates",
    detail: `${what} at ${send.calledAt}, was answered with ${id}${why}`,
    at: send.calledAt,
  }
}
