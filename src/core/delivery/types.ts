/** Consumer id of a lease that belongs to no socket (an HTTP receive): no close returns it. */
export const DETACHED = 0

/** One offset handed to a consumer. Its receipt names the attempt. */
export interface Lease {
  readonly offset: number
  /** Grows with every delivery of this offset and never goes back. */
  readonly attempt: number
  /** Deliveries that count towards `maxDeliveries`; may be given back. */
  readonly deliveryCount: number
  readonly firstDeliveredAt: number
}

/** What order messages are delivered in: oldest first; strictly within a group; no tenant delayed by a noisy one. */
export type DeliveryMode = "standard" | "ordered" | "fair"

/** Why a message left without being acknowledged. */
export type DepartureReason = "max_deliveries" | "rejected" | "expired" | "overflow"

/** An offset that is done because nobody could process it. */
export interface Departure {
  readonly offset: number
  readonly reason: DepartureReason
  readonly deliveryCount: number
  readonly firstDeliveredAt: number
  /** Text given with the last nack, if any came with it. */
  readonly error: string | null
}

/** What an operation on one receipt came to. */
export type SettleOutcome = "settled" | "receipt_expired" | "invalid_receipt"

/** What the delivery state must know about the log it stands on. */
export interface LogView {
  /** First offset that does not exist yet. */
  readonly endOffset: number
  /** Key hashes of `[from, to)`; not read in standard mode; from row headers, never from payloads. */
  keyHashes(from: number, to: number): ArrayLike<number>
  /** Bytes of the frame at `offset`. */
  lengthOf(offset: number): number
  /** Where records are missing; absent for a log that has one at every offset. */
  readonly gaps?: LogGaps
}

/** A log in which some offsets have no record: they are passed over, and never delivered. */
export interface LogGaps {
  /** First offset from `offset` on that has a record, or the log's end. */
  firstFrom(offset: number): number
  /** Behind some of the records that follow each other from `offset` on, which has one. */
  endOfRun(offset: number): number
}

/** How often a message is delivered. */
export interface DeliveryLimits {
  /** Deliveries after which it leaves instead, or null. */
  readonly maxDeliveries: number | null
  /** Attempts after which it does, those without fault included, or null. */
  readonly maxAttempts: number | null
}

/** How messages are handed out. */
export interface AcquireRequest extends DeliveryLimits {
  /** Random 32-bit id of a socket's subscription, or DETACHED. */
  readonly consumer: number
  readonly maxMessages: number
  /** When the lease runs out. */
  readonly untilAt: number
  /** Messages that may leave instead, where the limit was lowered; the one beyond ends the acquire. */
  readonly maxDepartures: number
  /** Bytes of frames to hand out; the first message is handed out whatever its size. */
  readonly maxBytes: number
}

/** Which messages are too old to be delivered: an acquire lets them leave, `max` of them; the one beyond ends it. */
export interface ExpiryCheck {
  isExpired(offset: number): boolean
  readonly max: number
}

/** How a lease is given back. */
export interface ReleaseOptions extends DeliveryLimits {
  readonly delayMs: number
  /** False gives the delivery back: it does not count towards `maxDeliveries`. */
  readonly fault: boolean
  readonly error: string | null
}

/** A page as it is stored. */
export interface StoredPage {
  readonly pageNo: number
  /** Commit up to which the page is current. */
  readonly seq: number
  /** Ring rows up to this commit are part of the pages. */
  readonly foldedSeq: number
  readonly runs: Uint8Array
}

/** One slot of the transition ring as it is stored. */
export interface StoredRing {
  readonly slot: number
  readonly seq: number
  readonly foldedSeq: number
  readonly transitions: Uint8Array
}

/** What one commit changes in storage: at most MAX_PAGES_PER_COMMIT pages, or a ring slot, or a fold. */
export interface DeliveryChanges {
  readonly pages: readonly StoredPage[]
  readonly deletedPages: readonly number[]
  readonly ring: StoredRing | null
}

/** Offsets of the window by state. */
export interface DeliveryCounts {
  readonly available: number
  readonly delayed: number
  readonly inFlight: number
}
