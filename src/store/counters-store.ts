import { seal, unseal } from "../core/bytes/seal.ts"
import { reading } from "./damage.ts"
import type { Database } from "./database.ts"

/** Counters as they are stored, and the commit that wrote them. */
export interface StoredCounters {
  readonly seq: number
  /** Sealed. */
  readonly counters: Uint8Array
}

/** Counters as they stand in a row of commit `seq`. */
export function sealCounters(counters: Uint8Array, seq: number): Uint8Array {
  return seal(counters, [seq])
}

/** The newest of what is stored, as `decode` reads it, or null where there is none. */
export function newestCounters<T>(stored: readonly StoredCounters[], decode: (counters: Uint8Array) => T): T | null {
  let newest: StoredCounters | null = null
  for (const candidate of stored) if (!newest || candidate.seq > newest.seq) newest = candidate
  if (newest === null) return null
  const { seq, counters } = newest
  return reading("the counters", () => decode(unseal(counters, [seq])))
}

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
      sealCounters(counters, seq),
    )
  }
}
