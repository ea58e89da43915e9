import type { RedriveRow } from "../core/queue/changes.ts"
import type { Database } from "./database.ts"

/** SQL for the redrives of a queue. */
export class RedriveStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Stores a row, in place of the one with its number. */
  write(row: RedriveRow): void {
    this.#database.run(
      "INSERT INTO redrive (no, task) VALUES (?, ?) ON CONFLICT DO UPDATE SET task = excluded.task",
      row.no,
      row.task,
    )
  }

  /** All rows, newest first. */
  all(): RedriveRow[] {
    return this.#database.all<{ no: number; task: string }>("SELECT no, task FROM redrive ORDER BY no DESC")
  }

  /** Forgets all but the newest. */
  keepNewest(count: number): void {
    this.#database.run(
      "DELETE FROM redrive WHERE no <= (SELECT no FROM redrive ORDER BY no DESC LIMIT 1 OFFSET ?)",
      count,
    )
  }
}
