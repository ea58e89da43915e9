import type { Failure } from "../core/errors.ts"
import { MAX_CREDIT_BYTES, MAX_CREDIT_MESSAGES } from "../core/limits.ts"
import { err, ok, type Result } from "../core/result.ts"
import { encodeFrames, type Framed, type FromObject, type ToObject } from "../protocol/internal/frames.ts"
import type { RowsFrame } from "./deliver.ts"
import { CLOSE_GOODBYE, type ObjectSocket, type ObjectSocketEvents, RETRY_AFTER_MS } from "./ports.ts"

/** The only subscription on its socket. */
const SUB = 1
const STOPPED: Failure = { code: "unavailable", retryAfterMs: RETRY_AFTER_MS }

const text = new TextEncoder()

/** Where a feed begins. */
export interface FeedStart {
  readonly incarnation: number
  readonly nextOffset: number
}

/** Stored rows, and which records of them are meant. */
export interface FeedSlice {
  readonly frame: RowsFrame
  readonly rows: Uint8Array
}

/**
 * A partition's records as they come, for one reader that takes them slice by slice. What was not taken yet is
 * bounded by the credit that the object has: MAX_CREDIT_BYTES, and one record.
 */
export class RecordFeed implements ObjectSocketEvents {
  /** Where it begins, or why it does not. */
  readonly begun: Promise<Result<FeedStart, Failure>>
  readonly #begin: (start: Result<FeedStart, Failure>) => void
  #socket: ObjectSocket | null = null
  readonly #slices: FeedSlice[] = []
  #waiting: ((slice: Result<FeedSlice, Failure>) => void) | null = null
  #over: Failure | null = null
  #grantedRecords = MAX_CREDIT_MESSAGES
  #grantedBytes = MAX_CREDIT_BYTES
  #takenRecords = 0
  #takenBytes = 0

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Result<FeedStart, Failure>>()
    this.begun = promise
    this.#begin = resolve
  }

  /** Subscribes. */
  start(socket: ObjectSocket, from: number | "earliest" | "latest"): void {
    this.#socket = socket
    const credit = { grantedMessages: this.#grantedRecords, grantedBytes: this.#grantedBytes }
    this.#say({ type: "subscribe-partition", sub: SUB, from, ...credit })
  }

  /** The next slice; whoever asks for it is done with the one before. Fails when the feed is over. */
  next(): Promise<Result<FeedSlice, Failure>> {
    this.#renew()
    const slice = this.#slices.shift()
    if (slice !== undefined) return Promise.resolve(ok(this.#take(slice)))
    if (this.#over !== null) return Promise.resolve(err(this.#over))
    const { promise, resolve } = Promise.withResolvers<Result<FeedSlice, Failure>>()
    this.#waiting = resolve
    return promise
  }

  /** Ends it; what was not taken is dropped. */
  stop(): void {
    this.#slices.length = 0
    this.#end(STOPPED)
  }

  received(frames: readonly Framed<FromObject>[]): void {
    for (const { operation, blob } of frames) this.#apply(operation, blob)
  }

  closed(): void {
    this.#end(STOPPED)
  }

  #apply(operation: FromObject, blob: Uint8Array): void {
    switch (operation.type) {
      case "subscribed":
        return this.#begin(ok({ incarnation: operation.incarnation, nextOffset: operation.nextOffset ?? 0 }))
      case "rows":
        return this.#add({ frame: operation, rows: blob })
      case "ended":
      case "failed":
        return this.#end(operation.failure ?? STOPPED)
      case "deliver":
      case "confirm":
      case "confirm-run":
      case "settled":
      case "share-settled":
      case "share-subscribed":
      case "member-news":
      case "drained":
        return
    }
  }

  #add(slice: FeedSlice): void {
    if (this.#over !== null) return
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting === null) this.#slices.push(slice)
    else waiting(ok(this.#take(slice)))
  }

  #take(slice: FeedSlice): FeedSlice {
    this.#takenRecords += slice.frame.count
    this.#takenBytes += slice.rows.length
    return slice
  }

  /** Grants anew at half the limit, to do it rarely. */
  #renew(): void {
    const hasRecords = this.#grantedRecords - this.#takenRecords > MAX_CREDIT_MESSAGES / 2
    const hasBytes = this.#grantedBytes - this.#takenBytes > MAX_CREDIT_BYTES / 2
    if ((hasRecords && hasBytes) || this.#over !== null) return
    this.#grantedRecords = this.#takenRecords + MAX_CREDIT_MESSAGES
    this.#grantedBytes = this.#takenBytes + MAX_CREDIT_BYTES
    this.#say({ type: "credit", sub: SUB, grantedMessages: this.#grantedRecords, grantedBytes: this.#grantedBytes })
  }

  #end(failure: Failure): void {
    if (this.#over !== null) return
    this.#over = failure
    this.#socket?.close(CLOSE_GOODBYE, "feed is over")
    this.#begin(err(failure))
    this.#waiting?.(err(failure))
    this.#waiting = null
  }

  #say(operation: ToObject): void {
    this.#socket?.send(encodeFrames([{ operation }], text))
  }
}
