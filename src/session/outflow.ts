import { MAX_BATCH_ENTRIES, MAX_UNREAD_ANSWER_BYTES, MAX_UNSENT_BYTES } from "../core/limits.ts"
import { encodeWireMessage } from "../protocol/native/wire-message.ts"
import type { ClientMessage } from "./ports.ts"
import { ReadMarks } from "./read-marks.ts"
import { joinFrames, pingFrame } from "./server-frames.ts"

/** Whom a delivery belongs to. */
export interface DeliveryOwner {
  /** So many stored bytes have left the Worker. */
  left(bytes: number): void
}

/** A `deliver` frame on its way. */
export interface OutgoingDelivery {
  readonly frame: string
  readonly batch: Uint8Array | null
  /** As stored. */
  readonly bytes: number
  readonly owner: DeliveryOwner
}

/** Where an outflow's messages go. */
export interface OutflowHost {
  send(message: ClientMessage): void
  /** More answers wait for the client to read than it is allowed. */
  unread(): void
}

/** Room for the ping behind it. */
const MAX_MESSAGE_FRAMES = MAX_BATCH_ENTRIES - 1

/**
 * What goes to a client, in order. All that is said of one event leaves as one message, or as some where it is more
 * than lies between two pings; what the client has no room for waits (`[W62]`).
 */
export class Outflow {
  readonly #host: OutflowHost
  readonly #marks = new ReadMarks()
  #waiting: (string | OutgoingDelivery)[] = []
  /** Of what waits, without deliveries: those are bounded by credit. */
  #answerBytes = 0
  #scheduled = false
  #isOver = false

  constructor(host: OutflowHost) {
    this.#host = host
  }

  /** Sends a frame behind all others. */
  reply(frame: string): void {
    if (this.#isOver) return
    this.#answerBytes += frame.length
    this.#waiting.push(frame)
    // of one event there may be far more than is ever sent: it must not all be in memory first
    if (this.#answerBytes > MAX_UNREAD_ANSWER_BYTES + MAX_UNSENT_BYTES) this.#flush()
    else this.#schedule()
  }

  /** Sends a delivery behind all others. */
  deliver(delivery: OutgoingDelivery): void {
    if (this.#isOver) return
    this.#waiting.push(delivery)
    this.#schedule()
  }

  /**
   * Forgets deliveries that nobody wants any more, where they would have to wait; their owner hears nothing of them.
   */
  drop(owner: DeliveryOwner): void {
    if (this.#marks.roomBytes > 0) return
    this.#waiting = this.#waiting.filter((frame) => typeof frame === "string" || frame.owner !== owner)
  }

  /** Asks the client whether it is there, whatever waits. */
  ping(): void {
    this.#host.send(pingFrame(this.#marks.mark()))
  }

  /** The client has read up to the ping `id`. False where there was no such ping. */
  read(id: number): boolean {
    if (!this.#marks.read(id)) return false
    if (this.#waiting.length > 0) this.#schedule()
    return true
  }

  /** Sends the answers that wait, read or not: the socket is about to be closed, and nothing is delivered any more. */
  finish(): void {
    const answers = this.#waiting.filter((frame) => typeof frame === "string")
    this.#waiting = []
    for (let at = 0; at < answers.length; at += MAX_BATCH_ENTRIES) {
      this.#host.send(joinFrames(answers.slice(at, at + MAX_BATCH_ENTRIES)))
    }
  }

  /** The socket is closed: what waits is let go, and nothing more is taken. */
  close(): void {
    this.#isOver = true
    this.#waiting = []
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    this.#scheduled = false
    let sent = 0
    while (sent < this.#waiting.length) {
      const roomBytes = this.#marks.roomBytes
      if (roomBytes === 0) break
      sent = this.#sendFrom(sent, roomBytes)
    }
    if (sent === this.#waiting.length) this.#waiting = []
    else if (sent > 0) this.#waiting.splice(0, sent)
    if (this.#answerBytes > MAX_UNREAD_ANSWER_BYTES) this.#host.unread()
  }

  /** Sends one message with what waits from `start` on, until `roomBytes` are used up; answers where the next begins. */
  #sendFrom(start: number, roomBytes: number): number {
    const waiting = this.#waiting
    const texts: string[] = []
    const batches: Uint8Array[] = []
    let bytes = 0
    let end = start
    for (; end < waiting.length && bytes < roomBytes && end - start < MAX_MESSAGE_FRAMES; end++) {
      const frame = waiting[end]!
      bytes += sizeOf(frame)
      if (typeof frame === "string") {
        texts.push(frame)
        this.#answerBytes -= frame.length
      } else {
        texts.push(frame.frame)
        if (frame.batch !== null) batches.push(frame.batch)
      }
    }
    const ping = this.#marks.sent(bytes)
    if (ping !== null) texts.push(pingFrame(ping))
    const json = joinFrames(texts)
    this.#host.send(batches.length === 0 ? json : encodeWireMessage({ json, batches }))
    for (let at = start; at < end; at++) {
      const frame = waiting[at]!
      if (typeof frame !== "string") frame.owner.left(frame.bytes)
    }
    return end
  }
}

/** What a frame takes of a socket, about: characters of text that are no ASCII were counted in bytes when stored. */
function sizeOf(frame: string | OutgoingDelivery): number {
  if (typeof frame === "string") return frame.length
  return frame.batch === null ? Math.max(frame.frame.length, frame.bytes) : frame.frame.length + frame.batch.length
}
