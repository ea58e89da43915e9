import { MAX_PAGES_PER_COMMIT, MAX_RING_BYTES, RING_SLOTS } from "../limits.ts"
import { Page } from "./page.ts"
import { encodeTransitions, replayTransitions } from "./ring.ts"
import type { DeliveryChanges, StoredPage, StoredRing } from "./types.ts"
import { Window } from "./window.ts"

/** Where the ring stands. */
export interface RingPosition {
  /** Commit up to which the pages hold everything. */
  foldedSeq: number
  /** Rows that wait for the next fold, and their bytes. */
  unfolded: number
  unfoldedBytes: number
  /** Pages that those rows name. */
  readonly pages: Set<Page>
}

/** Rebuilds the window: pages first, then the ring rows newer than the last fold, in order. */
export function loadWindow(
  pages: readonly StoredPage[],
  ring: readonly StoredRing[],
  options: { readonly keyed: boolean; readonly initialEnd: number },
): { window: Window; position: RingPosition } {
  const window = new Window(options.keyed, options.initialEnd)
  let foldedSeq = -1
  for (const stored of [...pages, ...ring]) foldedSeq = Math.max(foldedSeq, stored.foldedSeq)
  for (const stored of pages) {
    const page = Page.decode(stored.pageNo, stored.runs, options.keyed, window.pages.expanded)
    page.storedSeq = stored.seq
    window.pages.add(page)
    window.pages.chillBeyond()
  }
  const unfolded = ring.filter((row) => row.seq > foldedSeq).sort((a, b) => a.seq - b.seq)
  for (const row of unfolded) replayTransitions(window, row)
  window.takeStock()
  const named = new Set([...window.pages.from(0)].filter((page) => page.isInRing))
  const unfoldedBytes = unfolded.reduce((bytes, row) => bytes + row.transitions.length, 0)
  return { window, position: { foldedSeq, unfolded: unfolded.length, unfoldedBytes, pages: named } }
}

/** What the commit `seq` has to write, or null where it touched nothing. Forgets what was touched. */
export function takeChanges(window: Window, position: RingPosition, seq: number): DeliveryChanges | null {
  if (window.touched.size === 0) {
    window.pages.chillBeyond()
    return null
  }
  const changes = planChanges(window, position, seq)
  window.endCommit()
  return changes
}

function planChanges(window: Window, position: RingPosition, seq: number): DeliveryChanges {
  const touched = [...window.touched.keys()].map((pageNo) => window.pages.get(pageNo)!)
  const isScattered = touched.length > MAX_PAGES_PER_COMMIT
  if ((isScattered || position.unfolded > 0) && isCheaplyFolded(touched, position)) {
    return foldRing(window, position, seq, touched)
  }
  if (!isScattered) return writePages(window, position, seq, touched)
  const hasRoom = position.unfolded < RING_SLOTS && position.unfoldedBytes < MAX_RING_BYTES
  const transitions = hasRoom ? encodeTransitions(window) : null
  return transitions
    ? writeRing(window, position, { seq, touched, transitions })
    : foldRing(window, position, seq, touched)
}

/** Whether a fold would write no more pages than a commit may: all others that it names are done. */
function isCheaplyFolded(touched: readonly Page[], position: RingPosition): boolean {
  if (!touched.some((page) => page.isDone)) return false
  let live = 0
  for (const page of touched) if (!page.isDone && !page.isInRing) live++
  for (const page of position.pages) {
    if (!page.isDone) live++
    if (live > MAX_PAGES_PER_COMMIT) return false
  }
  return live <= MAX_PAGES_PER_COMMIT
}

function writeRing(
  window: Window,
  position: RingPosition,
  row: { readonly seq: number; readonly touched: readonly Page[]; readonly transitions: Uint8Array },
): DeliveryChanges {
  for (const page of row.touched) {
    page.isInRing = true
    position.pages.add(page)
  }
  const slot = position.unfolded++
  position.unfoldedBytes += row.transitions.length
  const ring = { slot, seq: row.seq, foldedSeq: position.foldedSeq, transitions: row.transitions }
  return { pages: [], deletedPages: dropDone(window, [...window.superseded]), ring }
}

/** Writes all that the ring holds and this commit touched into the pages, and begins the ring anew. */
function foldRing(window: Window, position: RingPosition, seq: number, touched: readonly Page[]): DeliveryChanges {
  for (const page of position.pages) page.isInRing = false
  const dirty = new Set([...touched, ...position.pages])
  position.pages.clear()
  position.foldedSeq = seq
  position.unfolded = 0
  position.unfoldedBytes = 0
  return writePages(window, position, seq, dirty)
}

function writePages(window: Window, position: RingPosition, seq: number, dirty: Iterable<Page>): DeliveryChanges {
  const deletedPages = dropDone(window, new Set([...dirty, ...window.superseded]))
  const kept = [...dirty].filter((page) => window.pages.get(page.pageNo) === page)
  // counters and the fold ride in rows, so a commit that only deletes writes the highest page as well
  if (kept.length === 0) kept.push(window.pages.highest!)
  const pages = kept.map((page) => {
    page.storedSeq = seq
    return { pageNo: page.pageNo, seq, foldedSeq: position.foldedSeq, runs: page.encode() }
  })
  return { pages, deletedPages, ring: null }
}

/**
 * Drops the pages among `candidates` that are done, and answers those that have a row to delete.
 * The highest stays until the next exists; one that a ring row names stays until the fold, or the
 * replay of that row would bring its messages back.
 */
function dropDone(window: Window, candidates: Iterable<Page>): number[] {
  const deleted: number[] = []
  for (const page of candidates) {
    if (!page.isDone || page === window.pages.highest || page.isInRing) continue
    if (page.storedSeq !== null) deleted.push(page.pageNo)
    window.drop(page)
  }
  return deleted
}
