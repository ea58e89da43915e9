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
  /**
   * Every target with rows, and maybe some without, each with a sequence that none of its rows is below: so the rows
   * of others before it are not looked at. Null until somebody asks, which must be between commits.
   */
  #targets: Map<string, number> | null = null

  constructor(database: Database) {
    this.#database = database
  }

  add(row: OutboxRow): void {
    this.#note(row.target, row.seq)
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
    return [...this.#targets.keys()]
  }

  /** How much waits, and the highest sequence in it. */
  summary(): { readonly count: number; readonly lastSeq: number } {
    const [row] = this.#database.all<{ count: number; last_seq: number | null }>(
      "SELECT count(*) AS count, max(seq) AS last_seq FROM outbox",
    )
    return { count: row?.count ?? 0, lastSeq: row?.last_seq ?? 0 }
  }

  /** The oldest rows for `target`, at most `limit`, and none more from `maxBytes` on. */
  oldest(target: string, limit: number, maxBytes = Infinity): OutboxRow[] {
    const sizes = this.#sizes(target, this.#targets?.get(target) ?? 0, limit)
    const first = sizes[0]?.seq
    if (first === undefined) {
      this.#targets?.delete(target)
      return []
    }
    this.#targets?.set(target, first)
    let [last, bytes] = [first, 0]
    for (const size of sizes) {
      if (bytes >= maxBytes) break
      last = size.seq
      bytes += size.bytes
    }
    return this.#between(target, first, last)
  }

  /** Forgets what `target` has taken. Answers how many rows that were. */
  taken(target: string, seq: number): number {
    return this.#database.all(
      "DELETE FROM outbox WHERE target = ? AND seq BETWEEN ? AND ? RETURNING seq",
      target,
      this.#targets?.get(target) ?? 0,
      seq,
    ).length
  }

  /** Sends a row to another target, under the sequence that it has. */
  redirect(seq: number, target: string): void {
    this.#note(target, seq)
    this.#database.run("UPDATE outbox SET target = ? WHERE seq = ?", target, seq)
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

  /** How large the oldest rows for a target are, without their frames, which may be more than memory takes. */
  #sizes(target: string, from: number, limit: number): { readonly seq: number; readonly bytes: number }[] {
    return this.#database.all<{ seq: number; bytes: number }>(
      "SELECT seq, length(frame) AS bytes FROM outbox WHERE target = ? AND seq >= ? ORDER BY seq LIMIT ?",
      target,
      from,
      limit,
    )
  }

  #between(target: string, first: number, last: number): OutboxRow[] {
    const rows = this.#database.all<{ seq: number; target: string; key_hash: number; frame: Uint8Array }>(
      "SELECT seq, target, key_hash, frame FROM outbox WHERE target = ? AND seq BETWEEN ? AND ? ORDER BY seq",
      target,
      first,
      last,
    )
    return rows.map(({ key_hash, ...row }) => ({ ...row, keyHash: key_hash }))
  }

  /** A later life of the object begins with low sequences again, and a row that is sent on keeps its own. */
  #note(target: string, seq: number): void {
    const known = this.#targets?.get(target) ?? seq
    this.#targets?.set(target, Math.min(known, seq))
  }

  #readTargets(): Map<string, number> {
    const rows = this.#database.all<{ target: string; seq: number }>(
      "SELECT target, min(seq) AS seq FROM outbox GROUP BY target",
    )
    return new Map(rows.map(({ target, seq }) => [target, seq]))
  }
}
