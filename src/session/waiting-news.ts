import type { Failure } from "../core/errors.ts"
import { err, ok, type Result } from "../core/result.ts"
import { encodeFrames, type Framed, type FromObject, type ToObject } from "../protocol/internal/frames.ts"
import { CLOSE_GOODBYE, type ObjectSocket, type ObjectSocketEvents, RETRY_AFTER_MS } from "./ports.ts"

/** The only subscription on its socket. */
const SUB = 1

const text = new TextEncoder()

/** Waits for signs that something changed for a member. One that nobody waited for is kept; several are one. */
export class WaitingNews implements ObjectSocketEvents {
  #socket: ObjectSocket | null = null
  #hasNews = false
  #over: Result<false, Failure> | null = null
  #waiting: ((news: Result<boolean, Failure>) => void) | null = null

  /** Watches the member. The first sign comes once it is watched: what changed before that is not told. */
  start(socket: ObjectSocket, memberId: string): void {
    this.#socket = socket
    const operation: ToObject = { type: "watch-member", sub: SUB, memberId }
    socket.send(encodeFrames([{ operation }], text))
  }

  /** Whether something may have changed since the last call; false where the wait was stopped before. */
  next(): Promise<Result<boolean, Failure>> {
    const { promise, resolve } = Promise.withResolvers<Result<boolean, Failure>>()
    this.#waiting = resolve
    this.#answer()
    return promise
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
      case "subscribed":
      case "member-news":
        this.#hasNews = true
        return this.#answer()
      case "ended":
      case "failed":
        return this.#end(operation.failure === null ? ok(false) : err(operation.failure))
      case "rows":
      case "deliver":
      case "confirm":
      case "confirm-run":
      case "settled":
      case "share-settled":
      case "share-subscribed":
      case "drained":
        return
    }
  }

  #end(result: Result<false, Failure>): void {
    if (this.#over !== null) return
    this.#over = result
    this.#socket?.close(CLOSE_GOODBYE, "news")
    this.#answer()
  }

  /** Tells whoever waits; an end counts more than news before it. */
  #answer(): void {
    if (this.#waiting === null || (this.#over === null && !this.#hasNews)) return
    const resolve = this.#waiting
    this.#waiting = null
    this.#hasNews = false
    resolve(this.#over ?? ok(true))
  }
}
