import { joinBytes } from "../bytes/join.ts"
import type { LogView } from "../delivery/types.ts"
import { PAGE_OFFSETS } from "../limits.ts"
import { type AppendRow, planAppend, type TailRow } from "../log/append.ts"
import { frameOf } from "../log/row.ts"
import type { RowSpan } from "../log/trim.ts"
import type { FrameEntry } from "../log/types.ts"
import { RowCache } from "./row-cache.ts"
import { RowIndex } from "./row-index.ts"
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

  constructor(source: RowSource, tail: TailRow | null, endOffset: number) {
    this.#index = new RowIndex(source)
    this.#cache = new RowCache(source)
    this.#tail = tail
    this.#committedEnd = endOffset
  }

  get endOffset(): number {
    return this.#committedEnd + this.#pending.length
  }

  /** Appends to this commit, and answers the offset. */
  append(append: Append): number {
    return this.#committedEnd + this.#pending.push(append) - 1
  }

  lengthOf(offset: number): number {
    const pending = this.#pending[offset - this.#committedEnd]
    return pending ? pending.frame.length : this.#index.lengthOf(offset)
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
      const { frame, keyHash, messageId } = pending
      return { entry: { offset, appendedAt, messageId, keyHash, length: frame.length, position: 0 }, frame }
    }
    const row = this.#rowAt(offset)
    const entry = row?.entries[offset - row.baseOffset]
    return row && entry ? { entry, frame: frameOf(row.frames, entry) } : { entry: null, frame: NO_BYTES }
  }

  /** Time of the append of the message at `offset`, or null where its row is damaged. */
  appendedAt(offset: number): number | null {
    return this.frameAt(offset, 0).entry?.appendedAt ?? null
  }

  /** Notes that an offset became done, and answers the bytes that are no longer live. */
  finished(offset: number): number {
    const row = this.#index.rowOf(offset)
    if (row) this.#suspects.add(row.baseOffset)
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
      },
      this.#committedEnd,
      now,
      lastAppendedAt,
      { pageOffsets: PAGE_OFFSETS },
    )
    // a tail that is sealed now may have been done for long
    if (this.#tail && plan.tail?.baseOffset !== this.#tail.baseOffset) this.#suspects.add(this.#tail.baseOffset)
    for (const row of plan.rows) {
      this.#index.add(row)
      this.#cache.put(row)
    }
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
