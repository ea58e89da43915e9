import { joinBytes } from "../bytes/join.ts"
import type { LogView } from "../delivery/types.ts"
import { PAGE_OFFSETS } from "../limits.ts"
import { type AppendRow, planAppend, type TailRow } from "../log/append.ts"
import { frameOf } from "../log/row.ts"
import type { RowSpan } from "../log/trim.ts"
import type { FrameEntry } from "../log/types.ts"
import { RowCache } from "./row-cache.ts"
import { RowIndex, type Times } from "./row-index.ts"
import type { RowSource } from "./row-source.ts"

/** A frame with its place, or null for the entry where the stored row is damaged. */
export interface StoredFrame {
  readonly entry: FrameEntry | null
  readonly frame: Uint8Array
}

/** A frame that a commit appends. */
export interface Append {
  readonly frame: Uint8Array
  readonly keyHash: number
  readonly messageId: number
  /** 0 for never. */
  readonly expiresAt: number
}

const NO_BYTES = new Uint8Array(0)

/**
 * The log of a queue during and between commits: what was appended in this commit is readable at once and
 * becomes rows when the commit ends; rows that are wholly done are found and deleted.
 */
export class QueueLog implements LogView {
  readonly #index: RowIndex
  readonly #cache: RowCache
  #tail: TailRow | null
  #pending: Append[] = []
  #committedEnd: number
  /** Base offsets of rows that may have become wholly done. */
  readonly #suspects = new Set<number>()
  /** Offsets that became done in the commit that appended them. */
  #finishedEarly: number[] = []

  constructor(source: RowSource, tail: TailRow | null, endOffset: number) {
    this.#index = new RowIndex(source)
    this.#cache = new RowCache(source)
    this.#tail = tail
    this.#committedEnd = endOffset
  }

  get endOffset(): number {
    return this.#committedEnd + this.#pending.length
  }

  /** First offset that is not stored yet. */
  get committedEnd(): number {
    return this.#committedEnd
  }

  /** Appends to this commit, and answers the offset. */
  append(append: Append): number {
    return this.#committedEnd + this.#pending.push(append) - 1
  }

  lengthOf(offset: number): number {
    const pending = this.#pending[offset - this.#committedEnd]
    return pending ? pending.frame.length : this.#index.lengthOf(offset)
  }

  /** Of what was appended in this commit only the expiry is known. */
  timesOf(offset: number): Times {
    const pending = this.#pending[offset - this.#committedEnd]
    return pending ? { appendedAt: null, expiresAt: pending.expiresAt } : this.#index.timesOf(offset)
  }

  /** The frames of the committed row that begins at `baseOffset`; none where it is damaged or gone. */
  entriesOf(baseOffset: number): readonly FrameEntry[] {
    return this.#index.entriesBetween(baseOffset, baseOffset + 1)
  }

  /** The frames of the committed rows that begin in `[from, to)`, without those of damaged rows. */
  entriesBetween(from: number, to: number): readonly FrameEntry[] {
    return this.#index.entriesBetween(from, to)
  }

  /** Where the committed row that holds `offset` begins, or null where there is none. */
  baseOf(offset: number): number | null {
    return this.#index.rowOf(offset)?.baseOffset ?? null
  }

  /** Where the committed row that holds `offset` ends, and how much is read with it; alone and 0 where there is none. */
  rowSizeAt(offset: number): { readonly lastOffset: number; readonly bytes: number } {
    const row = this.#index.rowOf(offset)
    if (!row) return { lastOffset: offset, bytes: 0 }
    let bytes = 0
    for (let at = row.baseOffset; at <= row.lastOffset; at++) bytes += this.#index.lengthOf(at)
    return { lastOffset: row.lastOffset, bytes }
  }

  keyHashes(from: number, to: number): ArrayLike<number> {
    const committedTo = Math.min(to, this.#committedEnd)
    const hashes = new Float64Array(to - from)
    if (from < committedTo) hashes.set(this.#index.keyHashes(from, committedTo))
    for (let offset = Math.max(from, this.#committedEnd); offset < to; offset++) {
      hashes[offset - from] = this.#pending[offset - this.#committedEnd]!.keyHash
    }
    return hashes
  }

  /** The frame at `offset`; one appended in this commit carries `appendedAt`. */
  frameAt(offset: number, appendedAt: number): StoredFrame {
    const pending = this.#pending[offset - this.#committedEnd]
    if (pending) {
      const { frame, ...known } = pending
      return { entry: { ...known, offset, appendedAt, length: frame.length, position: 0 }, frame }
    }
    const row = this.#rowAt(offset)
    const entry = row?.entries[offset - row.baseOffset]
    return row && entry ? { entry, frame: frameOf(row.frames, entry) } : { entry: null, frame: NO_BYTES }
  }

  /** Notes that an offset became done, and answers the bytes that are no longer live. */
  finished(offset: number): number {
    // also for what has no row yet: its page must be known before the new rows
    const row = this.#index.rowOf(offset)
    if (row) this.#suspects.add(row.baseOffset)
    else if (offset >= this.#committedEnd) this.#finishedEarly.push(offset)
    return this.lengthOf(offset)
  }

  /** Turns what was appended into rows. */
  takeRows(now: number, lastAppendedAt: number): readonly AppendRow[] {
    if (this.#pending.length === 0) return []
    const pending = this.#pending
    const plan = planAppend(
      this.#tail,
      {
        frames: joinBytes(pending.map((append) => append.frame)),
        lengths: pending.map((append) => append.frame.length),
        keyHashes: pending.map((append) => append.keyHash),
        messageIds: pending.map((append) => append.messageId),
        expiresAts: pending.map((append) => append.expiresAt),
      },
      this.#committedEnd,
      now,
      lastAppendedAt,
      { pageOffsets: PAGE_OFFSETS },
    )
    // a tail that is sealed now may have been done for long
    if (this.#tail && plan.tail?.baseOffset !== this.#tail.baseOffset) {
      this.#suspects.add(this.#tail.baseOffset)
      // before the new rows: a page that is read between here and the write would be kept without them
      this.#index.rowOf(this.#tail.baseOffset)
    }
    for (const row of plan.rows) {
      this.#index.add(row)
      this.#cache.put(row)
    }
    for (const offset of this.#finishedEarly) this.#suspects.add(this.#index.rowOf(offset)!.baseOffset)
    this.#finishedEarly = []
    this.#committedEnd += pending.length
    this.#pending = []
    this.#tail = plan.tail
    return plan.rows
  }

  /** Base offsets of the rows that are wholly done; the tail stays, it may still grow. */
  takeDeletions(isDone: (offset: number) => boolean): readonly number[] {
    const deletions: number[] = []
    for (const baseOffset of this.#suspects) {
      const row = this.#index.rowOf(baseOffset)
      if (!row || baseOffset === this.#tail?.baseOffset || !isWhollyDone(row, isDone)) continue
      deletions.push(baseOffset)
      this.#index.remove(baseOffset)
      this.#cache.drop(baseOffset)
    }
    this.#suspects.clear()
    return deletions
  }

  /** Gives memory back between commits. */
  shrink(): void {
    this.#index.shrink()
  }

  #rowAt(offset: number): TailRow | null {
    const tail = this.#tail
    if (tail && offset >= tail.baseOffset) return tail
    const row = this.#index.rowOf(offset)
    return row ? this.#cache.get(row.baseOffset) : null
  }
}

function isWhollyDone(row: RowSpan, isDone: (offset: number) => boolean): boolean {
  for (let offset = row.baseOffset; offset <= row.lastOffset; offset++) if (!isDone(offset)) return false
  return true
}
