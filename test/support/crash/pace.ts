import { setTimeout as sleep } from "node:timers/promises"

/** No more than this is made up for after a break, in milliseconds. */
const MOST_ARREARS_MS = 100

/** Lets so many operations begin a second, whoever begins them. */
export class Pace {
  #msEach = 0
  #nextAt = 0

  constructor(perSecond: number | null) {
    this.set(perSecond)
  }

  /** Null for as many as they like. */
  set(perSecond: number | null): void {
    this.#msEach = perSecond === null ? 0 : 1_000 / perSecond
  }

  /** Resolves when it is the turn of so many operations. */
  async take(operations: number): Promise<void> {
    if (this.#msEach === 0) return
    const now = performance.now()
    const at = Math.max(this.#nextAt, now - MOST_ARREARS_MS)
    this.#nextAt = at + operations * this.#msEach
    if (at > now) await sleep(at - now)
  }
}
