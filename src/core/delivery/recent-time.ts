import { FAIR_MEMORY_MS } from "../limits.ts"

/**
 * Processing time that fades: the number of messages in flight, integrated over time, where what was
 * FAIR_MEMORY_MS ago counts 1/e. One message in flight for ever comes to FAIR_MEMORY_MS.
 */
export class RecentTime {
  #ms = 0
  #at: number | null = null

  /** The time as of `now`, where `inFlight` messages have been in flight since the last call, or else since `beganAt`. */
  advance(now: number, inFlight: number, beganAt: number): number {
    this.#at ??= beganAt
    if (now > this.#at) {
      const kept = Math.exp((this.#at - now) / FAIR_MEMORY_MS)
      this.#ms = this.#ms * kept + inFlight * FAIR_MEMORY_MS * (1 - kept)
      this.#at = now
    }
    return this.#ms
  }
}
