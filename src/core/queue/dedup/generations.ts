import { MAX_DEDUP_GENERATION_IDS } from "../../limits.ts"
import type { DedupKey } from "../../log/types.ts"
import { type ExpiredRow, Generation, type RowMark } from "./generation.ts"

/** Below this a table is too small to matter. */
const MIN_GENERATION_IDS = 1024

/**
 * All rows in memory. A generation is given room for as many ids as are live when it begins, within bounds: so there
 * are few to search, and of what has expired no more stays in memory than lives.
 */
export class Generations {
  #all: Generation[] = []
  /** The one that the newest row is in. */
  #newest: Generation | null = null
  #liveIds = 0

  /** Ids in rows that have not expired. */
  get liveIds(): number {
    return this.#liveIds
  }

  /** When the newest row expires, or null where none is left. */
  get newestExpiresAt(): number | null {
    let newest: Generation | null = null
    for (const generation of this.#all) if (!newest || generation.lastNo > newest.lastNo) newest = generation
    return newest && newest.lastExpiresAt
  }

  /** Adds a row with a number higher than any before. */
  add(row: RowMark): void {
    let best: Generation | null = null
    for (const generation of this.#all) {
      // the closest below: a clock that went back, or a shorter window, must not begin a generation per row
      if (generation.takes(row) && (!best || generation.lastExpiresAt > best.lastExpiresAt)) best = generation
    }
    if (!best) {
      best = new Generation(Math.min(Math.max(this.#liveIds, MIN_GENERATION_IDS), MAX_DEDUP_GENERATION_IDS))
      this.#all.push(best)
    }
    best.add(row)
    this.#newest = best
    this.#liveIds += row.hashes.length
  }

  /** Adds ids to the row that was added last and has not expired. */
  extendNewest(expiresAt: number, hashes: readonly number[]): void {
    this.#newest!.extendLast(expiresAt, hashes)
    this.#liveIds += hashes.length
  }

  /** Numbers of the rows that may hold the key at `now`, newest first. */
  candidates(dedup: DedupKey, now: number): readonly number[] {
    const nos: number[] = []
    for (const generation of this.#all) generation.collect(dedup, now, nos)
    return nos.length > 1 ? nos.sort((a, b) => b - a) : nos
  }

  /** Forgets the rows that have expired at `now`. */
  expire(now: number): readonly ExpiredRow[] {
    const expired: ExpiredRow[] = []
    for (const generation of this.#all) {
      for (let row = generation.expireNext(now); row; row = generation.expireNext(now)) {
        expired.push(row)
        this.#liveIds -= row.ids
      }
    }
    if (expired.length > 0) this.#all = this.#all.filter((generation) => !generation.isEmpty)
    return expired
  }
}
