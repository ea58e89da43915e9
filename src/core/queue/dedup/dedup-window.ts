import { CorruptError } from "../../bytes/corrupt.ts"
import { equalBytes } from "../../bytes/equal.ts"
import { keyHash } from "../../bytes/key-hash.ts"
import { MAX_DEDUP_DELETIONS, MAX_DEDUP_IDS } from "../../limits.ts"
import type { DedupKey } from "../../log/types.ts"
import type { DedupRow, RowChanges } from "../changes.ts"
import { Generations } from "./generations.ts"
import { type DedupSource, RowLookup } from "./row-lookup.ts"
import { readDedupRow } from "./row-codec.ts"
import { type PendingId, planRows, type TailRow, unsealed } from "./row-plan.ts"

const NO_CHANGES: RowChanges<DedupRow, number> = { written: [], removed: [] }

/**
 * Which deduplication ids were used, by which messages, until when. Rows hold the ids; memory holds hashes of them,
 * and a hit is confirmed from the row. Expects of a caller that `hash` is `keyHash(key)`.
 */
export class DedupWindow {
  readonly #generations = new Generations()
  readonly #lookup: RowLookup
  #pending: PendingId[] = []
  readonly #pendingByHash = new Map<number, PendingId[]>()
  #tail: TailRow | null = null
  #nextNo = 1
  /** Rows that have expired and are still stored. */
  readonly #expired: number[] = []
  #lastExpiredAt = 0

  constructor(source: DedupSource) {
    this.#lookup = new RowLookup(source)
  }

  /** Takes account of a stored row; call in order of `no`, before anything else. Ids of a damaged row are forgotten. */
  restore(row: DedupRow): void {
    const { no, expiresAt } = row
    const contents = contentsOf(row)
    this.#generations.add({ no, expiresAt, hashes: contents?.hashes ?? [] })
    this.#tail = contents && unsealed(contents.newest)
    this.#nextNo = row.no + 1
  }

  /** The id of the message that holds this key at `now`, or null. Knows what the current commit added, too. */
  find(dedup: DedupKey, now: number): number | null {
    const pending = this.#pendingByHash.get(dedup.hash)
    const added = pending?.findLast(({ expiresAt, key }) => expiresAt > now && equalBytes(key, dedup.key))
    if (added) return added.messageId
    for (const no of this.#generations.candidates(dedup, now)) {
      const messageId = this.#lookup.find(no, dedup, now)
      if (messageId !== null) return messageId
    }
    return null
  }

  /** Remembers a key until the instant `expiresAt`, as part of the current commit. */
  add({ hash, key }: DedupKey, messageId: number, expiresAt: number): void {
    const id = { hash, key, messageId, expiresAt }
    this.#pending.push(id)
    const sameHash = this.#pendingByHash.get(hash)
    if (sameHash) sameHash.push(id)
    else this.#pendingByHash.set(hash, [id])
  }

  /** Whether `count` more ids may be added. */
  hasRoomFor(count: number, now: number): boolean {
    const free = MAX_DEDUP_IDS - this.#pending.length - count
    if (this.#generations.liveIds <= free) return true
    this.#expire(now)
    return this.#generations.liveIds <= free
  }

  /** What the current commit writes, and what it deletes of what has expired; the next commit begins. */
  takeChanges(now: number): RowChanges<DedupRow, number> {
    this.#lookup.forget()
    this.#expire(now)
    if (this.#pending.length === 0 && this.#expired.length === 0) return NO_CHANGES
    return { written: this.#takePending(now), removed: this.#expired.splice(0, MAX_DEDUP_DELETIONS) }
  }

  /**
   * When a commit should be made if none comes by itself, so that all that has expired is deleted: the expiry of the
   * newest row; an instant that has passed while more has expired than was deleted; null when nothing is stored.
   */
  get nextSweepAt(): number | null {
    return this.#expired.length > 0 ? this.#lastExpiredAt : this.#generations.newestExpiresAt
  }

  #expire(now: number): void {
    for (const { no, expiresAt } of this.#generations.expire(now)) {
      this.#expired.push(no)
      this.#lastExpiredAt = expiresAt
      if (no === this.#tail?.row.no) this.#tail = null
    }
  }

  #takePending(now: number): readonly DedupRow[] {
    if (this.#pending.length === 0) return []
    const plan = planRows(this.#tail, this.#pending, this.#nextNo, now)
    for (const { row, hashes, extendsTail } of plan.rows) {
      if (extendsTail) this.#generations.extendNewest(row.expiresAt, hashes)
      else this.#generations.add({ no: row.no, expiresAt: row.expiresAt, hashes })
      this.#nextNo = row.no + 1
    }
    this.#tail = plan.tail
    this.#pending = []
    this.#pendingByHash.clear()
    return plan.rows.map(({ row }) => row)
  }
}

/** Hashes of the keys in a row, and the row as the newest one; null where it is damaged. */
function contentsOf(row: DedupRow): { hashes: number[]; newest: TailRow } | null {
  const hashes: number[] = []
  let firstExpiresAt: number | null = null
  let last = { expiresAt: 0, messageId: 0 }
  try {
    for (const { expiresAt, messageId, key } of readDedupRow(row.ids)) {
      hashes.push(keyHash(key))
      firstExpiresAt ??= expiresAt
      last = { expiresAt, messageId }
    }
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
  return { hashes, newest: { row, firstExpiresAt: firstExpiresAt ?? 0, last } }
}
