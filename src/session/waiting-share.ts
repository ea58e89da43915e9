import type { Failure } from "../core/errors.ts"
import { MAX_RECEIVE_BYTES, MAX_RECEIVE_END_MS } from "../core/limits.ts"
import { decodeDeliveries } from "../core/log/delivered.ts"
import type { Delivery } from "../core/log/types.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { ShareReceiveRequest, ShareTerms } from "../core/stream/share/commands.ts"
import { encodeFrames, type Framed, type FromObject, type ToObject } from "../protocol/internal/frames.ts"
import { CLOSE_GOODBYE, type ObjectSocket, type ObjectSocketEvents, RETRY_AFTER_MS } from "./ports.ts"

/** The only subscription on its socket. */
const SUB = 1

const text = new TextEncoder()

/** What a share group received from one partition. */
export interface ShareReceived {
  readonly incarnation: number
  readonly stateId: number
  readonly stateGeneration: number
  readonly deliveries: readonly Delivery[]
}

/**
 * A receive from one partition that waits: a subscription whose locks don't end with its socket. It ends with the
 * first delivery or when it is stopped, but not before the object has said that no more is on its way.
 */
export class WaitingShare implements ObjectSocketEvents {
  /** Fails only where nothing was received. */
  readonly result: Promise<Result<ShareReceived, Failure>>
  readonly #request: ShareReceiveRequest
  readonly #delivered: () => void
  readonly #resolve: (result: Result<ShareReceived, Failure>) => void
  #socket: ObjectSocket | null = null
  #state = { incarnation: 0, stateId: 0, stateGeneration: 0 }
  readonly #deliveries: Delivery[] = []
  #stopping: ReturnType<typeof setTimeout> | null = null

  /** `delivered` hears of every delivery. */
  constructor(request: ShareReceiveRequest, delivered: () => void) {
    const { promise, resolve } = Promise.withResolvers<Result<ShareReceived, Failure>>()
    this.result = promise
    this.#request = request
    this.#delivered = delivered
    this.#resolve = resolve
  }

  /** Subscribes. */
  start(socket: ObjectSocket, terms: ShareTerms): void {
    this.#socket = socket
    const { lockDurationMs, maxMessages } = this.#request
    this.#say({
      type: "subscribe-share",
      sub: SUB,
      terms,
      lockDurationMs,
      grantedMessages: maxMessages,
      grantedBytes: MAX_RECEIVE_BYTES,
      detached: true,
    })
  }

  /** Waits no longer for the first record, only for what is on its way. */
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
      case "share-subscribed": {
        const { incarnation, stateId, stateGeneration } = operation
        this.#state = { incarnation, stateId, stateGeneration }
        return
      }
      case "deliver":
        this.#deliveries.push(...decodeDeliveries(blob))
        this.#delivered()
        return this.#deliveries.length < this.#request.maxMessages ? this.stop() : this.#end(null)
      case "ended":
      case "failed":
        return this.#end(operation.failure)
      case "subscribed":
      case "rows":
      case "confirm":
      case "confirm-run":
      case "settled":
      case "share-settled":
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
    this.#resolve(ok({ ...this.#state, deliveries: this.#deliveries }))
  }

  #say(operation: ToObject): void {
    this.#socket?.send(encodeFrames([{ operation }], text))
  }
}
