import type { Barrier } from "../core/stream/group-commands.ts"
import type { Database } from "./database.ts"

/** SQL for where adding partitions cut the log of one partition. */
export class BarrierStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** All of them, the oldest first. */
  all(): Barrier[] {
    return this.#database.all<Barrier>(`SELECT partitions, "offset" FROM barrier ORDER BY partitions`)
  }

  insert({ partitions, offset }: Barrier): void {
    this.#database.run(`INSERT INTO barrier (partitions, "offset") VALUES (?, ?)`, partitions, offset)
  }
}
