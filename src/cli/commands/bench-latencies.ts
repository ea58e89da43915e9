/** Enough for exact percentiles of any short run; of a longer one every second, fourth, … is kept. */
const MAX_SAMPLES = 1_000_000

/** Durations in milliseconds and their percentiles. */
export class Latencies {
  #samples: number[] = []
  #every = 1
  #maxMs = 0
  #count = 0

  get count(): number {
    return this.#count
  }

  add(durationMs: number): void {
    if (this.#count % this.#every === 0) this.#samples.push(durationMs)
    this.#count += 1
    this.#maxMs = Math.max(this.#maxMs, durationMs)
    if (this.#samples.length < MAX_SAMPLES) return
    this.#samples = this.#samples.filter((_sample, at) => at % 2 === 0)
    this.#every *= 2
  }

  /** The duration that the share `share` of all did not exceed; 0 where there was none. */
  percentile(share: number): number {
    if (share === 1) return this.#maxMs
    const sorted = Float64Array.from(this.#samples).sort()
    return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0
  }
}
