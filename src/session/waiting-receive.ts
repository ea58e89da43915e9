import type { Failure } from "../core/errors.ts"
import { MAX_RECEIVE_BYTES, MAX_RECEIVE_END_MS } from "../core/limits.ts"
import { decodeDeliveries, encodeDeliveries } from "../core/log/delivered.ts"
import type { Delivery } from "../core/log/types.ts"
import type { ReceiveReply, ReceiveRequest } from "../core/queue/commands.ts"
import { err, ok, type Result } from "../core/result.ts"
import { encodeFrames, type Framed, type FromObject, type ToObject } from "../protocol/internal/frames.ts"
import { CLOSE_GOODBYE, type ObjectSocket, type ObjectSocketEvents, RETRY_AFTER_MS } from "./ports.ts"

/** The only subscription on its socket. */
const SUB = 1

const text = new TextEncoder()

/**
 * A receive that waits: a subscription whose leases don't end with its socket, of as many messages as were asked for.
 * It ends with the first delivery, but not before the object has said that no more is on its way.
 */
export class WaitingReceive implements ObjectSocketEvents {
  /** Fails only where nothing was received. */
  readonly result: Promise<Result<ReceiveReply, Failure>>
  readonly #request: ReceiveRequest
  readonly #resolve: (result: Result<ReceiveReply, Failure>) => void
  #socket: ObjectSocket | null = null
  #incarnation = 0
  readonly #deliveries: Delivery[] = []
  #stopping: ReturnType<typeof setTimeout> | null = null

  constructor(request: ReceiveRequest) {
    const { promise, resolve } = Promise.withResolvers<Result<ReceiveReply, Failure>>()
    this.result = promise
    this.#request = request
    this.#resolve = resolve
  }

  /** Subscribes. */
  start(socket: ObjectSocket): void {
    this.#socket = socket
    this.#say({
      type: "subscribe-queue",
      sub: SUB,
      visibilityTimeoutMs: this.#request.visibilityTimeoutMs,
      grantedMessages: this.#request.maxMessages,
      grantedBytes: MAX_RECEIVE_BYTES,
      detached: true,
      attemptId: this.#request.attemptId,
    })
  }

  /** Waits no longer for the first message, only for what is on its way. */
  stop(): void {
    if (this.#stopping !== null) return
    this.#say({ type: "unsubscribe", sub: SUB })
    this.#stopping = setTimeout(() => this.#end(null), MAX_RECEIVE_END_MS)
  }

  received(frames: readonly Framed<FromObject>[]): void {
    for (const { operation, blob } of frames) this.#apply(operation, blob)
  }

  closed(): void {
    this.#end({ code: "unavailable", retryAfterMs: RETRY_AFTER_MS })
  }

  #apply(operation: FromObject, blob: Uint8Array): void {
    switch (operation.type) {
      case "subscribed":
        this.#incarnation = operation.incarnation
        return
      case "deliver":
        this.#deliveries.push(...decodeDeliveries(blob))
        return this.#deliveries.length < this.#request.maxMessages ? this.stop() : this.#end(null)
      case "ended":
      case "failed":
        return this.#end(operation.failure)
      case "rows":
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

  #end(failure: Failure | null): void {
    if (this.#stopping !== null) clearTimeout(this.#stopping)
    this.#socket?.close(CLOSE_GOODBYE, "received")
    const isEmpty = this.#deliveries.length === 0
    if (failure !== null && isEmpty) return this.#resolve(err(failure))
    this.#resolve(ok({ incarnation: this.#incarnation, deliveries: encodeDeliveries(this.#deliveries) }))
  }

  #say(operation: ToObject): void {
    this.#socket?.send(encodeFrames([{ operation }], text))
  }
}
