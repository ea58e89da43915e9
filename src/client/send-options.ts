import type { Headers } from "./headers.ts"

/** What may be asked of one message. */
export interface SendOptions {
  /** For so long nobody gets it, in milliseconds. */
  readonly delayMs?: number
  /** Before then nobody gets it; not together with `delayMs`. */
  readonly deliverAt?: Date | number
  /** After so long, counted from when it could be delivered, it is dropped, in milliseconds. */
  readonly ttlMs?: number
  /** Within the queue's `dedupWindowMs` a message with the same id is not stored again. */
  readonly dedupId?: string
  /** Of a fifo queue, whose messages are ordered by group; of a fair one, the tenant. */
  readonly groupId?: string
  /** Carried along, up to 64 of them. */
  readonly headers?: Headers
  /** Takes the message back. What was said already may be stored, though the promise rejects with `aborted`. */
  readonly signal?: AbortSignal
}
