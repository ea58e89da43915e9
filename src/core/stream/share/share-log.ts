import type { LogGaps, LogView } from "../../delivery/types.ts"
import { indexFrom } from "../../log/read.ts"
import { frameOf } from "../../log/row.ts"
import type { RowSpan } from "../../log/trim.ts"
import type { FrameEntry } from "../../log/types.ts"
import { RowCache } from "../../queue/row-cache.ts"
import type { RowSource } from "../../queue/row-source.ts"
import { headerOrNull, type RowSpans } from "../row-spans.ts"
import { type Span, Spans } from "./spans.ts"

/** Where a partition's log begins and ends, as far as it is stored. */
export interface LogBounds {
  readonly startOffset: number
  /** First offset that is not stored yet. */
  readonly committedEnd: number
  /** Grows whenever stored rows were rewritten. */
  readonly compactions: number
}

/** Where the committed rows of a partition are read. */
export interface ShareRows {
  readonly spans: Pick<RowSpans, "at" | "after">
  readonly source: Pick<RowSource, "read">
}

/** A frame with what its row says of it; null where the stored row is damaged. */
export interface SharedFrame {
  readonly entry: FrameEntry | null
  /** Empty where the stored row is damaged. */
  readonly frame: Uint8Array
}

const NO_BYTES = new Uint8Array(0)

/**
 * The committed log of a partition as all of its share groups see it: which offsets have a record, and what it is. In a
 * damaged row every offset counts as one, so that it is delivered and reported. Payloads are read for deliveries only.
 */
export class ShareLog implements LogView, LogGaps {
  readonly #bounds: LogBounds
  readonly #rows: ShareRows
  readonly #spans = new Spans()
  #frames: RowCache
  #compactions: number
  #startOffset: number

  constructor(bounds: LogBounds, rows: ShareRows) {
    this.#bounds = bounds
    this.#rows = rows
    this.#compactions = bounds.compactions
    this.#startOffset = bounds.startOffset
    this.#frames = this.#newCache()
  }

  get startOffset(): number {
    return this.#bounds.startOffset
  }

  get endOffset(): number {
    return this.#bounds.committedEnd
  }

  get gaps(): LogGaps {
    return this
  }

  /** Takes in that a commit wrote these rows. */
  written(rows: readonly RowSpan[]): void {
    for (const { baseOffset } of rows) {
      this.#spans.drop(baseOffset)
      this.#frames.drop(baseOffset)
    }
  }

  /** Whether a record stands at `offset`. */
  has(offset: number): boolean {
    if (offset < this.startOffset || offset >= this.endOffset) return false
    const span = this.#spanOf(offset)
    return span !== null && (span.entries === null || entryIn(span.entries, offset) !== null)
  }

  firstFrom(offset: number): number {
    for (let at = Math.max(offset, this.startOffset); at < this.endOffset;) {
      const span = this.#spanOf(at) ?? this.#spanAfter(at)
      if (!span) break
      const found = firstIn(span, at)
      if (found !== null) return found
      at = span.lastOffset + 1
    }
    return Math.max(offset, this.endOffset)
  }

  endOfRun(offset: number): number {
    const span = this.#spanOf(offset)
    if (!span) return offset + 1
    const { baseOffset, lastOffset, entries } = span
    if (entries === null || lastOffset - baseOffset + 1 === entries.length) return lastOffset + 1
    let index = indexFrom(entries, offset)
    while (entries[index + 1]?.offset === entries[index]!.offset + 1) index++
    return entries[index]!.offset + 1
  }

  /** Records from `offset` on, as far as the row goes that holds the first of them; 0 where there is none. */
  countFrom(offset: number): number {
    const first = this.firstFrom(offset)
    const span = first < this.endOffset ? this.#spanOf(first) : null
    if (!span) return 0
    return span.entries === null ? span.lastOffset + 1 - first : span.entries.length - indexFrom(span.entries, first)
  }

  keyHashes(from: number, to: number): ArrayLike<number> {
    const hashes = new Float64Array(to - from)
    for (let offset = from; offset < to; offset++) hashes[offset - from] = this.#entryAt(offset)?.keyHash ?? 0
    return hashes
  }

  lengthOf(offset: number): number {
    return this.#entryAt(offset)?.length ?? 0
  }

  /** The frame at an offset that has a record. */
  frameAt(offset: number): SharedFrame {
    const span = this.#spanOf(offset)
    const row = span && this.#frames.get(span.baseOffset)
    const entry = row && entryIn(row.entries, offset)
    return row && entry ? { entry, frame: frameOf(row.frames, entry) } : { entry: null, frame: NO_BYTES }
  }

  #entryAt(offset: number): FrameEntry | null {
    const span = this.#spanOf(offset)
    return span?.entries ? entryIn(span.entries, offset) : null
  }

  /** The row whose offsets enclose `offset`, or null. */
  #spanOf(offset: number): Span | null {
    this.#forgetGone()
    const known = this.#spans.find(offset)
    if (known) return known
    const row = this.#rows.spans.at(offset)
    return row && row.lastOffset >= offset ? this.#keep(row) : null
  }

  #spanAfter(offset: number): Span | null {
    const row = this.#rows.spans.after(offset)
    return row && this.#keep(row)
  }

  #keep(row: RowSpan & { readonly header: Uint8Array }): Span {
    const { baseOffset, lastOffset } = row
    const span = { baseOffset, lastOffset, entries: headerOrNull(row)?.entries ?? null }
    this.#spans.add(span)
    return span
  }

  /** Forgets rows that were rewritten, or that the log does not begin with any more. */
  #forgetGone(): void {
    const { compactions, startOffset } = this.#bounds
    if (startOffset > this.#startOffset) {
      this.#startOffset = startOffset
      this.#spans.dropBefore(startOffset)
      this.#frames.dropBefore(startOffset)
    }
    if (this.#compactions === compactions) return
    this.#compactions = compactions
    this.#spans.clear()
    this.#frames = this.#newCache()
  }

  #newCache(): RowCache {
    const { source } = this.#rows
    return new RowCache({ headers: () => [], read: (baseOffset) => source.read(baseOffset) })
  }
}

/** The first record of a row from `offset` on, or null. */
function firstIn({ baseOffset, entries }: Span, offset: number): number | null {
  if (entries === null) return Math.max(baseOffset, offset)
  return entries[indexFrom(entries, offset)]?.offset ?? null
}

function entryIn(entries: readonly FrameEntry[], offset: number): FrameEntry | null {
  // most rows have a record at every offset
  const direct = entries[offset - (entries[0]?.offset ?? 0)]
  if (direct?.offset === offset) return direct
  const entry = entries[indexFrom(entries, offset)]
  return entry?.offset === offset ? entry : null
}
