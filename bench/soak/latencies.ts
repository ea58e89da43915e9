/** Each bucket ends this much above the one before: so exact is a percentile. */
const GROWTH = 1.05
const FIRST_MS = 0.05
const BUCKETS = 400

/** Percentiles of any number of times in constant memory. */
export class Latencies {
  readonly #counts = new Float64Array(BUCKETS)
  #total = 0
  #highestMs = 0

  get total(): number {
    return this.#total
  }

  get highestMs(): number {
    return this.#highestMs
  }

  add(tookMs: number): void {
    const bucket = Math.ceil(Math.log(tookMs / FIRST_MS) / Math.log(GROWTH))
    this.#counts[Math.min(Math.max(bucket, 0), BUCKETS - 1)]!++
    this.#total++
    this.#highestMs = Math.max(this.#highestMs, tookMs)
  }

  /** The time that `share` (0 to 1) of all took at most, at most 5 % too high; null where there are none. */
  quantileMs(share: number): number | null {
    if (this.#total === 0) return null
    let left = share * this.#total
    const bucket = this.#counts.findIndex((count) => (left -= count) <= 0)
    return Math.min(FIRST_MS * GROWTH ** bucket, this.#highestMs)
  }
}
