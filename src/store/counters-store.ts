import type { Database } from "./database.ts"
import type { StoredCounters } from "./delivery-store.ts"

/** SQL for the counters of a commit that wrote no row in which they could ride. */
export class CountersStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  read(): StoredCounters | null {
    const [row] = this.#database.all<{ seq: number; counters: Uint8Array }>(
      "SELECT seq, counters FROM counters WHERE id = 0",
    )
    return row ?? null
  }

  write(seq: number, counters: Uint8Array): void {
    this.#database.run(
      `INSERT INTO counters (id, seq, counters) VALUES (0, ?, ?)
       ON CONFLICT DO UPDATE SET seq = excluded.seq, counters = excluded.counters`,
      seq,
      counters,
    )
  }
}
