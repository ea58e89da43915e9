import { joinBytes } from "../bytes/join.ts"
import type { Failure } from "../errors.ts"
import { MAX_STORED_BYTES } from "../limits.ts"
import { type AppendRow, type Incoming, planAppend, type TailRow } from "../log/append.ts"
import type { Submissions } from "../log/submission.ts"
import { err, ok, type Result } from "../result.ts"
import type { AppendReply, AppendTerms, OffsetLookup, PartitionStatistics } from "./commands.ts"
import { encodePartitionCounters, type PartitionCounters } from "./counters.ts"
import { offsetAtTime } from "./lookup.ts"
import { type ProducerChanges, Producers, type ProducerState } from "./producers.ts"
import { type RetainedLog, Retention } from "./retention.ts"
import type { RowSpans } from "./row-spans.ts"
import type { TopicSettings } from "./settings.ts"

/** A partition's rows have no pages to respect: nothing is delivered from them. */
export const PARTITION_APPEND = { pageOffsets: null } as const

/** Everything that one commit of a partition stores, in one transaction. */
export interface PartitionChanges {
  readonly seq: number
  readonly rows: readonly AppendRow[]
  /** Base offset of the row that takes the counters where no row is written, or null. */
  readonly countersInto: number | null
  readonly counters: Uint8Array
  readonly producers: ProducerChanges | null
}

/** What a partition is made of; see `store/partition-store.ts` for how it is loaded. */
export interface PartitionParts {
  readonly incarnation: number
  readonly counters: PartitionCounters
  readonly tail: TailRow | null
  readonly endOffset: number
  /** Base offset of the newest row, or null for an empty log. */
  readonly newestRow: number | null
  /** In the order of their last batches. */
  readonly producers: readonly ProducerState[]
  readonly rows: RowSpans
  readonly settings: TopicSettings
}

/**
 * One partition: a log that keeps its records. Appends of one commit become one row; reads go to the
 * stored rows, which move as they are.
 */
export class Partition {
  readonly incarnation: number
  readonly #counters: PartitionCounters
  readonly #rows: RowSpans
  readonly #producers: Producers
  readonly #retention: Retention
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
    this.#rows = parts.rows
    this.#producers = new Producers(parts.producers)
    this.#retention = new Retention(parts.rows, parts.settings, this.#retained())
  }

  /** How often the log was compacted. */
  get compactions(): number {
    return this.#counters.compactions
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
    const { startOffset, storedBytes: bytes, lastAppendedAt } = this.#counters
    return { startOffset, endOffset: this.endOffset, bytes, lastAppendedAt }
  }

  /** Goes by other settings from the next commit on. */
  applySettings(settings: TopicSettings): void {
    this.#retention.change(settings)
  }

  /**
   * Appends a batch; its records stand one behind the other from `baseOffset` on. A batch that its producer sent
   * before is answered as it was then.
   */
  append(batch: Submissions, terms: AppendTerms | null, now: number): Result<AppendReply, Failure> {
    const producer = terms?.producer ?? null
    if (producer) {
      const known = this.#producers.check(producer, batch.count, now)
      if (!known.ok) return known
      if (known.value) return ok(known.value)
    }
    const expectedOffset = terms?.expectedOffset ?? this.endOffset
    if (expectedOffset !== this.endOffset) return err({ code: "offset_mismatch", endOffset: this.endOffset })
    if (this.#counters.storedBytes + batch.frameBytes > MAX_STORED_BYTES) return err({ code: "storage_full" })
    const baseOffset = this.endOffset
    this.#pending.push(batch)
    this.#pendingCount += batch.count
    this.#counters.storedBytes += batch.frameBytes
    const appendedAt = Math.max(this.#counters.lastAppendedAt, now)
    const { count } = batch
    if (producer) this.#producers.note(producer, { sequence: producer.sequence, count, baseOffset, appendedAt }, now)
    this.#retention.appended(now)
    return ok({ baseOffset, appendedAt, repeated: false })
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

  /**
   * Does what is due by itself: moves the log start past what is not kept any longer, and forgets idle producers.
   * Answers whether the log start moved.
   */
  settle(now: number): boolean {
    this.#producers.sweep(now)
    const startOffset = this.#retention.startOffset(this.#retained(), now)
    if (startOffset === this.startOffset) return false
    this.#counters.startOffset = startOffset
    this.#countersChanged = true
    return true
  }

  /** Earliest instant at which `settle` has something to do, or null. */
  nextDeadlineAt(): number | null {
    const retentionAt = this.#retention.nextDueAt(this.#retained())
    const producersAt = this.#producers.nextExpiryAt
    if (retentionAt === null || producersAt === null) return retentionAt ?? producersAt
    return Math.min(retentionAt, producersAt)
  }

  /** Where committed records of `timestamp` and younger begin. */
  offsetAt(timestamp: number): OffsetLookup {
    return offsetAtTime(this.#rows, this.#retained(), timestamp)
  }

  /** Whether nothing but a compaction can change the rows before `offset`. */
  isSealed(offset: number): boolean {
    return this.#tail === null || offset <= this.#tail.baseOffset
  }

  /** Notes rows that were deleted behind the log start. */
  deleted(bytes: number): void {
    this.#counters.storedBytes -= bytes
    this.#countersChanged = true
  }

  /** Notes that compaction rewrote rows and dropped records of so many bytes. */
  compacted(droppedBytes: number): void {
    this.#counters.compactions += 1
    this.#counters.storedBytes -= droppedBytes
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
    const producers = this.#producers.takeChanges()
    if (rows.length === 0 && !this.#countersChanged && !producers) return null
    const countersInto = rows.length === 0 && this.#countersChanged ? this.#newestRow : null
    this.#countersChanged = false
    this.#newestRow = rows.at(-1)?.baseOffset ?? this.#newestRow
    return { seq, rows, countersInto, counters: encodePartitionCounters(this.#counters), producers }
  }

  #retained(): RetainedLog {
    const { startOffset, lastAppendedAt, storedBytes } = this.#counters
    const isAppending = this.#pendingCount > 0
    const endOffset = this.#committedEnd
    return { startOffset, endOffset, lastAppendedAt, storedBytes, newestRow: this.#newestRow, isAppending }
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
