import type { Failure } from "../errors.ts"
import { MAX_STORED_BYTES, SEALED_RETRY_AFTER_MS } from "../limits.ts"
import type { Submissions } from "../log/submission.ts"
import { Producers } from "../producers/producers.ts"
import { err, ok, type Result } from "../result.ts"
import { Barriers } from "./barriers.ts"
import type { AppendReply, AppendTerms, OffsetLookup, PartitionStatistics } from "./commands.ts"
import { encodePartitionCounters, type PartitionCounters } from "./counters.ts"
import type { Barrier, CommitReply, CommitRequest } from "./group-commands.ts"
import type { GroupLog } from "./group-seek.ts"
import { LogEnd } from "./log-end.ts"
import { hasRecordsIn, offsetAtTime } from "./lookup.ts"
import { PartitionGroups } from "./partition-groups.ts"
import type { PartitionChanges, PartitionParts } from "./partition-parts.ts"
import { repeatedAppend } from "./repeated-append.ts"
import { type RetainedLog, Retention } from "./retention.ts"
import type { RowSpans } from "./row-spans.ts"
import type { TopicSettings } from "./settings.ts"
import type { ShareMarks } from "./share/commands.ts"

/**
 * One partition: a log that keeps its records. Appends of one commit become one row; reads go to the
 * stored rows, which move as they are.
 */
export class Partition implements GroupLog {
  readonly incarnation: number
  readonly index: number
  readonly groups: PartitionGroups
  readonly #counters: PartitionCounters
  readonly #end: LogEnd
  readonly #rows: RowSpans
  readonly #producers: Producers
  readonly #retention: Retention
  readonly #barriers: Barriers
  /** Number of partitions that this one goes by. */
  #partitions: number
  /** Whoever knows of fewer may not append: keys may have moved, and their order is kept. */
  #neededPartitions: number
  #countersChanged = false

  constructor(parts: PartitionParts) {
    this.incarnation = parts.incarnation
    this.index = parts.index
    this.#counters = parts.counters
    this.#end = new LogEnd(parts.end)
    this.#rows = parts.rows
    this.#producers = new Producers(parts.producers)
    this.#barriers = new Barriers(parts.barriers)
    this.groups = new PartitionGroups(parts.groups, this)
    this.#partitions = parts.settings.partitions
    this.#neededPartitions = neededPartitions(parts.settings)
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
    return this.#end.offset
  }

  /** First offset that is not stored yet. */
  get committedEnd(): number {
    return this.#end.stored.endOffset
  }

  /** Base offset of the newest row, or null for an empty log. */
  get newestRow(): number | null {
    return this.#end.stored.newestRow
  }

  /** Where adding partitions cut the log, the oldest first. */
  get barriers(): readonly Barrier[] {
    return this.#barriers.all
  }

  get sealedAt(): number | null {
    return this.#barriers.beyond(this.#partitions)
  }

  get statistics(): PartitionStatistics {
    const { startOffset, storedBytes: bytes, lastAppendedAt } = this.#counters
    return { startOffset, endOffset: this.endOffset, bytes, lastAppendedAt }
  }

  /**
   * Goes by other settings from the next commit on. Where there are more partitions now, the log is cut; where it was
   * sealed for them, appends go on. Answers barriers to store along with the settings.
   */
  applySettings(settings: TopicSettings): readonly Barrier[] {
    this.#retention.change(settings)
    if (settings.partitions > this.#partitions) this.#barriers.note(settings.partitions, this.endOffset)
    this.#partitions = settings.partitions
    this.#neededPartitions = neededPartitions(settings)
    return this.#barriers.takeUnwritten()
  }

  /**
   * Ends what is routed by fewer than `partitions`: cuts the log behind what this commit has taken so far, and takes
   * nothing more until the settings say as many. Answers where the log was cut; again where it is known.
   */
  seal(partitions: number): number {
    const offset = this.#barriers.note(partitions, this.endOffset)
    // what comes behind it must wait for other partitions, long before a coordinator hears of them
    if (this.sealedAt !== null) this.groups.cut(offset)
    return offset
  }

  /** The record at `offset` came before partitions became so many; null where it came after all that were added. */
  appendedBefore(offset: number): number | null {
    return this.#barriers.above(offset)
  }

  /**
   * Appends a batch; its records stand one behind the other from `baseOffset` on. A batch that its producer sent
   * before is answered as it was then. `routedBy` is the number of partitions that the sender went by.
   */
  append(
    batch: Submissions,
    terms: AppendTerms | null,
    now: number,
    routedBy = this.#partitions,
  ): Result<AppendReply, Failure> {
    const { count } = batch
    const producer = terms?.producer ?? null
    if (producer) {
      const known = repeatedAppend(this.#producers, producer, count, now)
      if (!known.ok) return known
      if (known.value) return ok(known.value)
    }
    const refused = this.#refusal(batch, routedBy, terms?.expectedOffset ?? this.endOffset)
    if (refused) return err(refused)
    const { baseOffset, appendedAt } = this.#add(batch, now)
    if (producer) this.#producers.note(producer, { count, firstId: baseOffset, storedAt: appendedAt }, now)
    return ok({ baseOffset, appendedAt, repeated: false })
  }

  /** Appends what another object moved here, whatever the limits; while partitions are added it has to come again. */
  appendMoved(batch: Submissions, now: number): Failure | null {
    if (this.#barriers.isBeyond(this.#partitions)) {
      return { code: "partition_sealed", retryAfterMs: SEALED_RETRY_AFTER_MS }
    }
    this.#add(batch, now)
    return null
  }

  /**
   * Commits a group's offset, and appends what came with it: both or neither. A batch that was stored before is
   * answered as repeated, and the offset is committed all the same.
   */
  commitOffset(request: CommitRequest, batch: Submissions | null, now: number): Result<CommitReply, Failure> {
    const planned = this.groups.planCommit(request, now)
    if (!planned.ok) return planned
    const appended = batch ? this.append(batch, request.append?.terms ?? null, now) : null
    if (appended && !appended.ok) return appended
    this.groups.put(planned.value)
    return ok({ offset: request.offset, appended: appended?.value ?? null })
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

  /** Where records of `timestamp` and younger begin, with what the commit at `now` has appended so far. */
  offsetOfTime(timestamp: number, now: number): number {
    const { offset, timestamp: foundAt } = this.offsetAt(timestamp)
    const isAhead = timestamp > Math.max(now, this.#counters.lastAppendedAt)
    return foundAt === null && isAhead ? this.endOffset : offset
  }

  /** Whether a record is left from `from` on and before `to`. */
  hasRecords(from: number, to: number): boolean {
    if (to > this.#end.stored.endOffset && from < to) return true
    return hasRecordsIn(this.#rows, Math.max(from, this.startOffset), to)
  }

  /** Whether nothing but a compaction can change the rows before `offset`. */
  isSealed(offset: number): boolean {
    const { tail } = this.#end.stored
    return tail === null || offset <= tail.baseOffset
  }

  /** Notes rows that were deleted behind the log start. */
  deleted(bytes: number): void {
    this.#counters.storedBytes -= bytes
    this.#retention.rowsChanged()
    this.#countersChanged = true
  }

  /** Notes that compaction rewrote rows and dropped records of so many bytes. */
  compacted(droppedBytes: number): void {
    this.#counters.compactions += 1
    this.#counters.storedBytes -= droppedBytes
    this.#retention.rowsRewritten(this.#retained())
    this.#countersChanged = true
  }

  /** Why `offset` can't be read from, or null where it can; the end itself can, and has nothing yet. */
  checkOffset(offset: number): Failure | null {
    if (offset < this.startOffset) return { code: "offset_trimmed", earliestOffset: this.startOffset }
    if (offset > this.endOffset) return { code: "offset_out_of_range", latestOffset: this.endOffset }
    return null
  }

  /** What share groups that are gone have used up. */
  get shareMarks(): ShareMarks {
    const { lastShareId, outboxSeq } = this.#counters
    return { lastShareId, outboxSeq }
  }

  keepShareMarks({ lastShareId, outboxSeq }: ShareMarks): void {
    this.#counters.lastShareId = lastShareId
    this.#counters.outboxSeq = outboxSeq
    this.#countersChanged = true
  }

  /** What the commit `seq` stores, or null for nothing. */
  takeChanges(seq: number, now: number): PartitionChanges | null {
    const { rows, appendedAt } = this.#end.take(now, this.#counters.lastAppendedAt)
    this.#counters.lastAppendedAt = appendedAt
    const producers = this.#producers.takeChanges()
    const barriers = this.#barriers.takeUnwritten()
    const groups = this.groups.takeChanges()
    if (rows.length === 0 && !this.#countersChanged && !producers && barriers.length === 0 && !groups) return null
    const countersInto = rows.length === 0 && this.#countersChanged ? this.newestRow : null
    this.#countersChanged = false
    return { seq, rows, countersInto, counters: encodePartitionCounters(this.#counters), producers, barriers, groups }
  }

  /** Why a batch that is not stored yet can't be appended, or null. */
  #refusal(batch: Submissions, routedBy: number, expectedOffset: number): Failure | null {
    if (this.#barriers.isBeyond(this.#partitions) || routedBy < this.#neededPartitions) {
      return { code: "partition_sealed", retryAfterMs: SEALED_RETRY_AFTER_MS }
    }
    const { endOffset } = this
    if (expectedOffset !== endOffset) return { code: "offset_mismatch", endOffset }
    if (this.#counters.storedBytes + batch.frameBytes > MAX_STORED_BYTES) return { code: "storage_full" }
    return null
  }

  #add(batch: Submissions, now: number): { readonly baseOffset: number; readonly appendedAt: number } {
    const baseOffset = this.endOffset
    this.#end.add(batch)
    this.#counters.storedBytes += batch.frameBytes
    this.#retention.appended(now)
    return { baseOffset, appendedAt: Math.max(this.#counters.lastAppendedAt, now) }
  }

  #retained(): RetainedLog {
    const { startOffset, lastAppendedAt, storedBytes } = this.#counters
    const { isAppending, stored } = this.#end
    const { endOffset, newestRow } = stored
    return { startOffset, endOffset, lastAppendedAt, storedBytes, newestRow, isAppending }
  }
}

function neededPartitions({ growths }: TopicSettings): number {
  return growths.at(-1)?.to ?? 0
}
