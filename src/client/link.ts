import type { ServerFrame } from "./frames.ts"
import { quietTimeout } from "./timers.ts"
import type { WebSocketLike } from "./web-socket.ts"
import { decodeMessage, encodeMessage, type Part } from "./wire.ts"

/** Who listens to a link. Nothing is said any more once it has ended. */
export interface LinkEvents {
  received(frame: ServerFrame, batch: Uint8Array | null): void
  ended(): void
}

/** How often it is looked whether the broker is still heard; after three looks without a sign it is gone. */
const LOOK_EVERY_MS = 20_000
const SILENT_LOOKS = 3

/** One WebSocket, from its opening to its end. */
export class Link {
  /** Whether it opened; false where it ended before. */
  readonly opened: Promise<boolean>
  readonly #socket: WebSocketLike
  readonly #events: LinkEvents
  #parts: Part[] = []
  #silentLooks = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #isSilent = false
  #isOver = false
  #setOpened!: (isOpen: boolean) => void

  constructor(socket: WebSocketLike, events: LinkEvents) {
    this.#socket = socket
    this.#events = events
    socket.binaryType = "arraybuffer"
    this.opened = new Promise((resolve) => (this.#setOpened = resolve))
    socket.addEventListener("open", () => {
      this.#look()
      this.#setOpened(true)
    })
    socket.addEventListener("close", () => this.#end())
    // `close` follows; but without a listener some runtimes throw
    socket.addEventListener("error", () => {})
    socket.addEventListener("message", ({ data }) => this.#received(data))
  }

  /** Says a frame; what is said in one turn leaves as one message. */
  say(text: string, batch: Uint8Array | null = null): void {
    if (this.#parts.length === 0) queueMicrotask(() => this.#flush())
    this.#parts.push({ text, batch })
  }

  /** Says goodbye behind everything that was said. */
  close(): void {
    this.#flush()
    // whoever says something behind that is thrown at in Workers
    this.#isSilent = true
    this.#socket.close(1000)
  }

  /** Breaks off; it has ended when this returns. */
  drop(): void {
    try {
      if (this.#socket.terminate) this.#socket.terminate()
      else this.#socket.close()
    } catch {
      // it can't be closed in this state: nobody listens to it any more
    }
    this.#end()
  }

  #flush(): void {
    const parts = this.#parts
    this.#parts = []
    if (this.#isOver || this.#isSilent) return
    for (let from = 0; from < parts.length;) {
      const message = encodeMessage(parts, from)
      from = message.next
      this.#socket.send(message.data)
    }
  }

  #received(data: unknown): void {
    if (this.#isOver) return
    this.#silentLooks = 0
    const message = decodeMessage(data)
    // what can't be read has come from no broker, or left a gap: beginning anew is safe
    if (message === null) return this.drop()
    for (const { frame, batch } of message) {
      if (frame.type === "ping") this.say(JSON.stringify({ type: "pong", id: frame["id"] }))
      else this.#events.received(frame, batch)
    }
  }

  #look(): void {
    if (this.#isOver) return
    if (this.#silentLooks++ === SILENT_LOOKS) return this.drop()
    // counted in looks: a machine that slept has not missed any
    if (this.#silentLooks > 1) this.say(`{"type":"ping"}`)
    this.#timer = quietTimeout(() => this.#look(), LOOK_EVERY_MS)
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#setOpened(false)
    this.#events.ended()
  }
}
