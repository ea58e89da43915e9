import { type AdminOptions, type Ask, type ListQuery } from "./admin-http.ts"
import type { Problem } from "./errors.ts"

/** How long something that was handed back waits. */
export type RetryDelay =
  | { readonly kind: "constant"; readonly delayMs: number }
  | { readonly kind: "linear"; readonly stepMs: number; readonly maxMs: number }
  /** `jitter`, from 0 to 1, is how much of a delay is left to chance. */
  | { readonly kind: "exponential"; readonly baseMs: number; readonly maxMs: number; readonly jitter: number }

/** The settings of a queue. */
export interface QueueSettings {
  /** `fifo` delivers the messages of a group one after the other. */
  readonly ordering: "standard" | "fifo"
  /** Whether no tenant (group id) can hold up the others. */
  readonly fair: boolean
  readonly singleActiveConsumer: boolean
  /** How long who received a message has it, unless the receiver asks otherwise. */
  readonly visibilityTimeoutMs: number
  readonly retentionMs: number
  /** Before it nobody gets a message. */
  readonly delayMs: number
  /** After so many deliveries that failed a message is dead. */
  readonly maxDeliveries: number | null
  /** After so many deliveries, whoever is to blame. */
  readonly maxAttempts: number | null
  readonly deadLetterQueue: string | null
  readonly retryDelay: RetryDelay
  readonly onExpiry: "drop" | "dead-letter"
  readonly contentDeduplication: boolean
  readonly dedupScope: "queue" | "group"
  /** 0 does not deduplicate. */
  readonly dedupWindowMs: number
  readonly maxMessages: number | null
  readonly maxBytes: number | null
  readonly maxInFlight: number
  /** What becomes of messages that there is no room for. */
  readonly overflow: "reject" | "drop-oldest" | "dead-letter"
  readonly sendingPaused: boolean
  readonly deliveryPaused: boolean
  /** Text that is kept with the queue, by name. */
  readonly annotations: Readonly<Record<string, string>>
}

/** Settings to change. Annotations are merged by name; one that is null goes. */
export type QueuePatch = Partial<Omit<QueueSettings, "annotations">> & {
  readonly annotations?: Readonly<Record<string, string | null>>
}

/** A queue. Times are in milliseconds since the epoch, as everywhere. */
export interface QueueView {
  readonly name: string
  readonly settings: QueueSettings
  readonly createdAt: number
  readonly updatedAt: number
}

/** What a queue holds, and what has happened in it since it was created. */
export interface QueueStatistics {
  readonly ready: number
  readonly inFlight: number
  readonly delayed: number
  readonly scheduled: number
  readonly bytes: number
  /** When the oldest message was sent. */
  readonly oldestAt: number | null
  readonly sent: number
  readonly deduplicated: number
  readonly delivered: number
  readonly acknowledged: number
  readonly deadLettered: number
  readonly dropped: number
  readonly expired: number
  readonly removed: number
  readonly redriven: number
  /** Messages on their way to another queue. */
  readonly forwarding: number
  /** Per second, of late. */
  readonly rates: { readonly sent: number; readonly delivered: number; readonly acknowledged: number }
}

/** Why a message is a dead letter. */
export type DeadLetterReason = "max_deliveries" | "rejected" | "expired" | "overflow"

/** Where a message is. */
export type MessageState = "ready" | "in_flight" | "delayed" | "scheduled"

/** Which messages are meant: all that is given must be true of them. */
export interface MessageFilter {
  readonly reason?: DeadLetterReason
  readonly header?: { readonly name: string; readonly value: string }
  readonly groupId?: string
  readonly sentAfter?: number
  readonly sentBefore?: number
}

/** A message that an operator looks at; nobody receives it by that. */
export interface BrowsedMessage {
  readonly id: string
  readonly state: MessageState
  readonly sentAt: number
  readonly deliveryCount: number
  readonly firstDeliveredAt?: number
  /** When it can be delivered. */
  readonly dueAt?: number
  /** Until when somebody has it. */
  readonly leaseUntilAt?: number
  readonly consumer?: number
  readonly expiresAt?: number
  /** JSON or text; of bytes there is `bodyBase64`, of what is damaged a `problem`. */
  readonly body?: unknown
  readonly bodyBase64?: string
  readonly problem?: Problem
  readonly groupId?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Dead letters on their way back. */
export interface Redrive {
  readonly id: number
  readonly state: "running" | "done" | "cancelled"
  readonly moved: number
  readonly skipped: number
  readonly remaining: number
  readonly startedAt: number
  readonly updatedAt: number
  /** Where to; null for where each came from. */
  readonly queue: string | null
  readonly filter: MessageFilter
  readonly maxMessagesPerSecond: number | null
}

/** What a redrive is to do; all of it may be left out. */
export interface RedriveRequest {
  readonly queue?: string | null
  readonly filter?: MessageFilter
  readonly maxMessagesPerSecond?: number | null
}

/** Administration of queues. */
export interface AdminQueues {
  /** Creates a queue, or changes the settings that are given. */
  put(queue: string, settings?: QueuePatch, options?: AdminOptions): Promise<QueueView>
  /** A queue, and what it holds. */
  get(queue: string, options?: AdminOptions): Promise<QueueView & { readonly statistics: QueueStatistics }>
  /** A page of all, by name; `cursor` is of the next, null for none. */
  list(
    query?: ListQuery,
    options?: AdminOptions,
  ): Promise<{ readonly queues: QueueView[]; readonly cursor: string | null }>
  /** Deletes a queue with all that it holds. */
  delete(queue: string, options?: AdminOptions): Promise<void>
  /** A page of messages in one state, `ready` unless told. */
  browse(
    queue: string,
    query?: MessageFilter & { readonly state?: MessageState; readonly limit?: number; readonly cursor?: string },
    options?: AdminOptions,
  ): Promise<{ readonly messages: BrowsedMessage[]; readonly cursor: string | null }>
  /** Deletes messages for good: in some states, or in all. */
  purge(
    queue: string,
    query?: MessageFilter & { readonly state?: MessageState | readonly MessageState[] },
    options?: AdminOptions,
  ): Promise<{ readonly removed: number }>
  /** Begins to move dead letters back. */
  redrive(queue: string, request?: RedriveRequest, options?: AdminOptions): Promise<Redrive>
  /** The last redrives, the newest first. */
  redrives(queue: string, options?: AdminOptions): Promise<{ readonly redrives: Redrive[] }>
  /** Ends the redrive that runs; what it moved stays where it is. */
  cancelRedrive(queue: string, options?: AdminOptions): Promise<Redrive>
}

/**
 * Administration of queues, by `ask`.
 * @internal
 */
export function adminQueues(ask: Ask): AdminQueues {
  const at = (queue: string): string => `queues/${encodeURIComponent(queue)}`
  return {
    put: (queue, json = {}, options) => ask(`PUT ${at(queue)}`, options, { json }),
    get: (queue, options) => ask(`GET ${at(queue)}`, options),
    list: (query, options) => ask("GET queues", options, { query }),
    delete: (queue, options) => ask(`DELETE ${at(queue)}`, options),
    browse: (queue, query, options) => ask(`GET ${at(queue)}/messages`, options, { query: flat(query) }),
    purge: (queue, query, options) => ask(`DELETE ${at(queue)}/messages`, options, { query: flat(query) }),
    redrive: (queue, json = {}, options) => ask(`POST ${at(queue)}/redrive`, options, { json }),
    redrives: (queue, options) => ask(`GET ${at(queue)}/redrive`, options),
    cancelRedrive: (queue, options) => ask(`DELETE ${at(queue)}/redrive`, options),
  }
}

/** In a query, a header is one text. */
function flat({ header, ...query }: MessageFilter = {}): object {
  return { ...query, header: header && `${header.name}:${header.value}` }
}
