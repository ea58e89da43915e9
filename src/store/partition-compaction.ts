import type { Failure } from "../core/errors.ts"
import { COMPACTION_REST_MS, MAX_COMPACTED_BYTES, MAX_COMPACTED_RECORDS, MAX_COMPACTED_ROWS } from "../core/limits.ts"
import type { AppendRow } from "../core/log/append.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { LatestRecord } from "../core/stream/commands.ts"
import { type CompactionState, UNCOMPACTED } from "../core/stream/compaction/state.ts"
import type { Partition } from "../core/stream/partition.ts"
import type { RowSize } from "../core/stream/row-spans.ts"
import { isCompacted, type TopicSettings } from "../core/stream/settings.ts"
import { CompactionPasses } from "./compaction-passes.ts"
import { decodeStored, type SliceLimits, takeRows } from "./compaction-rows.ts"
import { CompactionStore } from "./compaction-store.ts"
import type { Database } from "./database.ts"
import { KeyIndex } from "./key-index.ts"
import { LatestKeyStore } from "./latest-key-store.ts"
import type { LogStore } from "./log-store.ts"

const LIMITS: SliceLimits = { rows: MAX_COMPACTED_ROWS, bytes: MAX_COMPACTED_BYTES, records: MAX_COMPACTED_RECORDS }

/** When a look-up is worth another try while the index is being built. */
const INDEX_RETRY_MS = 1_000

/**
 * The compaction of one partition: an index from each key to its newest record, kept with every append, and passes over
 * the log that drop what the index does not name. All of it goes in bounded slices, one to a transaction, and every slice
 * stores how far it came: whatever ends in between, the next one goes on there.
 */
export class PartitionCompaction {
  readonly #database: Database
  readonly #log: LogStore
  readonly #keys: LatestKeyStore
  readonly #store: CompactionStore
  readonly #limits: SliceLimits
  #settings: TopicSettings
  #state: CompactionState = UNCOMPACTED
  #isStored = true
  #index: KeyIndex
  #passes: CompactionPasses
  /** The build takes in what was stored before it; later records are indexed as they come. */
  #buildEnd = 0
  #restUntil = 0

  /** `limits` bound a slice. */
  constructor(
    database: Database,
    log: LogStore,
    partition: Partition,
    settings: TopicSettings,
    limits: SliceLimits = LIMITS,
  ) {
    this.#database = database
    this.#log = log
    this.#keys = new LatestKeyStore(database)
    this.#store = new CompactionStore(database)
    this.#limits = limits
    this.#settings = settings
    this.#begin(partition)
    this.#index = new KeyIndex(this.#keys, log, partition.endOffset)
    this.#passes = new CompactionPasses(log, this.#keys, this.#index, limits)
  }

  /** Goes by other settings. A topic that is no longer compacted forgets its index; one that is again builds it anew. */
  applySettings(partition: Partition, settings: TopicSettings): void {
    const wasCompacted = isCompacted(this.#settings)
    this.#settings = settings
    if (wasCompacted === isCompacted(settings)) return
    this.#begin(partition)
    this.#index = new KeyIndex(this.#keys, this.#log, partition.endOffset)
    this.#passes = new CompactionPasses(this.#log, this.#keys, this.#index, this.#limits)
  }

  /** Indexes what a commit appended. Call inside its transaction. */
  appended(rows: readonly AppendRow[]): void {
    if (!isCompacted(this.#settings)) return
    this.#index.append(rows)
    if (!this.#isStored && rows.length > 0) this.#save(this.#state)
  }

  /**
   * Prepares the deletion of `rows`, the oldest ones: lets the index forget what points into them, as far as a slice
   * goes. Answers how many of them can go now. Call inside the transaction that deletes them.
   */
  release(rows: readonly RowSize[]): number {
    if (!isCompacted(this.#settings)) return rows.length
    let { cleanBytes } = this.#state
    let count = 0
    let bytes = 0
    let records = 0
    for (const { baseOffset, bytes: rowBytes } of rows) {
      if (count > 0 && (count >= this.#limits.rows || bytes >= this.#limits.bytes || records >= this.#limits.records)) {
        break
      }
      const stored = this.#log.read(baseOffset)
      const row = stored && decodeStored(stored)
      if (row) this.#index.release(row)
      if (baseOffset < this.#state.cleanOffset) cleanBytes = Math.max(0, cleanBytes - rowBytes)
      bytes += rowBytes
      records += row?.header.entries.length ?? 0
      count++
    }
    if (cleanBytes !== this.#state.cleanBytes) this.#save({ ...this.#state, cleanBytes })
    return count
  }

  /** Works off one slice where one is due. Call inside a transaction, before the commit's rows are written. */
  advance(partition: Partition, now: number): void {
    const dueAt = this.nextDeadlineAt(partition)
    if (dueAt === null || dueAt > now) return
    if (this.#state.indexNext === null) this.#save(this.#passes.advance(this.#state, partition, this.#settings, now))
    else this.#buildSlice(this.#state.indexNext, partition)
    this.#restUntil = now + COMPACTION_REST_MS
  }

  /** When the next slice is due, or null. */
  nextDeadlineAt(partition: Partition): number | null {
    if (!isCompacted(this.#settings)) return null
    const isBuilding = this.#state.indexNext !== null
    const dueAt = isBuilding ? 0 : this.#passes.nextDueAt(this.#state, partition, this.#settings)
    return dueAt === null ? null : Math.max(dueAt, this.#restUntil)
  }

  /** The newest committed record of `key`, which may be a tombstone; `notFound` where there is none. */
  latest(partition: Partition, key: Uint8Array, notFound: Failure): Result<LatestRecord, Failure> {
    if (!isCompacted(this.#settings)) return err({ code: "conflict", detail: "the topic is not compacted" })
    if (this.#state.indexNext !== null) return err({ code: "unavailable", retryAfterMs: INDEX_RETRY_MS })
    const found = this.#index.latest(key, partition.startOffset, notFound)
    if (!found.ok) return found
    return ok({ ...found.value, appendedBefore: partition.appendedBefore(found.value.offset) })
  }

  #begin(partition: Partition): void {
    const stored = this.#store.read()
    this.#state = stored ?? UNCOMPACTED
    this.#isStored = true
    this.#buildEnd = partition.endOffset
    if (!isCompacted(this.#settings)) {
      if (stored) this.#forget()
    } else if (partition.endOffset === 0) {
      // nothing to index; a commit that appends says so in storage
      this.#state = { ...UNCOMPACTED, indexNext: null }
      this.#isStored = false
    }
  }

  #forget(): void {
    this.#database.transaction(() => {
      this.#keys.clear()
      this.#store.clear()
    })
    this.#state = UNCOMPACTED
  }

  #buildSlice(from: number, partition: Partition): void {
    const start = Math.max(from, partition.startOffset)
    const slice = takeRows(this.#log, start, this.#limits, ({ stored }) => stored.baseOffset < this.#buildEnd)
    for (const { row } of slice.rows) if (row) this.#index.build(row)
    this.#save({ ...this.#state, indexNext: slice.isLast ? null : slice.nextOffset })
  }

  #save(state: CompactionState): void {
    this.#state = state
    this.#isStored = true
    this.#store.write(state)
  }
}
