import type { Outage } from "./history.ts"

/** What the queues and topics of a history were configured with. What is not named here has the defaults. */
export interface Promises {
  readonly queues: Readonly<Record<string, QueuePromise>>
  readonly topics: Readonly<Record<string, TopicPromise>>
  /** How much later than a rule says is no fault: the way of an answer, and a loaded machine. */
  readonly slackMs: number
}

export interface QueuePromise {
  readonly ordering: "standard" | "fifo"
  /** Null for any number. */
  readonly maxDeliveries: number | null
  /** Where spent and rejected messages go; null where they are dropped. */
  readonly deadLetterQueue: string | null
  /** Null where the queue does not deduplicate. */
  readonly dedupWindowMs: number | null
  readonly dedupScope: "queue" | "group"
  /** Null for a time that no history lasts. */
  readonly retentionMs: number | null
  /** The most that a nacked message without a delay of its own has to wait. */
  readonly retryDelayMs: number
  /** From when on nothing was left in it, as far as the recorder could see; null where it was not emptied. */
  readonly drainedAt: number | null
}

export interface TopicPromise {
  /** Null for a time that no history lasts. */
  readonly retentionMs: number | null
  /** Compaction may take any record but the newest of its key. */
  readonly compacted: boolean
}

/** One promise that was not kept: what to look at, and when. */
export interface Violation {
  readonly rule: string
  readonly detail: string
  readonly at: number
}

/** How late a deadline may be noticed [Q8, Q22]. */
export const LATENESS_MS = 1_000

/** What a queue promises of which nothing is named. */
export const PLAIN_QUEUE: QueuePromise = {
  ordering: "standard",
  maxDeliveries: null,
  deadLetterQueue: null,
  dedupWindowMs: null,
  dedupScope: "queue",
  retentionMs: null,
  retryDelayMs: 0,
  drainedAt: null,
}

const DEFAULT_TOPIC: TopicPromise = { retentionMs: null, compacted: false }

export function queuePromise(promises: Promises, queue: string): QueuePromise {
  return promises.queues[queue] ?? PLAIN_QUEUE
}

export function topicPromise(promises: Promises, topic: string): TopicPromise {
  return promises.topics[topic] ?? DEFAULT_TOPIC
}

/** Until when what was due at an instant must have been done: nobody is late while the broker is down. */
export function lateAfter(dueAt: number, outages: readonly Outage[], slackMs: number): number {
  let bound = dueAt + LATENESS_MS + slackMs
  for (const { from, until } of [...outages].sort((one, other) => one.from - other.from)) {
    if (from <= bound && until >= dueAt) bound = Math.max(bound, until + LATENESS_MS + slackMs)
  }
  return bound
}
