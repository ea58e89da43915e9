import { IN_FLIGHT } from "./cells.ts"
import type { Page } from "./page.ts"
import { DETACHED } from "./types.ts"

/** Where each consumer holds leases, so that a goodbye looks at nothing else. DETACHED is left out. */
export class Leases {
  /** Leases by page number, by consumer. */
  readonly #byConsumer = new Map<number, Map<number, number>>()
  #total = 0

  /** The consumers that hold something. */
  keys(): Iterable<number> {
    return this.#byConsumer.keys()
  }

  has(consumer: number): boolean {
    return this.#byConsumer.has(consumer)
  }

  /** How many leases a consumer holds, of `inFlight` in all. */
  heldBy(consumer: number, inFlight: number): number {
    if (consumer === DETACHED) return inFlight - this.#total
    let held = 0
    for (const count of this.#byConsumer.get(consumer)?.values() ?? []) held += count
    return held
  }

  /** Numbers of the pages on which a consumer holds leases, in order. */
  pagesOf(consumer: number): number[] {
    return [...(this.#byConsumer.get(consumer)?.keys() ?? [])].sort((a, b) => a - b)
  }

  /** Counts one lease more or less. */
  count(consumer: number, { pageNo }: Page, by: 1 | -1): void {
    if (consumer === DETACHED) return
    this.#total += by
    const held = this.#byConsumer.get(consumer) ?? new Map<number, number>()
    const left = (held.get(pageNo) ?? 0) + by
    if (left > 0) held.set(pageNo, left)
    else held.delete(pageNo)
    if (held.size === 0) this.#byConsumer.delete(consumer)
    else this.#byConsumer.set(consumer, held)
  }

  /** Counts all leases of a page that was loaded. */
  countAll(page: Page): void {
    const { kind, consumer } = page.cells
    for (let index = 0; index < page.used; index++) {
      if (kind[index] === IN_FLIGHT) this.count(consumer[index]!, page, 1)
    }
  }
}
