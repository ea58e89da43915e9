import type { KeyAt, LatestKey } from "../core/stream/compaction/sift.ts"
import type { Database } from "./database.ts"

/** SQL for the index from a key to its newest record. */
export class LatestKeyStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Notes a record of `key`, unless a newer one is known. */
  put(key: Uint8Array, offset: number): void {
    this.#database.run(
      `INSERT INTO latest_key (key, "offset", met_at) VALUES (?, ?, NULL)
       ON CONFLICT (key) DO UPDATE SET "offset" = excluded."offset", met_at = NULL
       WHERE excluded."offset" > latest_key."offset"`,
      key,
      offset,
    )
  }

  find(key: Uint8Array): LatestKey | null {
    const [row] = this.#database.all<{ offset: number; met_at: number | null }>(
      `SELECT "offset", met_at FROM latest_key WHERE key = ?`,
      key,
    )
    return row ? { offset: row.offset, metAt: row.met_at } : null
  }

  /** Notes when compaction first met the tombstone of `key`; null to meet it anew. */
  setMet(key: Uint8Array, metAt: number | null): void {
    this.#database.run("UPDATE latest_key SET met_at = ? WHERE key = ?", metAt, key)
  }

  /** Forgets a key whose newest record is still that at `offset`. */
  remove(key: Uint8Array, offset: number): void {
    this.#database.run(`DELETE FROM latest_key WHERE key = ? AND "offset" = ?`, key, offset)
  }

  /** When the tombstone was met that was met first, or null where there is none. */
  firstMetAt(): number | null {
    const [row] = this.#database.all<{ met_at: number }>(
      "SELECT met_at FROM latest_key WHERE met_at IS NOT NULL ORDER BY met_at LIMIT 1",
    )
    return row ? row.met_at : null
  }

  /** Tombstones that were met at `at` or before, in that order. */
  metUntil(at: number, limit: number): KeyAt[] {
    return this.#database.all<KeyAt>(
      `SELECT key, "offset" FROM latest_key WHERE met_at <= ? ORDER BY met_at LIMIT ?`,
      at,
      limit,
    )
  }

  /** Forgets everything. */
  clear(): void {
    this.#database.run("DELETE FROM latest_key")
  }
}
