import { CorruptError } from "../bytes/corrupt.ts"
import { ByteReader } from "../bytes/reader.ts"
import { ByteWriter } from "../bytes/writer.ts"
import { MAX_ROW_BYTES, PAGE_OFFSETS } from "../limits.ts"
import { AVAILABLE, type Cells, sameState } from "./cells.ts"
import { Expanded } from "./expanded.ts"
import { Page } from "./page.ts"
import { readState, writeState } from "./page-codec.ts"
import type { StoredRing } from "./types.ts"
import type { Window } from "./window.ts"

const VERSION = 1
const MAX_PAGE_NO = Math.floor(Number.MAX_SAFE_INTEGER / PAGE_OFFSETS) - 1

interface Run {
  readonly start: number
  length: number
}

/**
 * The cells that a commit touched, page by page, as runs of equal state with the gaps between them.
 * Null where they do not fit a row: 100,000 scattered leases, or a long look-ahead in a keyed mode.
 */
export function encodeTransitions(window: Window): Uint8Array | null {
  const writer = new ByteWriter(256)
  writer.u8(VERSION)
  writer.varint(window.touched.size)
  for (const [pageNo, touched] of window.touched) {
    const page = window.pages.get(pageNo)!
    writer.varint(pageNo)
    writer.varint(page.used)
    writePageTransitions(writer, page.cells, touched)
    window.pages.chillBeyond()
    if (writer.position > MAX_ROW_BYTES) return null
  }
  return writer.finish()
}

function writePageTransitions(writer: ByteWriter, cells: Cells, touched: Uint8Array): void {
  const clock = { at: 0, firstAt: 0 }
  const runs = runsOf(touched, cells)
  let previousEnd = 0
  writer.varint(runs.length)
  for (const { start, length } of runs) {
    writer.varint(start - previousEnd)
    writer.varint(length)
    writeState(writer, cells, start, clock)
    for (let index = start; cells.group && index < start + length; index++) writer.u53(cells.group[index]!)
    previousEnd = start + length
  }
}

function runsOf(touched: Uint8Array, cells: Cells): Run[] {
  const runs: Run[] = []
  let last: Run | null = null
  for (let index = touched.indexOf(1); index !== -1; index = touched.indexOf(1, index + 1)) {
    if (last && last.start + last.length === index && sameState(cells, last.start, index)) last.length++
    else runs.push((last = { start: index, length: 1 }))
  }
  return runs
}

/**
 * Applies one ring row to every page that is older than it. Replaying a row twice changes nothing.
 * Throws CorruptError for anything that `encodeTransitions` did not write.
 */
export function replayTransitions(window: Window, ring: StoredRing): void {
  const reader = new ByteReader(ring.transitions)
  if (reader.u8() !== VERSION) throw new CorruptError("unknown ring version")
  for (let pages = reader.varint(); pages > 0; pages--) {
    const pageNo = reader.varint()
    if (pageNo > MAX_PAGE_NO) throw new CorruptError("page out of range")
    const page = pageFor(window, pageNo)
    page.isInRing = true
    // a page that already holds this commit is still read over, into a page that nobody keeps
    const isOlder = page.storedSeq === null || page.storedSeq < ring.seq
    readPageTransitions(reader, isOlder ? page : Page.empty(pageNo, window.keyed, new Expanded()))
    window.pages.chillBeyond()
  }
  reader.end()
}

function pageFor(window: Window, pageNo: number): Page {
  const existing = window.pages.get(pageNo)
  if (existing) return existing
  const page = Page.empty(pageNo, window.keyed, window.pages.expanded)
  window.pages.add(page)
  return page
}

function readPageTransitions(reader: ByteReader, page: Page): void {
  const used = reader.varint()
  if (used > PAGE_OFFSETS) throw new CorruptError("page too long")
  if (page.used < used) page.extendTo(used, AVAILABLE)
  const { cells } = page
  const clock = { at: 0, firstAt: 0 }
  let previousEnd = 0
  for (let runs = reader.varint(); runs > 0; runs--) {
    const start = previousEnd + reader.varint()
    const length = reader.varint()
    if (length === 0 || start + length > used) throw new CorruptError("transition outside its page")
    readState(reader, cells, start, length, clock)
    for (let index = start; cells.group && index < start + length; index++) cells.group[index] = reader.u53()
    previousEnd = start + length
  }
  page.recount()
}
