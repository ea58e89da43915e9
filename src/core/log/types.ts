/**
 * How a record's value was given, so that it comes back the same way. The broker never looks into it. A tombstone has
 * none: it says that there is nothing under its key any more.
 */
export type Format = "bytes" | "text" | "json" | "tombstone"

/** One name/value pair; order and repetition are kept. Both are UTF-8 text by convention of the doors. */
export interface Header {
  readonly name: Uint8Array
  readonly value: Uint8Array
}

/** What a producer hands over, independent of where it will be stored. */
export interface LogRecord {
  readonly format: Format
  readonly value: Uint8Array
  /** Record key or message group id. */
  readonly key: Uint8Array | null
  readonly headers: readonly Header[]
  /** The producer's own time in milliseconds since the epoch, kept beside the broker's. */
  readonly producedAt: number | null
}

/** What tells repeated messages from new ones: two with equal keys are one message sent twice. */
export interface DedupKey {
  /** `keyHash(key)`. */
  readonly hash: number
  readonly key: Uint8Array
}

/** What a producer wants of one message besides its record. */
export interface SendTerms {
  /** How long it waits before it can be delivered; 0 or absent for no time. */
  readonly delayMs?: number
  /** When it can be delivered; 0 or absent for at once. */
  readonly deliverAt?: number
  /** How long it is kept, from its entry into the log; 0 or absent for no limit of its own. */
  readonly ttlMs?: number
  /** Absent for a message that repeats no other. */
  readonly dedupKey?: Uint8Array
}

/** A frame on its way from the Worker to an object, with what the object must know without decoding it. */
export interface Submission {
  readonly frame: Uint8Array
  /** Hash of the key (see `keyHash`), 0 for none. */
  readonly keyHash: number
}

/** What a row's header says about one of its frames. */
export interface FrameEntry {
  readonly offset: number
  /** Broker time of the append, milliseconds since the epoch; never decreases along the log. */
  readonly appendedAt: number
  /** The counter given at the send; equals no offset in general. */
  readonly messageId: number
  readonly keyHash: number
  /** When its time to live ends, milliseconds since the epoch, never before `appendedAt`; 0 for never. */
  readonly expiresAt: number
  /** Length of the frame in bytes. */
  readonly length: number
  /** Where the frame starts within the row's frames. */
  readonly position: number
}

/** A frame handed to a consumer, with the attempt that its receipt will name. */
export interface Delivery {
  readonly offset: number
  readonly messageId: number
  readonly appendedAt: number
  readonly attempt: number
  readonly deliveryCount: number
  readonly firstDeliveredAt: number
  /** Empty where the stored row is damaged. */
  readonly frame: Uint8Array
}
