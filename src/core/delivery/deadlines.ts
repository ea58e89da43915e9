import { MinHeap } from "./heap.ts"
import type { Page } from "./page.ts"
import type { PageTable } from "./page-table.ts"

interface Listing {
  readonly at: number
  readonly page: Page
}

/** Listings beyond two a page that are kept before the dead ones are swept out. */
const SLACK = 64

/**
 * Which page has the earliest deadline. A listing may be too early, never too late: it is put right when it
 * comes up, so that a change costs nothing but where it brings a page's deadline forward.
 */
export class Deadlines {
  readonly #pages: PageTable
  readonly #listings = new MinHeap<Listing>((listing) => listing.at)

  constructor(pages: PageTable) {
    this.#pages = pages
  }

  /** Listings held, dead ones included. */
  get size(): number {
    return this.#listings.size
  }

  /** The earliest deadline of all pages, or null. */
  get nextAt(): number | null {
    for (let top = this.#listings.peek(); top; top = this.#listings.peek()) {
      const { at, page } = top
      const isCurrent = page.listedAt === at
      if (isCurrent && page.nextAt === at) return at
      this.#listings.pop()
      if (isCurrent) this.#relist(page)
    }
    return null
  }

  /** Notes that something on `page` ends or is due at `at`. */
  note(page: Page, at: number): void {
    if (page.listedAt !== null && page.listedAt <= at) return
    page.listedAt = at
    this.#listings.push({ at, page })
    if (this.#listings.size > 2 * this.#pages.size + SLACK) this.#sweep()
  }

  /** Calls `visit` with each page that has a deadline at `now` or before, in order of offsets. */
  visitDue(now: number, visit: (page: Page) => void): void {
    const due: Page[] = []
    for (let at = this.nextAt; at !== null && at <= now; at = this.nextAt) {
      const { page } = this.#listings.pop()!
      page.listedAt = null
      due.push(page)
    }
    for (const page of due.sort((a, b) => a.pageNo - b.pageNo)) {
      visit(page)
      this.#relist(page)
    }
  }

  #relist(page: Page): void {
    page.listedAt = null
    if (page.nextAt !== null) this.note(page, page.nextAt)
  }

  /** Pages that are gone would stay listed until their old deadline, hours away. */
  #sweep(): void {
    this.#listings.clear()
    for (const page of this.#pages.from(0)) {
      if (page.listedAt !== null) this.#listings.push({ at: page.listedAt, page })
    }
  }
}
