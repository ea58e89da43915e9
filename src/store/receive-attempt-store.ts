import type { ReceiveAttemptRow } from "../core/queue/changes.ts"
import type { Database } from "./database.ts"

interface Row {
  id: string
  expires_at: number
  leases: Uint8Array
}

/** SQL for what receives with an attempt id handed out. */
export class ReceiveAttemptStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Stores a row, in place of the one with its id. */
  write(row: ReceiveAttemptRow): void {
    this.#database.run(
      `INSERT INTO receive_attempt (id, expires_at, leases) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at, leases = excluded.leases`,
      row.id,
      row.expiresAt,
      row.leases,
    )
  }

  remove(id: string): void {
    this.#database.run("DELETE FROM receive_attempt WHERE id = ?", id)
  }

  /** All rows, in order of their ids. */
  all(): ReceiveAttemptRow[] {
    const rows = this.#database.all<Row>("SELECT id, expires_at, leases FROM receive_attempt ORDER BY id")
    return rows.map(({ expires_at, ...row }) => ({ ...row, expiresAt: expires_at }))
  }
}
