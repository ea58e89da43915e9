import type { Failure } from "../core/errors.ts"
import { MAX_UNANSWERED_BYTES, UNANSWERED_ENTRY_BYTES, UNANSWERED_FRAME_BYTES } from "../core/limits.ts"
import type { Outflow } from "./outflow.ts"
import { RETRY_AFTER_MS } from "./ports.ts"
import { type About, errorFrame } from "./server-frames.ts"

/** Sends the one answer that a client's frame gets. */
export type Answer = (frame: string) => void

/** What a client's frames are answered. Bounds what waits for an answer. */
export class Answers {
  readonly #outflow: Outflow
  #unansweredBytes = 0

  constructor(outflow: Outflow) {
    this.#outflow = outflow
  }

  /** Sends a frame, with all others of the same event as one message. */
  reply(frame: string): void {
    this.#outflow.reply(frame)
  }

  /** Says that something was refused. */
  refuse(failure: Failure, about: About): void {
    this.reply(errorFrame(failure, about))
  }

  /**
   * What sends the one answer of a frame with so many messages, records or receipts, or null where too much waits for
   * its answers already; then it is refused.
   */
  expect(about: About, characters: number, entries = 0): Answer | null {
    const release = this.hold(about, characters, entries)
    if (release === null) return null
    return (frame) => {
      release()
      this.reply(frame)
    }
  }

  /** Likewise for a frame that is answered by others: what is to be called, once, when it has been. */
  hold(about: About, characters: number, entries = 0): (() => void) | null {
    const bytes = characters + UNANSWERED_FRAME_BYTES + entries * UNANSWERED_ENTRY_BYTES
    if (this.#unansweredBytes + bytes > MAX_UNANSWERED_BYTES) {
      this.refuse({ code: "overloaded", retryAfterMs: RETRY_AFTER_MS }, about)
      return null
    }
    this.#unansweredBytes += bytes
    return () => {
      this.#unansweredBytes -= bytes
    }
  }
}
