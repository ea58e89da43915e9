import type { History, Operation, Outage } from "../../support/checkers/history.ts"
import type { Violation } from "../../support/checkers/promises.ts"

/**
 * Longest deadline of the world: after the wall clock went back, or on without its timers, what was due by it may be late
 * for so long.
 */
export const LONGEST_DEADLINE_MS = 30_000

/** What clients write into. */
export interface Book {
  /** Milliseconds of the clock of histories. */
  now(): number
  add(...operations: readonly Operation[]): void
  /** Something was answered that breaks a promise by itself. */
  surprise(rule: string, detail: string): void
}

/**
 * Writes down what clients saw. Its clock runs with virtual time, and is moved on with the wall clock, by which the broker
 * measures: then a deadline never seems early. Where the wall clock goes back it stays, and what is due seems late.
 */
export class Recorder implements Book {
  readonly operations: Operation[] = []
  /** What no answer should ever say. */
  readonly surprises: Violation[] = []
  readonly #outages: Outage[] = []
  readonly #jumps: { readonly at: number; readonly ms: number }[] = []
  readonly #virtualNow: () => number
  #movedMs = 0

  constructor(virtualNow: () => number) {
    this.#virtualNow = virtualNow
  }

  now(): number {
    return this.#virtualNow() + this.#movedMs
  }

  add(...operations: readonly Operation[]): void {
    this.operations.push(...operations)
  }

  surprise(rule: string, detail: string): void {
    this.surprises.push({ rule, detail, at: this.now() })
  }

  /** Nobody is late from now on for so long. */
  outage(ms: number): void {
    this.#outages.push({ from: this.now(), until: this.now() + ms })
  }

  /** The wall clock is about to be set anew. */
  clockJumps(ms: number): void {
    this.outage(Math.abs(ms) + LONGEST_DEADLINE_MS)
    this.#jumps.push({ at: this.now(), ms: Math.abs(ms) })
    if (ms > 0) this.#movedMs += ms
  }

  get history(): History {
    return { operations: [...this.operations, ...this.#longer()], outages: this.#outages }
  }

  /** Leases that were there when a clock jumped, as if they had come again so much later: they may last so much longer. */
  #longer(): Operation[] {
    return this.operations.flatMap((operation) => {
      if (operation.kind !== "delivered") return []
      const until = operation.answeredAt + LONGEST_DEADLINE_MS
      const during = this.#jumps.filter(({ at }) => at >= operation.leasedAfter && at <= until)
      const ms = during.reduce((sum, jump) => sum + jump.ms, 0)
      return ms === 0 ? [] : [{ ...operation, answeredAt: operation.answeredAt + ms }]
    })
  }
}
