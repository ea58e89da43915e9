import type { DedupRow } from "../core/queue/changes.ts"
import type { Database } from "./database.ts"

interface Row {
  no: number
  expires_at: number
  ids: Uint8Array
}

/** A load reads all rows, a few at a time: they may be many, and of a mebibyte. */
const STEP_ROWS = 4

/** SQL for the rows of deduplication ids. */
export class DedupStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Stores a row, in place of the one with its number. */
  write(row: DedupRow): void {
    this.#database.run(
      `INSERT INTO dedup (no, expires_at, ids) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at, ids = excluded.ids`,
      row.no,
      row.expiresAt,
      row.ids,
    )
  }

  remove(no: number): void {
    this.#database.run("DELETE FROM dedup WHERE no = ?", no)
  }

  /** The ids of a row, or null where there is none. */
  read(no: number): Uint8Array | null {
    const [row] = this.#database.all<{ ids: Uint8Array }>("SELECT ids FROM dedup WHERE no = ?", no)
    return row ? row.ids : null
  }

  /** Visits every row in order of its number. */
  all(visit: (row: DedupRow) => void): void {
    let after = -1
    for (;;) {
      const rows = this.#behind(after)
      for (const row of rows) visit(row)
      const last = rows.at(-1)
      if (!last || rows.length < STEP_ROWS) return
      after = last.no
    }
  }

  #behind(no: number): DedupRow[] {
    const rows = this.#database.all<Row>(
      "SELECT no, expires_at, ids FROM dedup WHERE no > ? ORDER BY no LIMIT ?",
      no,
      STEP_ROWS,
    )
    return rows.map(({ expires_at, ...row }) => ({ ...row, expiresAt: expires_at }))
  }
}
