/** A batch is waited for this long, so that a high rate does not mean a commit a message. */
const BATCH_MS = 100

/** Permits that come at a steady rate. In sum never more than the rate since the start; those not used within a second are lost. */
export class RateLimit {
  readonly #perSecond: number
  /** Permits that are waited for, up to `maxBatch`. */
  readonly #batch: number
  #permits = 0
  #at: number

  constructor(perSecond: number, startedAt: number, maxBatch: number) {
    this.#perSecond = perSecond
    this.#batch = Math.min(maxBatch, Math.max(1, Math.floor((perSecond * BATCH_MS) / 1000)))
    this.#at = startedAt
  }

  /** When enough permits for a batch are there. */
  get nextAt(): number {
    const missing = Math.max(0, this.#batch - this.#permits)
    return this.#at + Math.ceil((missing * 1000) / this.#perSecond)
  }

  /** Whole permits that are there at `now`. */
  available(now: number): number {
    const elapsedMs = Math.max(0, now - this.#at)
    this.#permits = Math.min(this.#perSecond, this.#permits + (elapsedMs * this.#perSecond) / 1000)
    this.#at = Math.max(this.#at, now)
    return Math.floor(this.#permits)
  }

  /** Uses up some of them. */
  use(permits: number): void {
    this.#permits -= permits
  }
}
