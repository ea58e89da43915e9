import { CorruptError } from "../core/bytes/corrupt.ts"
import { MAX_DELETIONS_PER_COMMIT } from "../core/limits.ts"
import { type TailRow, tailOf } from "../core/log/append.ts"
import { decodeRow } from "../core/log/row.ts"
import { planTrim } from "../core/log/trim.ts"
import { decodePartitionCounters } from "../core/stream/counters.ts"
import { Partition, PARTITION_APPEND, type PartitionChanges } from "../core/stream/partition.ts"
import type { Database } from "./database.ts"
import { LogStore, type NewestLogRow } from "./log-store.ts"

/** Loads a partition from its tables and writes what its commits change. */
export class PartitionStore {
  readonly log: LogStore
  #seq = 0

  constructor(database: Database) {
    this.log = new LogStore(database)
  }

  /** Number for the next commit. */
  nextSeq(): number {
    return this.#seq + 1
  }

  load(incarnation: number): Partition {
    const newest = this.log.newest()
    this.#seq = newest?.seq ?? 0
    return new Partition({
      incarnation,
      counters: newest
        ? decodePartitionCounters(newest.counters)
        : { startOffset: 0, lastAppendedAt: 0, storedBytes: 0 },
      tail: newest ? tailFrom(newest) : null,
      endOffset: newest ? newest.lastOffset + 1 : 0,
      newestRow: newest?.baseOffset ?? null,
    })
  }

  /** Writes one commit. Call inside a transaction. */
  write(changes: PartitionChanges): void {
    const { seq, counters, countersInto } = changes
    for (const row of changes.rows) this.log.write(row, seq, counters)
    if (countersInto !== null) this.log.writeCounters(countersInto, seq, counters)
    this.#seq = seq
  }

  /** Whether a row waits to be deleted behind the log start. */
  hasGarbage(partition: Partition): boolean {
    return this.#garbage(partition, 1).length > 0
  }

  /** Deletes a slice of the rows behind the log start. Call inside a transaction. */
  sweep(partition: Partition): void {
    const garbage = this.#garbage(partition, MAX_DELETIONS_PER_COMMIT)
    for (const { baseOffset } of garbage) this.log.delete(baseOffset)
    if (garbage.length > 0) partition.deleted(garbage.reduce((bytes, row) => bytes + row.bytes, 0))
  }

  /** Rows wholly behind the log start. The newest row stays: the log's end and counters are in it. */
  #garbage(partition: Partition, limit: number): { readonly baseOffset: number; readonly bytes: number }[] {
    const { startOffset, endOffset } = partition
    const candidates = this.log.before(startOffset, limit)
    const { dropped } = planTrim(candidates, startOffset, endOffset, startOffset)
    return dropped.filter((row) => row.baseOffset !== partition.newestRow)
  }
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
