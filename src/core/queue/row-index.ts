import { CorruptError } from "../bytes/corrupt.ts"
import { MAX_INDEXED_PAGES, PAGE_OFFSETS } from "../limits.ts"
import { decodeRowHeader } from "../log/row.ts"
import type { RowSpan } from "../log/trim.ts"
import type { FrameEntry } from "../log/types.ts"
import type { RowSource } from "./row-source.ts"

/** When a message entered the log and when its own time to live ends. */
export interface Times {
  /** null where the row is damaged. */
  readonly appendedAt: number | null
  /** 0 for never. */
  readonly expiresAt: number
}

/** What is known of a page's frames, by offset within the page. */
interface PageRows {
  readonly rows: RowSpan[]
  /** 0 where the row is damaged, as for times of append. */
  readonly lengths: Uint32Array
  readonly appendedAts: Float64Array
  /** null while nothing on the page expires by itself. */
  expiresAts: Float64Array | null
}

/** Which rows hold which offsets, page by page, read from row headers when a page is first asked for. */
export class RowIndex {
  readonly #source: RowSource
  readonly #pages = new Map<number, PageRows>()

  constructor(source: RowSource) {
    this.#source = source
  }

  /** The row that holds `offset`, or null where none does. */
  rowOf(offset: number): RowSpan | null {
    const { rows } = this.#page(offset)
    let [low, high] = [0, rows.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (rows[middle]!.lastOffset < offset) low = middle + 1
      else high = middle
    }
    const row = rows[low]
    return row && row.baseOffset <= offset ? row : null
  }

  lengthOf(offset: number): number {
    return this.#page(offset).lengths[offset % PAGE_OFFSETS]!
  }

  timesOf(offset: number): Times {
    const { appendedAts, expiresAts } = this.#page(offset)
    const index = offset % PAGE_OFFSETS
    return { appendedAt: appendedAts[index] || null, expiresAt: expiresAts?.[index] ?? 0 }
  }

  /** The frames of the committed rows that begin in `[from, to)`, without those of damaged rows. */
  entriesBetween(from: number, to: number): readonly FrameEntry[] {
    return this.#source.headers(from, to).flatMap((row) => entriesOf(row.header))
  }

  /** Key hashes of the committed offsets `[from, to)` of one page; 0 where the row is damaged. */
  keyHashes(from: number, to: number): Float64Array {
    const hashes = new Float64Array(to - from)
    for (const row of this.#source.headers(from - (from % PAGE_OFFSETS), to)) {
      for (const { offset, keyHash } of entriesOf(row.header)) {
        if (offset >= from && offset < to) hashes[offset - from] = keyHash
      }
    }
    return hashes
  }

  /** Takes in a row that is being written, where its page is in memory. */
  add(row: RowSpan & { readonly entries: readonly FrameEntry[] }): void {
    const page = this.#pages.get(Math.floor(row.baseOffset / PAGE_OFFSETS))
    if (!page) return
    const span = { baseOffset: row.baseOffset, lastOffset: row.lastOffset }
    if (page.rows.at(-1)?.baseOffset === row.baseOffset) page.rows[page.rows.length - 1] = span
    else page.rows.push(span)
    for (const entry of row.entries) keep(page, entry)
  }

  /** Forgets a deleted row. */
  remove(baseOffset: number): void {
    const pageNo = Math.floor(baseOffset / PAGE_OFFSETS)
    const page = this.#pages.get(pageNo)
    if (!page) return
    const at = page.rows.findIndex((row) => row.baseOffset === baseOffset)
    if (at !== -1) page.rows.splice(at, 1)
    if (page.rows.length === 0) this.#pages.delete(pageNo)
  }

  /** Forgets the pages that were loaded first, beyond the limit. Only between commits: storage must be current. */
  shrink(): void {
    for (const pageNo of this.#pages.keys()) {
      if (this.#pages.size <= MAX_INDEXED_PAGES) return
      this.#pages.delete(pageNo)
    }
  }

  #page(offset: number): PageRows {
    const pageNo = Math.floor(offset / PAGE_OFFSETS)
    const known = this.#pages.get(pageNo)
    if (known) return known
    const page = this.#load(pageNo * PAGE_OFFSETS)
    this.#pages.set(pageNo, page)
    return page
  }

  #load(firstOffset: number): PageRows {
    const [lengths, appendedAts] = [new Uint32Array(PAGE_OFFSETS), new Float64Array(PAGE_OFFSETS)]
    const page: PageRows = { rows: [], lengths, appendedAts, expiresAts: null }
    for (const { baseOffset, lastOffset, header } of this.#source.headers(firstOffset, firstOffset + PAGE_OFFSETS)) {
      page.rows.push({ baseOffset, lastOffset })
      for (const entry of entriesOf(header)) keep(page, entry)
    }
    return page
  }
}

function keep(page: PageRows, { offset, length, appendedAt, expiresAt }: FrameEntry): void {
  const index = offset % PAGE_OFFSETS
  page.lengths[index] = length
  page.appendedAts[index] = appendedAt
  if (expiresAt !== 0) (page.expiresAts ??= new Float64Array(PAGE_OFFSETS))[index] = expiresAt
}

/** The entries of a stored header, none where it is damaged. */
function entriesOf(header: Uint8Array): readonly FrameEntry[] {
  try {
    return decodeRowHeader(header).entries
  } catch (error) {
    if (error instanceof CorruptError) return []
    throw error
  }
}
