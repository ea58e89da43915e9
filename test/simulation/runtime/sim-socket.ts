import { batchesOf, decodeWireMessage } from "../../../src/protocol/native/wire-message.ts"
import type { SocketData, SocketEnd } from "./socket-end.ts"

/** A frame of millrace.v1. */
export type Frame = Readonly<Record<string, unknown>>

/** Called with the frames of each message, and the batch of each that has one. */
export type FrameListener = (frames: readonly Frame[], batches: readonly (Uint8Array | null)[]) => void

/** How a socket ended; 1006 where it broke. */
export interface Closed {
  readonly code: number
  readonly reason: string
}

/** A client's end of `GET /v1/connect`. */
export class SimSocket {
  /** Resolves once it is closed, by whomever. */
  readonly closed: Promise<Closed>
  readonly #end: SocketEnd
  #listener: FrameListener | null = null
  #resolveClosed!: (closed: Closed) => void

  constructor(end: SocketEnd) {
    this.#end = end
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
  }

  get isOpen(): boolean {
    return this.#end.readyState === 1
  }

  /** Sends a frame, or several as one message; bytes and text as they are. Too late once it is closed. */
  send(message: object | readonly object[] | string | Uint8Array): void {
    if (!this.isOpen) return
    if (message instanceof Uint8Array) this.#end.send(message.slice().buffer)
    else this.#end.send(typeof message === "string" ? message : JSON.stringify(message))
  }

  /** Has `listener` hear what comes, in order. What came before waits. */
  onFrames(listener: FrameListener): void {
    this.#listener = listener
    this.resume()
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.#end.pause()
  }

  resume(): void {
    this.#end.receive({
      message: (data) => this.#hear(data),
      closed: (code, reason) => {
        this.#end.close()
        this.#resolveClosed({ code, reason })
      },
    })
  }

  close(code = 1000, reason = ""): void {
    this.#end.close(code, reason)
  }

  /** The network breaks it: what is under way is lost, and both ends notice. */
  cut(): void {
    this.#end.cut()
  }

  #hear(data: SocketData): void {
    if (typeof data === "string") {
      const frames = framesOf(data)
      return this.#listener?.(
        frames,
        frames.map(() => null),
      )
    }
    const { json, batches } = decodeWireMessage(new Uint8Array(data))
    const frames = framesOf(json)
    this.#listener?.(frames, batchesOf(frames, batches))
  }
}

function framesOf(json: string): Frame[] {
  const parsed = JSON.parse(json) as Frame | Frame[]
  return Array.isArray(parsed) ? parsed : [parsed]
}
