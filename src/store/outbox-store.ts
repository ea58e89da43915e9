import type { Database } from "./database.ts"

/** A frame on its way to another object. */
export interface OutboxRow {
  readonly seq: number
  /** Name of the target object. */
  readonly target: string
  readonly keyHash: number
  readonly frame: Uint8Array
}

/** SQL for what leaves for other objects, and for what came from them. */
export class OutboxStore {
  readonly #database: Database
  /** Every target with rows, and maybe some without; null until somebody asks, which must be between commits. */
  #targets: Set<string> | null = null

  constructor(database: Database) {
    this.#database = database
  }

  add(row: OutboxRow): void {
    this.#targets?.add(row.target)
    this.#database.run(
      "INSERT INTO outbox (seq, target, key_hash, frame) VALUES (?, ?, ?, ?)",
      row.seq,
      row.target,
      row.keyHash,
      row.frame,
    )
  }

  /**
   * The targets that something waits for, and maybe some that nothing does any more: `oldest` tells, and forgets
   * them. Only the first call reads the outbox, as an index by target would cost a row for every message.
   */
  targets(): string[] {
    this.#targets ??= this.#readTargets()
    return [...this.#targets]
  }

  /** How much waits, and the highest sequence in it. */
  summary(): { readonly count: number; readonly lastSeq: number } {
    const [row] = this.#database.all<{ count: number; last_seq: number | null }>(
      "SELECT count(*) AS count, max(seq) AS last_seq FROM outbox",
    )
    return { count: row?.count ?? 0, lastSeq: row?.last_seq ?? 0 }
  }

  /** The oldest rows for `target`. */
  oldest(target: string, limit: number): OutboxRow[] {
    const rows = this.#database.all<{ seq: number; target: string; key_hash: number; frame: Uint8Array }>(
      "SELECT seq, target, key_hash, frame FROM outbox WHERE target = ? ORDER BY seq LIMIT ?",
      target,
      limit,
    )
    if (rows.length === 0) this.#targets?.delete(target)
    return rows.map(({ key_hash, ...row }) => ({ ...row, keyHash: key_hash }))
  }

  /** Forgets what `target` has taken. Answers how many rows that were. */
  taken(target: string, seq: number): number {
    return this.#database.all("DELETE FROM outbox WHERE target = ? AND seq <= ? RETURNING seq", target, seq).length
  }

  /** The highest sequence taken from a source, 0 for none. */
  takenFrom(source: string, incarnation: number): number {
    const [row] = this.#database.all<{ seq: number }>(
      "SELECT seq FROM inbox WHERE source = ? AND incarnation = ?",
      source,
      incarnation,
    )
    return row?.seq ?? 0
  }

  /** Remembers what was taken from a source; what is below the highest so far changes nothing. */
  take(source: string, incarnation: number, seq: number): void {
    this.#database.run(
      `INSERT INTO inbox (source, incarnation, seq) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET seq = excluded.seq WHERE excluded.seq > inbox.seq`,
      source,
      incarnation,
      seq,
    )
  }
  #readTargets(): Set<string> {
    const rows = this.#database.all<{ target: string }>("SELECT DISTINCT target FROM outbox")
    return new Set(rows.map((row) => row.target))
  }
}
