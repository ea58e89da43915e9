import { decodeWireMessage, encodeWireMessage } from "../../../src/protocol/native/wire-message.ts"

type Listener = (event: { readonly data?: unknown; readonly code?: number }) => void
/** A frame, either way. */
export type Frame = Readonly<Record<string, unknown>>

/** A WebSocket whose other end is a test. */
export class FakeSocket {
  /** All that were made, the newest last. */
  static readonly all: FakeSocket[] = []
  binaryType = "blob"
  closedWith: number | undefined
  isTerminated = false
  readonly url: string
  readonly protocols: readonly string[]
  /** What the client said, message by message. */
  readonly said: (string | Uint8Array)[] = []
  readonly #listeners = new Map<string, Listener[]>()

  constructor(url: string, protocols: string[]) {
    this.url = url
    this.protocols = protocols
    FakeSocket.all.push(this)
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
  }

  send(data: string | Uint8Array): void {
    this.said.push(data)
  }

  close(code = 1005): void {
    this.closedWith = code
    this.#emit("close", { code })
  }

  terminate(): void {
    this.isTerminated = true
  }

  open(): void {
    this.#emit("open", {})
  }

  /** The network or the broker ends it. */
  break(code = 1006): void {
    this.#emit("error", {})
    this.#emit("close", { code })
  }

  /** The broker says something. */
  hear(data: unknown): void {
    this.#emit("message", { data })
  }

  hearFrames(...frames: readonly Frame[]): void {
    this.hear(JSON.stringify(frames.length === 1 ? frames[0] : frames))
  }

  /** Frames with a batch each. */
  hearBinary(frames: readonly Frame[], batches: readonly Uint8Array[]): void {
    const bytes = encodeWireMessage({ json: JSON.stringify(frames), batches })
    this.hear(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  }

  /** Takes all frames that the client said. */
  takeFrames(): Frame[] {
    return this.said.splice(0).flatMap((message) => {
      const json = typeof message === "string" ? message : decodeWireMessage(message).json
      const frames = JSON.parse(json) as Frame | Frame[]
      return Array.isArray(frames) ? frames : [frames]
    })
  }

  #emit(type: string, event: { readonly data?: unknown; readonly code?: number }): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event)
  }
}
