import { joinBytes } from "../bytes/join.ts"
import { type AppendRow, type Incoming, planAppend, type TailRow } from "../log/append.ts"
import type { Submissions } from "../log/submission.ts"

/** A partition's rows have no pages to respect: nothing is delivered from them. */
export const PARTITION_APPEND = { pageOffsets: null } as const

/** The end of a partition's log as it is stored. */
export interface StoredEnd {
  readonly tail: TailRow | null
  readonly endOffset: number
  /** Base offset of the newest row, or null for an empty log. */
  readonly newestRow: number | null
}

/** The end of a partition's log, with what the commit under way appends. */
export class LogEnd {
  #stored: StoredEnd
  #pending: Submissions[] = []
  #pendingCount = 0

  constructor(stored: StoredEnd) {
    this.#stored = stored
  }

  /** What was stored by the last commit. */
  get stored(): StoredEnd {
    return this.#stored
  }

  /** First offset that does not exist yet, what this commit appends included. */
  get offset(): number {
    return this.#stored.endOffset + this.#pendingCount
  }

  get isAppending(): boolean {
    return this.#pendingCount > 0
  }

  /** Adds a batch to what this commit appends. */
  add(batch: Submissions): void {
    this.#pending.push(batch)
    this.#pendingCount += batch.count
  }

  /** The rows that this commit stores, none where nothing was added, and the time of the newest append. */
  take(now: number, lastAppendedAt: number): { readonly rows: readonly AppendRow[]; readonly appendedAt: number } {
    if (this.#pendingCount === 0) return { rows: [], appendedAt: lastAppendedAt }
    const { tail, endOffset, newestRow } = this.#stored
    const incoming = joined(this.#pending, endOffset, this.#pendingCount)
    const plan = planAppend(tail, incoming, endOffset, now, lastAppendedAt, PARTITION_APPEND)
    this.#stored = {
      tail: plan.tail,
      endOffset: this.offset,
      newestRow: plan.rows.at(-1)?.baseOffset ?? newestRow,
    }
    this.#pending = []
    this.#pendingCount = 0
    return plan
  }
}

/** The batches of one commit as one; a record's id is its offset, which costs nothing to store. */
function joined(batches: readonly Submissions[], baseOffset: number, count: number): Incoming {
  const messageIds = Array.from({ length: count }, (_, index) => baseOffset + index)
  const expiresAts = new Array<number>(count).fill(0)
  const [first] = batches
  if (batches.length === 1 && first) {
    return { frames: first.frames, lengths: first.lengths, keyHashes: first.keyHashes, messageIds, expiresAts }
  }
  return {
    frames: joinBytes(batches.map((batch) => batch.frames)),
    lengths: batches.flatMap((batch) => batch.lengths),
    keyHashes: batches.flatMap((batch) => batch.keyHashes),
    messageIds,
    expiresAts,
  }
}
