import type { Failure } from "../core/errors.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { Owner } from "../core/stream/group-commands.ts"
import { encodeFrames, type Framed, type FromObject, type ToObject } from "../protocol/internal/frames.ts"
import { CLOSE_GOODBYE, type ObjectSocket, type ObjectSocketEvents, RETRY_AFTER_MS } from "./ports.ts"

/** The only subscription on its socket. */
const SUB = 1

const text = new TextEncoder()

/**
 * A read that waits: a subscription with credit for one record, which is only the sign that there is something to
 * read. Nothing is leased, so it can end at any time.
 */
export class WaitingRead implements ObjectSocketEvents {
  /** Whether a record came; false where the wait was stopped before. */
  readonly result: Promise<Result<boolean, Failure>>
  readonly #resolve: (result: Result<boolean, Failure>) => void
  #socket: ObjectSocket | null = null

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Result<boolean, Failure>>()
    this.result = promise
    this.#resolve = resolve
  }

  /** Waits for a record at `offset` or above; an `owner` as long as the partition is its. */
  start(socket: ObjectSocket, offset: number, owner: Owner | null = null): void {
    this.#socket = socket
    const operation: ToObject = {
      type: "subscribe-partition",
      sub: SUB,
      from: offset,
      grantedMessages: 1,
      grantedBytes: 1,
      ...(owner && { owner }),
    }
    socket.send(encodeFrames([{ operation }], text))
  }

  /** Waits no longer. */
  stop(): void {
    this.#end(ok(false))
  }

  received(frames: readonly Framed<FromObject>[]): void {
    for (const { operation } of frames) this.#apply(operation)
  }

  closed(): void {
    this.#end(err({ code: "unavailable", retryAfterMs: RETRY_AFTER_MS }))
  }

  #apply(operation: FromObject): void {
    switch (operation.type) {
      case "rows":
        return this.#end(ok(true))
      case "ended":
      case "failed":
        return this.#end(operation.failure === null ? ok(false) : err(operation.failure))
      case "subscribed":
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

  #end(result: Result<boolean, Failure>): void {
    this.#socket?.close(CLOSE_GOODBYE, "read")
    this.#resolve(result)
  }
}
