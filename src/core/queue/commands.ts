import type { Failure } from "../errors.ts"

/** Answer to a send: one outcome per message, in order. */
export interface SendReply {
  readonly incarnation: number
  readonly results: readonly SendResult[]
}
/**
 * The message's id counter, that of the first one for a repeat, or why it was refused. Plain numbers: a call
 * copies them many times faster than objects.
 */
export type SendResult = number | Failure

/** Answer to a publish of a producer: one outcome per message, in order; those that were stored before come first. */
export interface ProducerReply {
  /** Null for a message that is stored and whose id is forgotten. */
  readonly results: readonly (SendResult | null)[]
  /** How many were stored before. */
  readonly repeatedCount: number
}

/** What a receipt names, decoded. */
export interface ReceiptParts {
  readonly incarnation: number
  readonly shard: number
  /** 0 is the queue's own delivery state. */
  readonly stateId: number
  readonly stateGeneration: number
  readonly offset: number
  readonly attempt: number
}

/** Settles also where the lease has ended, as long as nobody got the message since; not in a fifo queue. */
interface MaybeLate {
  readonly mayBeLate?: boolean
}

export type Settlement =
  | ({ readonly kind: "ack"; readonly receipt: ReceiptParts } & MaybeLate)
  /** `delayMs` null takes the queue's retry delay. Without `fault` it does not count towards `maxDeliveries`. */
  | ({
      readonly kind: "nack"
      readonly receipt: ReceiptParts
      readonly delayMs: number | null
      readonly fault: boolean
      readonly error: string | null
    } & MaybeLate)
  /** Gives up on the message at once: it leaves with reason `rejected`. */
  | { readonly kind: "reject"; readonly receipt: ReceiptParts; readonly error: string | null }
  | ({ readonly kind: "extend"; readonly receipt: ReceiptParts; readonly visibilityTimeoutMs: number } & MaybeLate)
  /** A delivery that never reached its client: handed back without counting. */
  | { readonly kind: "undelivered"; readonly receipt: ReceiptParts }

/** One outcome per settlement, in order; null is success. */
export type SettleReply = readonly (Failure | null)[]

export interface ReceiveRequest {
  readonly maxMessages: number
  /** null takes the queue's own. */
  readonly visibilityTimeoutMs: number | null
  /** Under which the receive can be repeated, or null. */
  readonly attemptId: string | null
}
export interface ReceiveReply {
  readonly incarnation: number
  /** Encoded by `core/log/delivered.ts`. */
  readonly deliveries: Uint8Array
  /** Nothing was handed out because as much is in flight as may be. */
  readonly isFull?: boolean
}

/** Gauges and totals of one queue, from counters and never from a scan. */
export interface QueueStatistics {
  readonly ready: number
  readonly inFlight: number
  /** Released with a delay that has not passed yet, or held back by the queue's own. */
  readonly delayed: number
  /** Waiting for their own time. */
  readonly scheduled: number
  /** Of all of these, exactly. */
  readonly bytes: number
  readonly oldestAt: number | null
  readonly sent: number
  /** Sends that repeated an earlier one. */
  readonly deduplicated: number
  readonly delivered: number
  readonly acknowledged: number
  readonly deadLettered: number
  /** Left with nowhere to go: out of deliveries, rejected, or the oldest of a full queue. */
  readonly dropped: number
  /** Kept for too long; dead-lettered ones among them. */
  readonly expired: number
  /** Purged, deleted or cancelled by hand. */
  readonly removed: number
  /** Taken from here by resend and redrive. */
  readonly redriven: number
  /** Dead letters written but not yet taken by their target. */
  readonly forwarding: number
  /** Messages a second, over the last minute. */
  readonly rates: { readonly sent: number; readonly delivered: number; readonly acknowledged: number }
}

/** Frames that move from one queue to another, in order; repeats are recognised by `seq`. */
export interface MoveRequest {
  /** Object name of the source. */
  readonly source: string
  readonly sourceIncarnation: number
  /** Encoded by `core/log/submission.ts`. */
  readonly submissions: Uint8Array
  /** Strictly increasing, one per submission. */
  readonly seqs: readonly number[]
}
