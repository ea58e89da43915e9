import { CorruptError } from "../bytes/corrupt.ts"
import { PAGE_OFFSETS } from "../limits.ts"
import { AVAILABLE, type Cells, clearToDone, DELAYED, DONE, IN_FLIGHT } from "./cells.ts"
import { Deadlines } from "./deadlines.ts"
import { Leases } from "./leases.ts"
import { Page } from "./page.ts"
import { PageTable } from "./page-table.ts"
import { type DeliveryCounts, DETACHED } from "./types.ts"

/** Bitmaps of touched cells that are kept for the next commit. */
const MAX_SPARE = 32

/** Where an offset's state stands. */
export interface Place {
  readonly page: Page
  readonly index: number
}

/**
 * The offsets `[start, end)` that have a delivery state. Below the highest page a missing page is done;
 * at and beyond `end` everything is available and nothing is kept.
 */
export class Window {
  readonly keyed: boolean
  readonly pages = new PageTable()
  readonly deadlines = new Deadlines(this.pages)
  /** Cells changed by the current commit: a 1 for each, by page. */
  readonly touched = new Map<number, Uint8Array>()
  /** Pages that were the highest until the current commit: if done, they go now. */
  readonly superseded = new Set<Page>()
  /** Offsets that became done in the current commit. */
  finished: number[] = []
  /** Offsets whose leases ended in the current commit without their messages being done. */
  returned: number[] = []
  /** Offsets that were passed over because the log has no record there; whoever counts them takes them away. */
  passed = 0
  readonly leases = new Leases()
  readonly #totals: [available: number, delayed: number, inFlight: number, done: number] = [0, 0, 0, 0]
  /** For the next commit's `touched`. */
  readonly #spareTouched: Uint8Array[] = []
  #end: number
  /** No offset before this one is live. */
  #start = 0
  /** No page before this one has an available offset. */
  #availableFrom = 0

  constructor(keyed: boolean, initialEnd: number) {
    this.keyed = keyed
    this.#end = initialEnd
  }

  get end(): number {
    return this.#end
  }

  /** First offset that is not done. */
  get start(): number {
    for (const page of this.pages.from(pageNoOf(this.#start))) {
      const index = page.firstLive(Math.max(0, this.#start - page.firstOffset))
      if (index === null) continue
      this.#start = page.firstOffset + index
      return this.#start
    }
    this.#start = this.#end
    return this.#end
  }

  get counts(): DeliveryCounts {
    const [available, delayed, inFlight] = this.#totals
    return { available, delayed, inFlight }
  }

  /** The first page with an available offset, or null. */
  get firstAvailable(): Page | null {
    if (this.#totals[AVAILABLE] === 0) return null
    for (const page of this.pages.from(this.#availableFrom)) {
      this.#availableFrom = page.pageNo
      if (page.tally[AVAILABLE] > 0) return page
    }
    return null
  }

  /** The place of an offset, "done" where its page is gone, "beyond" at or after the end. */
  find(offset: number): Place | "done" | "beyond" {
    if (offset >= this.#end) return "beyond"
    const page = this.pages.get(pageNoOf(offset))
    return page ? { page, index: offset % PAGE_OFFSETS } : "done"
  }

  /** Moves the end forward to `end`; the new offsets are available and have the key hashes `hashes`, if keyed. */
  extend(end: number, hashes: ArrayLike<number> | null): void {
    const from = this.#end
    for (let offset = from; offset < end;) {
      const page = this.#pageAt(offset)
      const upTo = Math.min(end, page.firstOffset + PAGE_OFFSETS)
      // a page that begins inside (share groups start anywhere) has nothing before its first offset
      if (page.endOffset < offset) this.#grow(page, offset, DONE)
      this.#grow(page, upTo, AVAILABLE)
      for (; offset < upTo; offset++) {
        if (page.cells.group) page.cells.group[offset % PAGE_OFFSETS] = hashes![offset - from]!
      }
    }
    this.#end = end
  }

  /** Moves the end forward to `end`; the new offsets are done and were never anything else. Pages in between are left out. */
  pass(end: number): void {
    if (end <= this.#end) return
    this.passed += end - this.#end
    const { highest } = this.pages
    // below the highest a page must be whole
    if (highest && highest.endOffset < Math.min(end, highest.firstOffset + PAGE_OFFSETS)) {
      this.#grow(highest, Math.min(end, highest.firstOffset + PAGE_OFFSETS), DONE)
    }
    const last = this.#pageAt(end - 1)
    if (last.endOffset < end) this.#grow(last, end, DONE)
    this.#end = end
  }

  /** Hands an offset to a consumer. */
  lease(place: Place, consumer: number, untilAt: number, now: number): void {
    const { page, index } = place
    const cells = this.#turn(place, IN_FLIGHT)
    if (cells.attempt[index] === 0) cells.firstAt[index] = now
    cells.attempt[index]!++
    cells.count[index]!++
    cells.consumer[index] = consumer
    cells.at[index] = untilAt
    this.deadlines.note(page, untilAt)
    this.leases.count(consumer, page, 1)
  }

  /** Gives an offset back: available at once, or delayed until `dueAt`. */
  giveBack(place: Place, dueAt: number | null, fault: boolean): void {
    const { page, index } = place
    if (page.cells.kind[index] === IN_FLIGHT) this.returned.push(page.firstOffset + index)
    this.#endLease(page, index)
    const cells = this.#turn(place, dueAt === null ? AVAILABLE : DELAYED)
    cells.consumer[index] = 0
    cells.at[index] = dueAt ?? 0
    // a lease that was taken up again may have been given back from the count before
    if (!fault && cells.count[index]! > 0) cells.count[index]!--
    if (dueAt !== null) this.deadlines.note(page, dueAt)
  }

  /** Hands an available offset to nobody in particular, without a new delivery. */
  resume(place: Place, untilAt: number): void {
    const { page, index } = place
    const cells = this.#turn(place, IN_FLIGHT)
    cells.consumer[index] = DETACHED
    cells.at[index] = untilAt
    this.deadlines.note(page, untilAt)
  }

  /** Moves the end of a lease. */
  hold(place: Place, untilAt: number): void {
    this.#turn(place, IN_FLIGHT).at[place.index] = untilAt
    this.deadlines.note(place.page, untilAt)
  }

  /** Ends an offset's life. */
  finish(place: Place): void {
    const { page, index } = place
    this.#endLease(page, index)
    clearToDone(this.#turn(place, DONE), index)
    this.finished.push(page.firstOffset + index)
  }

  /** Takes stock of pages that were put into the table by a load. Throws CorruptError where one has a hole. */
  takeStock(): void {
    const { highest } = this.pages
    for (const page of this.pages.from(0)) {
      if (page !== highest && page.used < PAGE_OFFSETS) throw new CorruptError("page too short")
      for (const kind of [AVAILABLE, DELAYED, IN_FLIGHT, DONE] as const) this.#totals[kind] += page.tally[kind]
      if (page.nextAt !== null) this.deadlines.note(page, page.nextAt)
      if (page.tally[IN_FLIGHT] > 0) this.leases.countAll(page)
      this.pages.chillBeyond()
    }
    if (highest) this.#end = highest.endOffset
  }

  /** Forgets what the current commit changed. */
  endCommit(): void {
    for (const touched of this.touched.values()) {
      if (this.#spareTouched.length < MAX_SPARE) this.#spareTouched.push(touched.fill(0))
    }
    this.touched.clear()
    this.superseded.clear()
    this.returned = []
    this.pages.chillBeyond()
  }

  /** Forgets a page that is done. */
  drop(page: Page): void {
    this.#totals[DONE] -= page.tally[DONE]
    // a deadline that it once had may keep it listed for hours
    page.chill()
    this.pages.remove(page)
  }

  #pageAt(offset: number): Page {
    const pageNo = pageNoOf(offset)
    const existing = this.pages.get(pageNo)
    if (existing) return existing
    if (this.pages.highest) this.superseded.add(this.pages.highest)
    const page = Page.empty(pageNo, this.keyed, this.pages.expanded)
    this.pages.add(page)
    return page
  }

  #grow(page: Page, upTo: number, kind: typeof AVAILABLE | typeof DONE): void {
    const from = page.used
    page.extendTo(upTo - page.firstOffset, kind)
    this.#totals[kind] += page.used - from
    this.#touchedOn(page).fill(1, from, page.used)
    if (kind === AVAILABLE) this.#availableFrom = Math.min(this.#availableFrom, page.pageNo)
  }

  #turn({ page, index }: Place, kind: 0 | 1 | 2 | 3): Cells {
    const { cells } = page
    this.#totals[cells.kind[index] as 0 | 1 | 2 | 3]--
    this.#totals[kind]++
    page.turn(index, kind)
    this.#touchedOn(page)[index] = 1
    if (kind === AVAILABLE) this.#availableFrom = Math.min(this.#availableFrom, page.pageNo)
    return cells
  }

  #touchedOn(page: Page): Uint8Array {
    let touched = this.touched.get(page.pageNo)
    if (!touched) {
      this.touched.set(page.pageNo, (touched = this.#spareTouched.pop() ?? new Uint8Array(PAGE_OFFSETS)))
      page.warm()
    }
    return touched
  }

  #endLease(page: Page, index: number): void {
    if (page.cells.kind[index] === IN_FLIGHT) this.leases.count(page.cells.consumer[index]!, page, -1)
  }
}

function pageNoOf(offset: number): number {
  return Math.floor(offset / PAGE_OFFSETS)
}
