import { MAX_SHARE_LOG_ENTRIES } from "../../limits.ts"
import type { RowSpan } from "../../log/trim.ts"
import type { FrameEntry } from "../../log/types.ts"

/** A committed row without its payload; null for the entries of a damaged one. */
export interface Span extends RowSpan {
  readonly entries: readonly FrameEntry[] | null
}

/** The rows of a log that were looked at last, by what their headers say. */
export class Spans {
  /** In order of offsets. */
  #spans: Span[] = []
  #entries = 0
  #last: Span | null = null

  /** The row whose offsets enclose `offset`, or null where it is not known. */
  find(offset: number): Span | null {
    if (this.#last && holds(this.#last, offset)) return this.#last
    const span = this.#spans[this.#positionOf(offset)]
    if (!span || !holds(span, offset)) return null
    this.#last = span
    return span
  }

  add(span: Span): void {
    // whoever walks on comes back to none of the others: a list by use would be kept for nothing
    if (this.#entries >= MAX_SHARE_LOG_ENTRIES) this.clear()
    this.drop(span.baseOffset)
    this.#spans.splice(this.#positionOf(span.baseOffset), 0, span)
    this.#entries += sizeOf(span)
    this.#last = span
  }

  /** Forgets the row that begins at `baseOffset`. */
  drop(baseOffset: number): void {
    const at = this.#positionOf(baseOffset)
    const span = this.#spans[at]
    if (span?.baseOffset !== baseOffset) return
    this.#spans.splice(at, 1)
    this.#entries -= sizeOf(span)
    this.#last = null
  }

  /** Forgets the rows that end before `offset`. */
  dropBefore(offset: number): void {
    const gone = this.#spans.splice(0, this.#positionOf(offset))
    for (const span of gone) this.#entries -= sizeOf(span)
    this.#last = null
  }

  clear(): void {
    this.#spans = []
    this.#entries = 0
    this.#last = null
  }

  /** Position of the first row that ends at `offset` or behind. */
  #positionOf(offset: number): number {
    let [low, high] = [0, this.#spans.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#spans[middle]!.lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

function holds({ baseOffset, lastOffset }: Span, offset: number): boolean {
  return baseOffset <= offset && offset <= lastOffset
}

function sizeOf({ entries }: Span): number {
  return (entries?.length ?? 0) + 1
}
