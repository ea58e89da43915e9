import type { GroupSettings } from "../../group/settings.ts"
import type { ReceiptParts } from "../../queue/commands.ts"
import type { OffsetReset } from "../group-commands.ts"

/** What a partition goes by for a share group. */
export type ShareSettings = Pick<
  GroupSettings,
  "lockDurationMs" | "maxDeliveries" | "maxLocks" | "ordering" | "retryDelay" | "deadLetter"
>

/** A share group as its callers know it; every call carries it, and the newest version is kept. */
export interface ShareTerms {
  readonly group: string
  /** Incarnation of the group. */
  readonly generation: number
  /** Version of the group's settings. */
  readonly version: number
  readonly settings: ShareSettings
}

/** Begins a share group in a partition; again changes nothing. */
export interface ShareOpenRequest extends ShareTerms {
  readonly reset: OffsetReset
}

export interface ShareReceiveRequest {
  readonly maxMessages: number
  /** Null takes the group's own. */
  readonly lockDurationMs: number | null
}

export interface ShareReceiveReply {
  readonly incarnation: number
  readonly stateId: number
  readonly stateGeneration: number
  /** Encoded by `core/log/delivered.ts`; a delivery's `messageId` is its offset. */
  readonly deliveries: Uint8Array
}

/** Some records that follow each other and were delivered under the same attempt: one record, or a range. */
export interface ShareReceipt extends ReceiptParts {
  /** 1 for a single record. */
  readonly count: number
}

/** What is to become of records: Kafka's accept, release, reject and renew. */
export type ShareSettlement =
  | { readonly kind: "ack"; readonly receipt: ShareReceipt }
  /** `delayMs` null takes the group's retry delay. Without `fault` it does not count as a delivery. */
  | {
      readonly kind: "nack"
      readonly receipt: ShareReceipt
      readonly delayMs: number | null
      readonly fault: boolean
      readonly error: string | null
    }
  | { readonly kind: "reject"; readonly receipt: ShareReceipt; readonly error: string | null }
  | { readonly kind: "extend"; readonly receipt: ShareReceipt; readonly lockDurationMs: number }
  /** A delivery that never reached its client: handed back without counting. */
  | { readonly kind: "undelivered"; readonly receipt: ShareReceipt }

/** What became of a settlement's records. */
export type ShareOutcome = { readonly settled: number; readonly expired: number } | { readonly code: "invalid_receipt" }

/** Where a share group stands in a partition, from counters and never from a scan. */
export interface ShareStatistics {
  /** First offset that is not done. */
  readonly startOffset: number
  readonly endOffset: number
  readonly available: number
  readonly delayed: number
  readonly locked: number
  readonly delivered: number
  readonly accepted: number
  readonly deadLettered: number
  /** Left with nowhere to go. */
  readonly dropped: number
  /** Offsets that had no record any more when their turn came: trimmed, expired or compacted. */
  readonly missing: number
  /** Dead letters that wait for their target, those of the partition's other groups included. */
  readonly forwarding: number
}

/** What the partition remembers of share groups that are gone, so that nothing of theirs is given again. */
export interface ShareMarks {
  /** Highest id of a delivery state. */
  readonly lastShareId: number
  /** Highest sequence of an outbox row. */
  readonly outboxSeq: number
}
