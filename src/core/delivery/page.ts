import { CorruptError } from "../bytes/corrupt.ts"
import { PAGE_OFFSETS } from "../limits.ts"
import {
  type AVAILABLE,
  type Cells,
  DELAYED,
  DONE,
  emptyCells,
  hasHistory,
  IN_FLIGHT,
  keepHistory,
  takeHistory,
} from "./cells.ts"
import type { Expanded } from "./expanded.ts"
import { decodePage, encodePage } from "./page-codec.ts"

/**
 * Delivery state of PAGE_OFFSETS offsets. Hot pages are expanded into cells; cold ones stay encoded,
 * with a summary that answers everything a commit asks of a page that it does not touch.
 */
export class Page {
  readonly pageNo: number
  /** Cells that exist; below PAGE_OFFSETS only on the highest page. */
  used = 0
  /** Cells by kind, indexed by the kind's number. */
  readonly tally: [available: number, delayed: number, inFlight: number, done: number] = [0, 0, 0, 0]
  /** Commit that wrote the stored row, or null while there is none. */
  storedSeq: number | null = null
  /** Whether a ring row that is not folded yet names the page. */
  isInRing = false
  /** Earliest instant under which `Deadlines` lists the page, or null. */
  listedAt: number | null = null
  readonly #expanded: Expanded<Page>
  /** Cells that were delivered and are not done. */
  #attempted = 0
  #cells: Cells | null = null
  /** The encoded form while it is current. */
  #encoded: Uint8Array | null = null
  #nextAt: number | null = null
  #nextAtIsKnown = true

  /** `expanded` is where the page enters itself while it has cells. */
  private constructor(pageNo: number, expanded: Expanded<Page>) {
    this.pageNo = pageNo
    this.#expanded = expanded
  }

  /** A page without any offset yet. */
  static empty(pageNo: number, keyed: boolean, expanded: Expanded<Page>): Page {
    const page = new Page(pageNo, expanded)
    page.#expand(emptyCells(keyed))
    return page
  }

  /** A page read back from storage. Throws CorruptError where the row is damaged. */
  static decode(pageNo: number, encoded: Uint8Array, keyed: boolean, expanded: Expanded<Page>): Page {
    const { cells, used } = decodePage(encoded)
    if ((cells.group !== null) !== keyed) throw new CorruptError("page of another mode")
    const page = new Page(pageNo, expanded)
    page.#expand(cells)
    page.used = used
    page.recount()
    page.#encoded = encoded
    return page
  }

  get firstOffset(): number {
    return this.pageNo * PAGE_OFFSETS
  }

  /** First offset behind the cells that exist. */
  get endOffset(): number {
    return this.firstOffset + this.used
  }

  get isDone(): boolean {
    return this.tally[DONE] === this.used
  }

  /** The cells. Expands the page; write through `turn`, `extendTo` or before `recount` only. */
  get cells(): Cells {
    return this.#cells ?? this.#expand(decodePage(this.#encoded!).cells)
  }

  /** Earliest lease end or due time on the page, or null. */
  get nextAt(): number | null {
    if (!this.#nextAtIsKnown) {
      this.#nextAt = earliestAt(this.cells, this.used)
      this.#nextAtIsKnown = true
    }
    return this.#nextAt
  }

  /** Index of the first cell from `from` on that is not done, or null. */
  firstLive(from: number): number | null {
    if (this.isDone) return null
    const { kind } = this.cells
    for (let index = from; index < this.used; index++) if (kind[index] !== DONE) return index
    return null
  }

  /** Moves a cell to another kind, keeping the summary. The caller sets the other columns at once. */
  turn(index: number, kind: number): void {
    const cells = this.cells
    this.tally[cells.kind[index] as 0 | 1 | 2 | 3]--
    this.tally[kind as 0 | 1 | 2 | 3]++
    cells.kind[index] = kind
    const isAttempted = cells.attempt[index] !== 0
    if (kind === IN_FLIGHT && !isAttempted) this.#attempted++
    if (kind === DONE && isAttempted) this.#attempted--
    if ((kind === IN_FLIGHT || kind === DELAYED) && !hasHistory(cells)) {
      keepHistory(cells, this.#expanded.takeSpare())
      this.warm()
    }
    this.#changed()
  }

  /** Adds cells of one kind up to `used`. */
  extendTo(used: number, kind: typeof AVAILABLE | typeof DONE): void {
    this.cells.kind.fill(kind, this.used, used)
    this.tally[kind] += used - this.used
    this.used = used
    this.#changed()
  }

  /** Counts everything again, after cells were written in bulk. */
  recount(): void {
    const { kind, attempt } = this.cells
    this.warm()
    this.tally.fill(0)
    this.#attempted = 0
    for (let index = 0; index < this.used; index++) {
      this.tally[kind[index] as 0 | 1 | 2 | 3]++
      if (attempt[index] !== 0) this.#attempted++
    }
    this.#changed()
  }

  encode(): Uint8Array {
    this.#encoded ??= encodePage(this.cells, this.used)
    return this.#encoded
  }

  /** Notes that the page is in use, so that others are chilled before it. */
  warm(): void {
    if (this.#cells) this.#expanded.note(this, hasHistory(this.#cells) ? "heavy" : "light")
  }

  /** Makes a heavy page light, or gives its expanded form back where something is or was in flight. */
  slim(): void {
    const cells = this.#cells
    if (!cells || this.#attempted > 0 || this.tally[DELAYED] > 0) return this.chill()
    this.#expanded.keepSpare(takeHistory(cells))
    this.warm()
  }

  /** Gives the expanded form back; the page stays readable. */
  chill(): void {
    void this.nextAt
    this.encode()
    this.#cells = null
    this.#expanded.forget(this)
  }

  #expand(cells: Cells): Cells {
    this.#cells = cells
    this.warm()
    return cells
  }

  #changed(): void {
    this.#encoded = null
    this.#nextAtIsKnown = false
  }
}

function earliestAt({ kind, at }: Cells, used: number): number | null {
  let earliest = Infinity
  for (let index = 0; index < used; index++) {
    if ((kind[index] === IN_FLIGHT || kind[index] === DELAYED) && at[index]! < earliest) earliest = at[index]!
  }
  return earliest === Infinity ? null : earliest
}
