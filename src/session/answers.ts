import type { Failure } from "../core/errors.ts"
import { MAX_UNANSWERED_BYTES, UNANSWERED_FRAME_BYTES } from "../core/limits.ts"
import { RETRY_AFTER_MS } from "./ports.ts"
import { type About, errorFrame, joinFrames } from "./server-frames.ts"

/** Sends the one answer that a client's frame gets. */
export type Answer = (frame: string) => void

/** What goes to a client: all that is said of one event as one message. Bounds what waits for an answer. */
export class Answers {
  readonly #send: (text: string) => void
  #frames: string[] = []
  #unansweredBytes = 0

  /** `send` sends a message. */
  constructor(send: (text: string) => void) {
    this.#send = send
  }

  /** Sends a frame, with all others of the same event as one message. */
  reply(frame: string): void {
    if (this.#frames.push(frame) === 1) queueMicrotask(() => this.flush())
  }

  /** Says that something was refused. */
  refuse(failure: Failure, about: About): void {
    this.reply(errorFrame(failure, about))
  }

  /** What sends the frame's one answer, or null where too much waits for its answers already; then it is refused. */
  expect(about: About, characters: number): Answer | null {
    const bytes = characters + UNANSWERED_FRAME_BYTES
    if (this.#unansweredBytes + bytes > MAX_UNANSWERED_BYTES) {
      this.refuse({ code: "overloaded", retryAfterMs: RETRY_AFTER_MS }, about)
      return null
    }
    this.#unansweredBytes += bytes
    return (frame) => {
      this.#unansweredBytes -= bytes
      this.reply(frame)
    }
  }

  /** Sends what waits for the end of the event. */
  flush(): void {
    const frames = this.#frames
    this.#frames = []
    if (frames.length > 0) this.#send(joinFrames(frames))
  }
}
