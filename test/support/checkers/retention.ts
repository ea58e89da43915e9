import { partitionsOf } from "./appends.ts"
import type { History, Read } from "./history.ts"
import { firstFrom, keyOf, listAt } from "./index-of.ts"
import { mayBeSeveral, messagesOf, storedBy, type Message } from "./messages.ts"
import { lateAfter, queuePromise, topicPromise, type Promises, type Violation } from "./promises.ts"

/** How late the rows of a topic may go [S13]. */
const TOPIC_LATENESS_MS = 10_000
/** No row covers more offsets. */
const ROW_RECORDS = 1_000

/**
 * Nothing is delivered or read after its time, or after a trim was confirmed [Q36, Q37, S4, S13]. What goes before its
 * time is found by `checkLost`, `checkDeadLetters` and `checkUnseenRecords`.
 */
export function checkRetention(history: History, promises: Promises): Violation[] {
  const queues = [...messagesOf(history, promises).values()].flatMap((message) => expiredMessages(message, promises))
  return [...queues, ...trimmedRecords(history), ...expiredRecords(history, promises)]
}

function expiredMessages(message: Message, promises: Promises): Violation[] {
  const { queue, value, attempts, deliveries } = message
  const { retentionMs } = queuePromise(promises, queue)
  const by = storedBy(message)
  if (retentionMs === null || by === null || mayBeSeveral(message)) return []
  const enteredBy = by + Math.max(...attempts.map(({ delayMs }) => delayMs))
  const expiredBy = enteredBy + retentionMs + promises.slackMs
  return deliveries
    .filter(({ leasedAfter, deadLetter }) => leasedAfter > expiredBy && deadLetter === null)
    .map(({ client, leasedAfter, answeredAt }) =>
      violation(
        `${value} in ${queue} came to ${client}, asked for at ${leasedAfter}, expired by ${expiredBy}`,
        answeredAt,
      ),
    )
}

function trimmedRecords(history: History): Violation[] {
  const trims = new Map<string, { before: number; by: number }[]>()
  for (const trim of history.operations) {
    if (trim.kind !== "trim" || trim.answeredAt === null) continue
    listAt(trims, keyOf(trim.topic, trim.partition)).push({ before: trim.before, by: trim.answeredAt })
  }
  return readsOf(history).flatMap((read) => {
    const first = read.records[0]
    const trim = trims
      .get(keyOf(read.topic, read.partition))
      ?.find(({ before, by }) => first !== undefined && first.offset < before && by < read.calledAt)
    if (!trim) return []
    const what = `${first!.value} at ${read.topic}/${read.partition}/${first!.offset} was read by ${read.client}`
    return [violation(`${what} after it was trimmed by ${trim.by}`, read.calledAt)]
  })
}

/** A row goes with its youngest record: it is surely gone where all that may lie in it is old. */
function expiredRecords(history: History, promises: Promises): Violation[] {
  const ages = agesOf(history)
  return readsOf(history).flatMap((read) => {
    const { retentionMs, compacted } = topicPromise(promises, read.topic)
    const first = read.records[0]
    const age = ages.get(keyOf(read.topic, read.partition))
    if (retentionMs === null || compacted || first === undefined || age === undefined) return []
    const by = Math.min(youngestInRow(age, first.offset), youngestAt(age, read.answeredAt ?? read.calledAt))
    const goneBy = lateAfter(by + retentionMs + TOPIC_LATENESS_MS, history.outages, promises.slackMs)
    if (read.calledAt <= goneBy) return []
    const what = `${first.value} at ${read.topic}/${read.partition}/${first.offset} was read by ${read.client}`
    return [violation(`${what} at ${read.calledAt}, and its row was gone by ${goneBy}`, read.calledAt)]
  })
}

/** How old the records of a partition are. */
interface Ages {
  /** Those whose offset is known, in order: by when they were stored. */
  readonly stored: readonly { readonly offset: number; readonly by: number }[]
  /** All that may be stored, in order of their calls: by when they and all before them were. */
  readonly youngest: readonly { readonly calledAt: number; readonly by: number }[]
}

function agesOf(history: History): Map<string, Ages> {
  return new Map(
    partitionsOf(history).map(({ topic, partition, appends }) => {
      const stored = appends.flatMap(({ offsets, storedBy }) =>
        offsets === null || storedBy === null ? [] : [{ offset: offsets.at(-1)!, by: storedBy }],
      )
      let by = -Infinity
      const youngest = appends
        .filter(({ refused }) => !refused)
        .sort((one, other) => one.calledAt - other.calledAt)
        .map(({ calledAt, storedBy }) => ({ calledAt, by: (by = Math.max(by, storedBy ?? Infinity)) }))
      return [keyOf(topic, partition), { stored: stored.sort((one, other) => one.offset - other.offset), youngest }]
    }),
  )
}

function youngestInRow({ stored }: Ages, offset: number): number {
  return stored[firstFrom(stored, offset + ROW_RECORDS - 1, (one) => one.offset)]?.by ?? Infinity
}

function youngestAt({ youngest }: Ages, at: number): number {
  const called = firstFrom(youngest, at, ({ calledAt }) => calledAt)
  return youngest[called - 1]?.by ?? Infinity
}

function readsOf(history: History): Read[] {
  return history.operations.filter((operation) => operation.kind === "read")
}

function violation(detail: string, at: number): Violation {
  return { rule: "retention", detail, at }
}
