import { expect } from "vitest"
import { decodeDeliveries } from "../../src/core/log/delivered.ts"
import type { Delivery } from "../../src/core/log/types.ts"
import {
  decodeFrames,
  encodeFrames,
  type Framed,
  type FromObject,
  type ToObject,
} from "../../src/protocol/internal/frames.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const PATIENCE_MS = 10_000

/** What a subscription asks for; it has credit for ten messages unless it says otherwise. */
type Wanted = Partial<Omit<Extract<ToObject, { type: "subscribe-queue" }>, "type">>

/** How a subscription with leases has begun. */
export interface Begun {
  readonly consumer: number
  readonly held: number
}

/** An object that takes sockets, at a version of its settings. */
interface SocketTarget {
  readonly stub: { fetch(url: string, init: RequestInit): Promise<Response> }
  readonly version: number
}

/** Asks for a subscription of a queue. */
export function subscribeQueue(wanted: Wanted = {}): ToObject {
  return {
    type: "subscribe-queue",
    sub: 1,
    visibilityTimeoutMs: null,
    grantedMessages: 10,
    grantedBytes: 1_000_000,
    detached: false,
    attemptId: null,
    ...wanted,
  }
}

/** A session's socket to one object. */
export class ObjectSocket {
  readonly #socket: WebSocket
  readonly #received: Framed<FromObject>[] = []

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.binaryType = "arraybuffer"
    socket.addEventListener("message", ({ data }) => {
      this.#received.push(...decodeFrames<FromObject>(new Uint8Array(data as ArrayBuffer), decoder))
    })
    socket.accept()
  }

  static async open({ stub, version }: SocketTarget): Promise<ObjectSocket> {
    const headers = { Upgrade: "websocket" }
    const response = await stub.fetch(`https://object/socket?version=${version}`, { headers })
    if (!response.webSocket) throw new Error(`${response.status}: ${await response.text()}`)
    return new ObjectSocket(response.webSocket)
  }

  /** Begins a subscription and waits until it stands; answers under which id, and how many leases it took over. */
  async subscribe(wanted: Wanted = {}): Promise<Begun> {
    this.send(subscribeQueue(wanted))
    const { operation } = await this.take("subscribed")
    if (operation.type !== "subscribed") throw new Error(operation.type)
    const { consumer = 0, held = 0 } = operation
    return { consumer, held }
  }

  /** Sends operations as one frame. */
  send(...operations: readonly ToObject[]): void {
    this.#socket.send(
      encodeFrames(
        operations.map((operation) => ({ operation })),
        encoder,
      ),
    )
  }

  /** Sends operations with what belongs to them, as one frame. */
  sendTogether(frames: readonly { readonly operation: ToObject; readonly blob: Uint8Array }[]): void {
    this.#socket.send(encodeFrames(frames, encoder))
  }

  /** The next operation of this type. */
  async take(type: FromObject["type"]): Promise<Framed<FromObject>> {
    await expect.poll(() => this.has(type), { timeout: PATIENCE_MS, interval: 5 }).toBe(true)
    const index = this.#received.findIndex(({ operation }) => operation.type === type)
    return this.#received.splice(index, 1)[0]!
  }

  /** The next messages that are pushed, until there are `count` of them. */
  async takeDeliveries(count = 1): Promise<Delivery[]> {
    const deliveries: Delivery[] = []
    while (deliveries.length < count) deliveries.push(...decodeDeliveries((await this.take("deliver")).blob))
    return deliveries
  }

  /** Whether an operation of this type has come. */
  has(type: FromObject["type"]): boolean {
    return this.#received.some(({ operation }) => operation.type === type)
  }

  /** Says goodbye, and waits until the object has heard it. */
  async bye(): Promise<void> {
    this.send({ type: "bye" })
    this.send({ type: "settle", ref: 0, settlements: [] })
    await this.take("settled")
  }

  close(): void {
    this.#socket.close(1000)
  }
}
