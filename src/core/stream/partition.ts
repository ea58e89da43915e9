import { joinBytes } from "../bytes/join.ts"
import type { Failure } from "../errors.ts"
import { MAX_STORED_BYTES } from "../limits.ts"
import { type AppendRow, type Incoming, planAppend, type TailRow } from "../log/append.ts"
import type { Submissions } from "../log/submission.ts"
import { err, ok, type Result } from "../result.ts"
import type { AppendReply, PartitionStatistics } from "./commands.ts"
import { encodePartitionCounters, type PartitionCounters } from "./counters.ts"

/** A partition's rows have no pages to respect: nothing is delivered from them. */
export const PARTITION_APPEND = { pageOffsets: null } as const

/** Everything that one commit of a partition stores, in one transaction. */
export interface PartitionChanges {
  readonly seq: number
  readonly rows: readonly AppendRow[]
  /** Base offset of the row that takes the counters where no row is written, or null. */
  readonly countersInto: number | null
  readonly counters: Uint8Array
}

/** What a partition is made of; see `store/partition-store.ts` for how it is loaded. */
export interface PartitionParts {
  readonly incarnation: number
  readonly counters: PartitionCounters
  readonly tail: TailRow | null
  readonly endOffset: number
  /** Base offset of the newest row, or null for an empty log. */
  readonly newestRow: number | null
}

/**
 * One partition: a log that keeps its records. Appends of one commit become one row; reads go to the
 * stored rows, which move as they are.
 */
export class Partition {
  readonly incarnation: number
  readonly #counters: PartitionCounters
  #tail: TailRow | null
  #committedEnd: number
  #newestRow: number | null
  #pending: Submissions[] = []
  #pendingCount = 0
  #countersChanged = false

  constructor(parts: PartitionParts) {
    this.incarnation = parts.incarnation
    this.#counters = parts.counters
    this.#tail = parts.tail
    this.#committedEnd = parts.endOffset
    this.#newestRow = parts.newestRow
  }

  get startOffset(): number {
    return this.#counters.startOffset
  }

  /** First offset that does not exist yet, what this commit appends included. */
  get endOffset(): number {
    return this.#committedEnd + this.#pendingCount
  }

  /** Base offset of the newest row, or null for an empty log. */
  get newestRow(): number | null {
    return this.#newestRow
  }

  get statistics(): PartitionStatistics {
    return { startOffset: this.startOffset, endOffset: this.endOffset, bytes: this.#counters.storedBytes }
  }

  /** Appends a batch; its records stand one behind the other from `baseOffset` on. */
  append(batch: Submissions, now: number): Result<AppendReply, Failure> {
    if (this.#counters.storedBytes + batch.frameBytes > MAX_STORED_BYTES) return err({ code: "storage_full" })
    const baseOffset = this.endOffset
    this.#pending.push(batch)
    this.#pendingCount += batch.count
    this.#counters.storedBytes += batch.frameBytes
    return ok({ baseOffset, appendedAt: Math.max(this.#counters.lastAppendedAt, now) })
  }

  /** Moves the log start forward to `offset`. Rows before it are deleted afterwards, in slices. */
  trim(offset: number): Result<PartitionStatistics, Failure> {
    if (offset > this.endOffset) return err({ code: "offset_out_of_range", latestOffset: this.endOffset })
    if (offset > this.startOffset) {
      this.#counters.startOffset = offset
      this.#countersChanged = true
    }
    return ok(this.statistics)
  }

  /** Notes rows that were deleted behind the log start. */
  deleted(bytes: number): void {
    this.#counters.storedBytes -= bytes
    this.#countersChanged = true
  }

  /** Why `offset` can't be read from, or null where it can; the end itself can, and has nothing yet. */
  checkOffset(offset: number): Failure | null {
    if (offset < this.startOffset) return { code: "offset_trimmed", earliestOffset: this.startOffset }
    if (offset > this.endOffset) return { code: "offset_out_of_range", latestOffset: this.endOffset }
    return null
  }

  /** What the commit `seq` stores, or null for nothing. */
  takeChanges(seq: number, now: number): PartitionChanges | null {
    const rows = this.#takeRows(now)
    if (rows.length === 0 && !this.#countersChanged) return null
    this.#countersChanged = false
    const countersInto = rows.length > 0 ? null : this.#newestRow
    this.#newestRow = rows.at(-1)?.baseOffset ?? this.#newestRow
    return { seq, rows, countersInto, counters: encodePartitionCounters(this.#counters) }
  }

  #takeRows(now: number): readonly AppendRow[] {
    const batches = this.#pending
    if (this.#pendingCount === 0) return []
    const plan = planAppend(
      this.#tail,
      joined(batches, this.#committedEnd, this.#pendingCount),
      this.#committedEnd,
      now,
      this.#counters.lastAppendedAt,
      PARTITION_APPEND,
    )
    this.#counters.lastAppendedAt = plan.appendedAt
    this.#committedEnd += this.#pendingCount
    this.#pending = []
    this.#pendingCount = 0
    this.#tail = plan.tail
    return plan.rows
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
