import type { QueueStatistics } from "../../../src/core/queue/commands.ts"

/** A message as it is sent: 0 and null stand for none. */
export interface Sent {
  readonly body: string
  readonly bytes: number
  readonly groupId: string | null
  readonly dedupKey: string | null
  readonly delayMs: number
  readonly deliverAt: number
  readonly ttlMs: number
}

export type Reason = "max_deliveries" | "rejected" | "expired" | "overflow"

export type Status =
  | { readonly kind: "available" }
  | { readonly kind: "delayed"; readonly until: number }
  | { readonly kind: "inFlight"; readonly holder: number; readonly until: number }
  | { readonly kind: "done" }

/** A message in the log. */
export interface Message {
  readonly id: number
  readonly offset: number
  readonly body: string
  readonly bytes: number
  readonly groupId: string | null
  readonly appendedAt: number
  readonly ttlUntil: number
  status: Status
  attempt: number
  count: number
  firstAt: number
  /** When it was last in flight or delayed no more. */
  backAt: number
}

/** A message that waits for its time. */
export interface Scheduled extends Sent {
  readonly id: number
  readonly dueAt: number
  readonly ttlUntil: number
}

/** A delivery. */
export interface Taken {
  readonly id: number
  readonly body: string
  readonly offset: number
  readonly attempt: number
  readonly deliveryCount: number
  readonly firstDeliveredAt: number
  readonly appendedAt: number
}

/** A dead letter on its way. */
export interface Departed {
  readonly id: number
  readonly offset: number
  readonly body: string
  readonly groupId: string | null
  readonly reason: Reason
  readonly deliveryCount: number
  readonly firstDeliveredAt: number
  readonly error: string | null
  readonly leftAt: number
}

export interface Consumer {
  readonly id: number
  readonly holder: number
  readonly joinedAt: number
  grantedMessages: number
  readonly grantedBytes: number
  sentMessages: number
  sentBytes: number
}

/** All that a producer has had stored under an epoch. */
export interface ProducerHistory {
  readonly epoch: number
  /** By their sequences. */
  readonly entries: { readonly id: number; readonly publish: number; readonly isNeighbour: boolean }[]
  publishes: number
}

/** Everything that a queue is, as plain data. */
export interface Plain {
  /** Offset of the first message in `log`: those before it are done. */
  base: number
  log: Message[]
  /** Where ordered delivery has looked up to: [D24]. */
  seenEnd: number
  scheduled: Scheduled[]
  /** Newest first. */
  dedup: { readonly key: string; readonly id: number; readonly until: number }[]
  attempts: Record<string, { readonly until: number; readonly taken: readonly Taken[] }>
  departed: Departed[]
  consumers: Consumer[]
  producers: Record<number, ProducerHistory>
  turn: number
  nextId: number
  lastAppendedAt: number
  takenSeq: number
  totals: Record<Total, number>
}

type Total = "sent" | "deduplicated" | "delivered" | "acknowledged" | "deadLettered" | "dropped" | "expired" | "removed"
export type Numbers = Omit<QueueStatistics, "rates" | "redriven">

/** What is done with one receipt. */
export interface Settling {
  readonly kind: "ack" | "nack" | "reject" | "extend" | "undelivered"
  readonly offset: number
  readonly attempt: number
  readonly delayMs: number | null
  readonly fault: boolean
  readonly error: string | null
  readonly forMs: number
}

export type Refusal = "receipt_expired" | "invalid_receipt"

/** A queue that was sent `base` messages, all of them removed again. */
export function emptyQueue(base = 0): Plain {
  return {
    base,
    log: [],
    seenEnd: base,
    scheduled: [],
    dedup: [],
    attempts: {},
    departed: [],
    consumers: [],
    producers: {},
    turn: 0,
    nextId: base + 1,
    lastAppendedAt: 0,
    takenSeq: 0,
    totals: {
      sent: base,
      deduplicated: 0,
      delivered: 0,
      acknowledged: 0,
      deadLettered: 0,
      dropped: 0,
      expired: 0,
      removed: base,
    },
  }
}
