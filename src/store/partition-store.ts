import { CorruptError } from "../core/bytes/corrupt.ts"
import { MAX_DELETIONS_PER_COMMIT } from "../core/limits.ts"
import { type TailRow, tailOf } from "../core/log/append.ts"
import { decodeRow } from "../core/log/row.ts"
import { planTrim } from "../core/log/trim.ts"
import type { Barrier } from "../core/stream/group-commands.ts"
import { decodePartitionCounters, NO_PARTITION_COUNTERS } from "../core/stream/counters.ts"
import { PARTITION_APPEND, type StoredEnd } from "../core/stream/log-end.ts"
import { Partition } from "../core/stream/partition.ts"
import type { PartitionChanges } from "../core/stream/partition-parts.ts"
import type { RowSize, RowSpans } from "../core/stream/row-spans.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import { BarrierStore } from "./barrier-store.ts"
import { newestCounters } from "./counters-store.ts"
import { reading } from "./damage.ts"
import type { Database } from "./database.ts"
import { GroupOffsetStore } from "./group-offset-store.ts"
import { LogStore, type NewestLogRow, type UnreadableRows } from "./log-store.ts"
import { ProducerStore } from "./producer-store.ts"

/** Loads a partition from its tables and writes what its commits change. */
export class PartitionStore {
  readonly log: LogStore
  readonly #producers: ProducerStore
  readonly #barriers: BarrierStore
  readonly #groups: GroupOffsetStore
  readonly #rows: RowSpans
  #seq = 0

  /** `unreadable` is kept beyond this store's life, where it can be. */
  constructor(database: Database, unreadable: UnreadableRows = new Set()) {
    this.log = new LogStore(database, unreadable)
    this.#producers = new ProducerStore(database)
    this.#barriers = new BarrierStore(database)
    this.#groups = new GroupOffsetStore(database)
    this.#rows = {
      at: (offset) => this.log.headerAt(offset),
      after: (offset) => this.log.headerAfter(offset),
      oldest: (limit) => this.log.before(Number.MAX_SAFE_INTEGER, limit),
    }
  }

  /** Number for the next commit. */
  nextSeq(): number {
    return this.#seq + 1
  }

  /** `index` is that of the partition in its topic. */
  load(incarnation: number, settings: TopicSettings, index = 0): Partition {
    const newest = reading("the end of the log", () => this.log.newest())
    this.#seq = newest?.seq ?? 0
    const counters = newestCounters(newest ? [newest] : [], decodePartitionCounters)
    return new Partition({
      incarnation,
      index,
      counters: counters ?? { ...NO_PARTITION_COUNTERS },
      end: newest ? endFrom(newest) : { tail: null, endOffset: 0, newestRow: null },
      producers: reading("the producers", () => this.#producers.all()),
      barriers: reading("the barriers", () => this.#barriers.all()),
      groups: reading("the offsets of groups", () => this.#groups.all()),
      rows: this.#rows,
      settings,
    })
  }

  /** Writes one commit. Call inside a transaction. */
  write(changes: PartitionChanges): void {
    const { seq, counters, countersInto, producers, groups } = changes
    for (const row of changes.rows) this.log.write(row, seq, counters)
    if (countersInto !== null) this.log.writeCounters(countersInto, seq, counters)
    for (const state of producers?.written ?? []) this.#producers.write(state)
    for (const producerId of producers?.forgotten ?? []) this.#producers.remove(producerId)
    this.writeBarriers(changes.barriers)
    for (const state of groups?.written ?? []) this.#groups.write(state)
    for (const group of groups?.forgotten ?? []) this.#groups.remove(group)
    this.#seq = seq
  }

  /** Writes new barriers outside a commit, in the turn in which the settings are written that made them. */
  writeBarriers(barriers: readonly Barrier[]): void {
    for (const barrier of barriers) this.#barriers.insert(barrier)
  }

  /** Whether a row waits to be deleted behind the log start. */
  hasGarbage(partition: Partition): boolean {
    return this.#garbage(partition, 1).length > 0
  }

  /**
   * Deletes a slice of the rows behind the log start. `release` prepares that, and answers how many of them can go now.
   * Call inside a transaction.
   */
  sweep(partition: Partition, release: (rows: readonly RowSize[]) => number): void {
    const candidates = this.#garbage(partition, MAX_DELETIONS_PER_COMMIT)
    const garbage = candidates.slice(0, release(candidates))
    for (const { baseOffset } of garbage) this.log.delete(baseOffset)
    if (garbage.length > 0) partition.deleted(garbage.reduce((bytes, row) => bytes + row.bytes, 0))
  }

  /** Rows wholly behind the log start. The newest row stays: the log's end and counters are in it. */
  #garbage(partition: Partition, limit: number): RowSize[] {
    const { startOffset, endOffset } = partition
    const candidates = this.log.deletable(startOffset, limit)
    const { dropped } = planTrim(candidates, startOffset, endOffset, startOffset)
    return dropped.filter((row) => row.baseOffset !== partition.newestRow)
  }
}

function endFrom(newest: NewestLogRow): StoredEnd {
  return { tail: tailFrom(newest), endOffset: newest.lastOffset + 1, newestRow: newest.baseOffset }
}

/** The last row while it may still grow; a damaged one never grows. */
function tailFrom(newest: NewestLogRow): TailRow | null {
  try {
    return tailOf(decodeRow(newest.header, newest.frames), PARTITION_APPEND)
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}
