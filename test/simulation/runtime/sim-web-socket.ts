import { deserialize, serialize } from "node:v8"
import { currentHost, type Host } from "./host.ts"
import { type SocketData, SocketEnd } from "./socket-end.ts"

const MAX_ATTACHMENT_BYTES = 16_384
const NORMAL = 1000
const FIRST_FREE_CODE = 3000
const LAST_FREE_CODE = 4999
/** Of a close code in the frame's two bytes, 123 are left. */
const MAX_REASON_BYTES = 123

const encoder = new TextEncoder()

type Listener = (event: { readonly data?: SocketData; readonly code?: number; readonly reason?: string }) => void

/** The WebSocket of Workers and objects, over one end of a connection. */
export class SimWebSocket {
  binaryType = "blob"
  readonly end: SocketEnd
  readonly #listeners = new Map<string, Set<Listener>>()

  constructor(end: SocketEnd) {
    this.end = end
  }

  get readyState(): number {
    return this.end.readyState
  }

  /** Messages come as events, in turns of their own. */
  accept(): void {
    const host = currentHost()
    if (host === null) throw new Error("only a Worker accepts sockets")
    this.end.belongTo(host)
    this.end.receive({
      message: (data) => this.#dispatch(host, "message", { data: this.#readable(data) }),
      closed: (code, reason) => {
        host.ends.delete(this.end)
        this.#dispatch(host, "close", { code, reason })
      },
    })
  }

  send(data: string | ArrayBuffer | ArrayBufferView): void {
    this.end.send(typeof data === "string" ? data : copyOf(data))
  }

  close(code?: number, reason = ""): void {
    if (code !== undefined && code !== NORMAL && (code < FIRST_FREE_CODE || code > LAST_FREE_CODE)) {
      throw new DOMException(`Invalid WebSocket close code: ${code}.`, "InvalidAccessError")
    }
    if (encoder.encode(reason).length > MAX_REASON_BYTES)
      throw new DOMException("The reason is too long.", "SyntaxError")
    this.end.close(code, reason)
  }

  addEventListener(type: string, listener: Listener): void {
    const listeners = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, listeners.add(listener))
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener)
  }

  serializeAttachment(value: unknown): void {
    const bytes = serialize(value)
    if (bytes.length > MAX_ATTACHMENT_BYTES) throw new Error("A WebSocket attachment may have 16384 bytes.")
    this.end.attachment = bytes
  }

  deserializeAttachment(): unknown {
    return this.end.attachment === null ? null : deserialize(this.end.attachment)
  }

  #readable(data: SocketData): SocketData {
    if (typeof data !== "string" && this.binaryType !== "arraybuffer") throw new Error("it would come as a Blob")
    return data
  }

  #dispatch(host: Host, type: string, event: Parameters<Listener>[0]): void {
    host.enter(() => {
      host.run(() => {
        for (const listener of this.#listeners.get(type) ?? []) listener(event)
      })
    })
  }
}

/** `new WebSocketPair()`: of a Worker's two ends the other is a client's, of an object's a Worker's. */
export class SimWebSocketPair {
  readonly 0: SimWebSocket
  readonly 1: SimWebSocket

  constructor() {
    const host = currentHost()
    if (host === null) throw new Error("only Workers and objects make sockets")
    const [one, other] = SocketEnd.pair(host.platform, host.socketKind)
    for (const end of [one, other]) end.belongTo(host)
    this[0] = new SimWebSocket(one)
    this[1] = new SimWebSocket(other)
  }
}

function copyOf(data: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
  return bytes.slice().buffer
}
