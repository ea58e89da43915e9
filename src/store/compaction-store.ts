import type { CompactionState } from "../core/stream/compaction/state.ts"
import type { Database } from "./database.ts"

interface Row {
  index_next: number | null
  clean_offset: number
  clean_bytes: number
  pass_next: number | null
  pass_end: number | null
}

/** SQL for how far the compaction of a partition came. */
export class CompactionStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Null where nothing was ever compacted. */
  read(): CompactionState | null {
    const [row] = this.#database.all<Row>(
      "SELECT index_next, clean_offset, clean_bytes, pass_next, pass_end FROM compaction WHERE id = 0",
    )
    return row ? fromRow(row) : null
  }

  write({ indexNext, cleanOffset, cleanBytes, pass }: CompactionState): void {
    this.#database.run(
      `INSERT OR REPLACE INTO compaction (id, index_next, clean_offset, clean_bytes, pass_next, pass_end)
       VALUES (0, ?, ?, ?, ?, ?)`,
      indexNext,
      cleanOffset,
      cleanBytes,
      pass?.nextOffset ?? null,
      pass?.endOffset ?? null,
    )
  }

  clear(): void {
    this.#database.run("DELETE FROM compaction")
  }
}

function fromRow(row: Row): CompactionState {
  const { index_next: indexNext, clean_offset: cleanOffset, clean_bytes: cleanBytes } = row
  const isPassing = row.pass_next !== null && row.pass_end !== null
  const pass = isPassing ? { nextOffset: row.pass_next!, endOffset: row.pass_end! } : null
  return { indexNext, cleanOffset, cleanBytes, pass }
}
