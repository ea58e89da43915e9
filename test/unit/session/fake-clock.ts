import type { Clock } from "../../../src/session/clock.ts"

/** Time that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now = 1_790_000_000_000
  readonly #timers = new Set<{ readonly at: number; readonly action: () => void }>()

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#now
  }

  after(ms: number, action: () => void): () => void {
    const timer = { at: this.#now + ms, action }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Lets `ms` pass, timer by timer. */
  pass(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((left, right) => left.at - right.at)
      if (next === undefined) break
      this.#now = next.at
      this.#timers.delete(next)
      next.action()
    }
    this.#now = until
  }
}
