import { MAX_SEALED_CALLS, MAX_SEALED_POLL_MS, MAX_SEALED_WAIT_MS, SEALED_POLL_MS } from "../core/limits.ts"

/** How long, and with how many calls, one request waits for partitions that are being added. */
export class SealedWait {
  readonly #giveUpAt = Date.now() + MAX_SEALED_WAIT_MS
  #pollMs = SEALED_POLL_MS
  #calls = 0

  /** Whether that many more calls may be made; counts them where they may. */
  mayCall(calls: number): boolean {
    if (Date.now() >= this.#giveUpAt || this.#calls + calls > MAX_SEALED_CALLS) return false
    this.#calls += calls
    return true
  }

  /** Waits, each time about twice as long; not all who wait come back at once. */
  async pause(): Promise<void> {
    const pauseMs = this.#pollMs * (0.75 + Math.random() / 2)
    this.#pollMs = Math.min(2 * this.#pollMs, MAX_SEALED_POLL_MS)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
