import type { History } from "./cells.ts"

/** Histories kept for the next page that needs one, beside those in use. */
const MAX_SPARE = 32

/** Pages with cells, those used longest ago first. */
export class Expanded<T> {
  /** Those with columns for what was delivered. */
  readonly heavy = new Set<T>()
  readonly light = new Set<T>()
  readonly #spare: History[] = []

  get size(): number {
    return this.heavy.size + this.light.size
  }

  /** Lists a page as the one used last. */
  note(page: T, weight: "heavy" | "light"): void {
    this.forget(page)
    this[weight].add(page)
  }

  forget(page: T): void {
    this.heavy.delete(page)
    this.light.delete(page)
  }

  /** Columns that another page gave up, all zero, if there are any. */
  takeSpare(): History | undefined {
    return this.#spare.pop()
  }

  keepSpare(history: History): void {
    if (this.#spare.length < MAX_SPARE) this.#spare.push(history)
  }
}
