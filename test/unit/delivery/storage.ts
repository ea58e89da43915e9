import assert from "node:assert/strict"
import { DeliveryState } from "../../../src/core/delivery/state.ts"
import type {
  DeliveryChanges,
  DeliveryMode,
  LogView,
  StoredPage,
  StoredRing,
} from "../../../src/core/delivery/types.ts"
import { MAX_ROW_BYTES, RING_SLOTS } from "../../../src/core/limits.ts"

/** The two tables of one delivery state. */
export class Storage {
  readonly pages = new Map<number, StoredPage>()
  readonly ring = new Map<number, StoredRing>()
  /** Every insert, update and delete, as the platform bills them. */
  rowsWritten = 0
  folds = 0
  #foldedSeq = -1

  apply({ pages, deletedPages, ring }: DeliveryChanges): void {
    assert(pages.length > 0 || ring, "no row for counters to ride in")
    this.rowsWritten += pages.length + deletedPages.length + (ring ? 1 : 0)
    for (const page of pages) {
      this.pages.set(page.pageNo, page)
      if (page.foldedSeq > this.#foldedSeq) this.folds++
      this.#foldedSeq = Math.max(this.#foldedSeq, page.foldedSeq)
    }
    for (const pageNo of deletedPages) assert(this.pages.delete(pageNo), "deletes a row that is not there")
    if (!ring) return
    assert(ring.slot < RING_SLOTS, "no such slot")
    assert(ring.transitions.length <= MAX_ROW_BYTES, "row too long")
    this.ring.set(ring.slot, ring)
  }

  /** Loads with the rows in the reverse of the order in which they were first written. */
  load(mode: DeliveryMode, initialEnd = 0): DeliveryState {
    return DeliveryState.load([...this.pages.values()].reverse(), [...this.ring.values()].reverse(), {
      mode,
      initialEnd,
    })
  }
}

/** A log of `endOffset` messages of one size without keys, or with those given. */
export function logOf(endOffset: number, hashOf: (offset: number) => number = () => 0, lengthBytes = 1): LogView {
  return {
    endOffset,
    keyHashes: (from, to) => Array.from({ length: to - from }, (_, index) => hashOf(from + index)),
    lengthOf: () => lengthBytes,
  }
}
