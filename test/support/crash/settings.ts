import { PLAIN_QUEUE, type QueuePromise, type TopicPromise } from "../checkers/promises.ts"

/** How long a receive over HTTP hides a message; what is lost on the way comes back within a drain. */
export const HTTP_LEASE_MS = 2_000
/** So long does one now and then, which outlives a restart also where the machine is slow. */
export const LONG_LEASE_MS = 8_000
/** Likewise of what comes over a socket. */
export const SOCKET_LEASE_MS = 3_000
/** What a message that fails for ever gets. */
const MAX_DELIVERIES = 4
const RETRY_DELAY_MS = 100
const DEDUP_WINDOW_MS = 5_000
const LONG_DEDUP_WINDOW_MS = 300_000

/** A queue, with what its settings promise. */
export interface LoadQueue {
  readonly settings: object
  readonly promise: QueuePromise
}

const TRIED = { maxDeliveries: MAX_DELIVERIES, retryDelayMs: RETRY_DELAY_MS }
const TRIED_SETTINGS = {
  maxDeliveries: MAX_DELIVERIES,
  retryDelay: { kind: "constant", delayMs: RETRY_DELAY_MS },
  visibilityTimeoutMs: HTTP_LEASE_MS,
}
const FIFO = { ordering: "fifo", dedupWindowMs: LONG_DEDUP_WINDOW_MS } as const
const FIFO_SETTINGS = { ordering: "fifo", dedupWindowMs: LONG_DEDUP_WINDOW_MS }

/** Queues of the load by name, in the order in which they can be created. */
export const QUEUES = {
  dead: { settings: {}, promise: PLAIN_QUEUE },
  work: {
    settings: { ...TRIED_SETTINGS, deadLetterQueue: "dead" },
    promise: { ...PLAIN_QUEUE, ...TRIED, deadLetterQueue: "dead" },
  },
  later: { settings: { visibilityTimeoutMs: HTTP_LEASE_MS }, promise: PLAIN_QUEUE },
  once: {
    settings: { visibilityTimeoutMs: HTTP_LEASE_MS, dedupWindowMs: DEDUP_WINDOW_MS },
    promise: { ...PLAIN_QUEUE, dedupWindowMs: DEDUP_WINDOW_MS },
  },
  "ordered-dead": { settings: FIFO_SETTINGS, promise: { ...PLAIN_QUEUE, ...FIFO } },
  ordered: {
    settings: { ...FIFO_SETTINGS, ...TRIED_SETTINGS, deadLetterQueue: "ordered-dead" },
    promise: { ...PLAIN_QUEUE, ...FIFO, ...TRIED, deadLetterQueue: "ordered-dead" },
  },
  pushed: { settings: { visibilityTimeoutMs: SOCKET_LEASE_MS }, promise: PLAIN_QUEUE },
  "pushed-ordered": {
    settings: { ...FIFO_SETTINGS, visibilityTimeoutMs: SOCKET_LEASE_MS },
    promise: { ...PLAIN_QUEUE, ...FIFO },
  },
  "share-dead": { settings: {}, promise: PLAIN_QUEUE },
} as const satisfies Record<string, LoadQueue>

export type QueueName = keyof typeof QUEUES

/** The queue that was made by the SQS door. */
export const SQS_QUEUE = "sqs"

/** A topic, with what its settings promise. */
export interface LoadTopic {
  readonly settings: { readonly partitions: number; readonly cleanup?: string }
  readonly promise: TopicPromise
}

const KEPT: TopicPromise = { retentionMs: null, compacted: false }

export const TOPICS = {
  log: { settings: { partitions: 3 }, promise: KEPT },
  streamed: { settings: { partitions: 2 }, promise: KEPT },
  compacted: { settings: { partitions: 2, cleanup: "compact" }, promise: { ...KEPT, compacted: true } },
  growing: { settings: { partitions: 1 }, promise: KEPT },
  shared: { settings: { partitions: 2 }, promise: KEPT },
} as const satisfies Record<string, LoadTopic>

export type TopicName = keyof typeof TOPICS

/** Members say that they are there so often, and are out when they do not for so long. */
export const HEARTBEAT_MS = 500
export const SESSION_MS = 2_000
const MEMBERS = { autoOffsetReset: "earliest", heartbeatIntervalMs: HEARTBEAT_MS, sessionTimeoutMs: SESSION_MS }

/** Consumer groups by name, with the topic that each reads. */
export const GROUPS = {
  readers: { topic: "log", settings: MEMBERS },
  streamers: { topic: "streamed", settings: MEMBERS },
} as const satisfies Record<string, { readonly topic: TopicName; readonly settings: object }>

const SHARE = {
  type: "share",
  autoOffsetReset: "earliest",
  lockDurationMs: HTTP_LEASE_MS,
  maxDeliveries: MAX_DELIVERIES,
  retryDelay: { kind: "constant", delayMs: RETRY_DELAY_MS },
}

/** Share groups of the topic `shared`. To a consumer each is a queue, and is checked as one. */
export const SHARES = {
  workers: {
    settings: { ...SHARE, deadLetter: { queue: "share-dead" } },
    promise: { ...PLAIN_QUEUE, ...TRIED, deadLetterQueue: "share-dead" },
  },
  "in-order": {
    settings: { ...SHARE, ordering: "key" },
    promise: { ...PLAIN_QUEUE, ...TRIED, ordering: "fifo" },
  },
} as const satisfies Record<string, LoadQueue>

export type ShareName = keyof typeof SHARES

/** What a share group is called where it is a queue; no queue can have a slash in its name. */
export function shareQueue(share: string): string {
  return `shared/${share}`
}

/** What all of it promises, as long as nothing was drained. */
export function queuePromises(): Record<string, QueuePromise> {
  const queues = Object.entries(QUEUES).map(([name, { promise }]) => [name, promise] as const)
  const shares = Object.entries(SHARES).map(([name, { promise }]) => [shareQueue(name), promise] as const)
  return Object.fromEntries([...queues, ...shares, [SQS_QUEUE, PLAIN_QUEUE]])
}

/** How the topics are made where records are kept for so long; null for longer than any load. */
export function topicsKeeping(retentionMs: number | null): Readonly<Record<TopicName, LoadTopic>> {
  if (retentionMs === null) return TOPICS
  const keeping = Object.entries(TOPICS).map(([name, { settings, promise }]) => {
    if (promise.compacted) return [name, { settings, promise }]
    return [name, { settings: { ...settings, retentionMs }, promise: { ...promise, retentionMs } }]
  })
  return Object.fromEntries(keeping) as Record<TopicName, LoadTopic>
}
