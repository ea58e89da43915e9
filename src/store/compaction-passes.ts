import type { Row } from "../core/log/row.ts"
import { planRewrites } from "../core/stream/compaction/join.ts"
import { type SiftedRow, siftRow } from "../core/stream/compaction/sift.ts"
import { type CompactionPass, type CompactionState, passDueAt } from "../core/stream/compaction/state.ts"
import type { Partition } from "../core/stream/partition.ts"
import { hasOlderHome } from "../core/stream/key-homes.ts"
import { headerOrNull } from "../core/stream/row-spans.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import { decodeStored, type SliceLimits, takeRows } from "./compaction-rows.ts"
import type { KeyIndex } from "./key-index.ts"
import type { LatestKeyStore } from "./latest-key-store.ts"
import type { LogStore } from "./log-store.ts"

/** Counters count in the newest row only, and that one is never rewritten here. */
const NO_COUNTERS = new Uint8Array(0)
const NO_SEQ = 0

/** What one slice works with. */
interface Slice {
  readonly partition: Partition
  readonly settings: TopicSettings
  readonly now: number
}

/**
 * Walks over the log and drops what newer records replaced; between the walks, tombstones whose time is over. Works on
 * rows before the newest one only.
 */
export class CompactionPasses {
  readonly #log: LogStore
  readonly #keys: LatestKeyStore
  readonly #index: KeyIndex
  readonly #limits: SliceLimits
  #firstMetAt: number | null
  /** The last append into the oldest row behind `from` that can be read. */
  #dirty: { readonly from: number; readonly at: number } | null = null

  constructor(log: LogStore, keys: LatestKeyStore, index: KeyIndex, limits: SliceLimits) {
    this.#log = log
    this.#keys = keys
    this.#index = index
    this.#limits = limits
    this.#firstMetAt = keys.firstMetAt()
  }

  /** When the next slice is due, or null; 0 while a pass is under way. */
  nextDueAt(state: CompactionState, partition: Partition, settings: TopicSettings): number | null {
    if (state.pass) return 0
    const passAt = this.#passDueAt(state, partition, settings)
    const tombstonesAt = this.#firstMetAt === null ? null : this.#firstMetAt + settings.deleteRetentionMs
    if (passAt === null || tombstonesAt === null) return passAt ?? tombstonesAt
    return Math.min(passAt, tombstonesAt)
  }

  /** Works off one slice of what is due, and answers how far it came. */
  advance(state: CompactionState, partition: Partition, settings: TopicSettings, now: number): CompactionState {
    const slice = { partition, settings, now }
    const pass = state.pass ?? this.#newPass(state, slice)
    const next = pass ? this.#passSlice(state, pass, slice) : this.#tombstoneSlice(state, slice)
    this.#firstMetAt = this.#keys.firstMetAt()
    return next
  }

  #passDueAt(state: CompactionState, partition: Partition, settings: TopicSettings): number | null {
    const dueAt = (firstDirtyAt: number): number | null =>
      passDueAt(state, partition.statistics.bytes, firstDirtyAt, settings.minCompactionLagMs)
    if (dueAt(0) === null) return null
    const firstDirtyAt = this.#firstDirtyAt(state, partition)
    return firstDirtyAt === null ? null : dueAt(firstDirtyAt)
  }

  #newPass(state: CompactionState, { partition, settings, now }: Slice): CompactionPass | null {
    const dueAt = this.#passDueAt(state, partition, settings)
    const { startOffset, newestRow } = partition
    if (dueAt === null || dueAt > now || newestRow === null) return null
    return { nextOffset: startOffset, endOffset: newestRow }
  }

  #passSlice(state: CompactionState, pass: CompactionPass, slice: Slice): CompactionState {
    const from = Math.max(pass.nextOffset, slice.partition.startOffset)
    const { rows, nextOffset, isLast } = takeRows(this.#log, from, this.#limits, ({ stored, row }) => {
      return stored.baseOffset < pass.endOffset && !(row && isYoung(row, slice))
    })
    const sifted = rows.map(({ row }) => row && this.#sift(row, slice))
    this.#store(sifted, slice)
    let { cleanOffset, cleanBytes } = state
    for (const [index, { stored }] of rows.entries()) {
      const droppedBytes = sifted[index]?.droppedBytes ?? 0
      cleanBytes += stored.baseOffset < state.cleanOffset ? -droppedBytes : stored.frames.length - droppedBytes
    }
    if (rows.length > 0) cleanOffset = Math.max(cleanOffset, nextOffset)
    return {
      ...state,
      cleanOffset,
      cleanBytes: Math.max(0, cleanBytes),
      pass: isLast ? null : { nextOffset, endOffset: pass.endOffset },
    }
  }

  /** Rows are taken one by one here: they need not be neighbours. */
  #tombstoneSlice(state: CompactionState, slice: Slice): CompactionState {
    const { settings, now, partition } = slice
    const gone = new Set<number>()
    let { cleanBytes } = state
    let bytes = 0
    let records = 0
    for (const { key, offset } of this.#keys.metUntil(now - settings.deleteRetentionMs, this.#limits.rows)) {
      if (gone.has(offset)) continue
      if (bytes >= this.#limits.bytes || records >= this.#limits.records) break
      const stored = offset < partition.startOffset ? null : this.#index.rowWith(offset)
      if (!stored) {
        this.#keys.remove(key, offset)
        continue
      }
      const row = decodeStored(stored)
      bytes += stored.frames.length
      records += row?.header.entries.length ?? 0
      const sifted = row && !isYoung(row, slice) ? this.#sift(row, slice) : null
      for (const tombstone of sifted?.gone ?? []) gone.add(tombstone.offset)
      if (sifted) this.#store([sifted], slice)
      if (stored.baseOffset < state.cleanOffset) cleanBytes -= sifted?.droppedBytes ?? 0
      // what can't go now is met again by a later pass
      if (!gone.has(offset)) this.#keys.setMet(key, null)
    }
    return { ...state, cleanBytes: Math.max(0, cleanBytes) }
  }

  #sift(row: Row, { partition, settings, now }: Slice): SiftedRow {
    const latestOf = (key: Uint8Array) => this.#keys.find(key)
    const isNeeded = (key: Uint8Array) => hasOlderHome(key, partition.index, settings)
    return siftRow(row, { latestOf, now, deleteRetentionMs: settings.deleteRetentionMs, isNeeded })
  }

  /** Writes what became of neighbouring rows. */
  #store(rows: readonly (SiftedRow | null)[], { partition, now }: Slice): void {
    const rewrites = planRewrites(rows)
    for (const { replaced, row } of rewrites) {
      for (const baseOffset of replaced) this.#log.delete(baseOffset)
      if (row) this.#log.write({ ...row, expiresAt: null, extendsTail: false }, NO_SEQ, NO_COUNTERS)
    }
    let droppedBytes = 0
    for (const row of rows) {
      if (!row) continue
      droppedBytes += row.droppedBytes
      for (const { key } of row.met) this.#keys.setMet(key, now)
      for (const { key, offset } of row.gone) this.#keys.remove(key, offset)
    }
    if (rewrites.length > 0) partition.compacted(droppedBytes)
  }

  #firstDirtyAt(state: CompactionState, { startOffset, newestRow }: Partition): number | null {
    const from = Math.max(state.cleanOffset, startOffset)
    if (newestRow === null || from >= newestRow) return null
    if (this.#dirty?.from === from) return this.#dirty.at
    let behind = from - 1
    for (let looked = 0; looked < this.#limits.rows; looked++) {
      const row = this.#log.headerAfter(behind)
      if (!row || row.baseOffset >= newestRow) return null
      const last = headerOrNull(row)?.entries.at(-1)
      if (last) {
        this.#dirty = { from, at: last.appendedAt }
        return last.appendedAt
      }
      behind = row.baseOffset
    }
    return null
  }
}

/** Whether a row holds a record that compaction must not touch yet. */
function isYoung({ header }: Row, { settings, now }: Slice): boolean {
  return header.entries.at(-1)!.appendedAt + settings.minCompactionLagMs > now
}
