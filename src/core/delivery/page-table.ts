import { MAX_EXPANDED_PAGES, MAX_LIGHT_PAGES } from "../limits.ts"
import { Expanded } from "./expanded.ts"
import type { Page } from "./page.ts"

/** The pages of a window, by number and in order. */
export class PageTable {
  readonly expanded = new Expanded<Page>()
  readonly #byNumber = new Map<number, Page>()
  readonly #inOrder: Page[] = []

  get size(): number {
    return this.#inOrder.length
  }

  get highest(): Page | null {
    return this.#inOrder.at(-1) ?? null
  }

  get(pageNo: number): Page | undefined {
    return this.#byNumber.get(pageNo)
  }

  add(page: Page): void {
    this.#byNumber.set(page.pageNo, page)
    this.#inOrder.splice(this.#positionOf(page.pageNo), 0, page)
  }

  remove(page: Page): void {
    this.#byNumber.delete(page.pageNo)
    this.#inOrder.splice(this.#positionOf(page.pageNo), 1)
    this.expanded.forget(page)
  }

  /** The pages from number `pageNo` on, in order; pages may be added behind while it runs, none removed. */
  *from(pageNo: number): Generator<Page> {
    for (let at = this.#positionOf(pageNo); at < this.#inOrder.length; at++) yield this.#inOrder[at]!
  }

  /** Encodes the pages that were used longest ago, so that a wide window stays small in memory. */
  chillBeyond(heavyLimit = MAX_EXPANDED_PAGES, lightLimit = MAX_LIGHT_PAGES): void {
    const { heavy, light } = this.expanded
    for (const page of heavy) {
      if (heavy.size <= heavyLimit) break
      page.slim()
    }
    for (const page of light) {
      if (light.size <= lightLimit) break
      page.chill()
    }
  }

  /** Position of the first page numbered `pageNo` or higher. */
  #positionOf(pageNo: number): number {
    let [low, high] = [0, this.#inOrder.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#inOrder[middle]!.pageNo < pageNo) low = middle + 1
      else high = middle
    }
    return low
  }
}
