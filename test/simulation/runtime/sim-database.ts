import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"

/** What a statement came to. */
export interface SimCursor {
  toArray(): Record<string, unknown>[]
  readonly rowsWritten: number
  readonly rowsRead: number
}

interface Known {
  readonly statement: StatementSync
  readonly writes: boolean
}

const READ = /^\s*(SELECT|PRAGMA|EXPLAIN)\b/i

/** The database of one object, in memory, with savepoints inside savepoints. */
export class SimDatabase {
  readonly #sqlite = new DatabaseSync(":memory:")
  readonly #statements = new Map<string, Known>()

  constructor() {
    this.#sqlite.exec("PRAGMA synchronous = OFF")
  }

  /** Runs a statement; before one that writes, `beforeWrite` is called. */
  exec(sql: string, values: readonly unknown[], beforeWrite: () => void): SimCursor {
    const { statement, writes } = this.#known(sql)
    if (writes) beforeWrite()
    const rows = statement.all(...(values as SQLInputValue[]))
    return { toArray: () => rows, rowsWritten: writes ? 1 : 0, rowsRead: rows.length }
  }

  get sizeBytes(): number {
    const sizeOf = (pragma: string): number => Number(this.#known(`PRAGMA ${pragma}`).statement.get()?.[pragma])
    // free pages may be those of an earlier run
    return (sizeOf("page_count") - sizeOf("freelist_count")) * sizeOf("page_size")
  }

  /** The names of its tables. */
  tables(): string[] {
    const sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    return this.#known(sql)
      .statement.all()
      .map(({ name }) => String(name))
  }

  savepoint(name: string): void {
    this.#control(`SAVEPOINT ${name}`)
  }

  release(name: string): void {
    this.#control(`RELEASE ${name}`)
  }

  rollbackTo(name: string): void {
    this.#control(`ROLLBACK TO ${name}`)
  }

  dropTables(): void {
    // a name from the schema itself: identifiers can't be bound
    for (const name of this.tables()) this.#sqlite.exec(`DROP TABLE "${name}"`)
  }

  #control(sql: string): void {
    this.#known(sql).statement.run()
  }

  #known(sql: string): Known {
    const known = this.#statements.get(sql)
    if (known) return known
    const made = { statement: this.#sqlite.prepare(sql), writes: !READ.test(sql) }
    this.#statements.set(sql, made)
    return made
  }
}

const free: SimDatabase[] = []

/** An empty database; one that was used before, where there is one: it knows its statements. */
export function takeDatabase(): SimDatabase {
  return free.pop() ?? new SimDatabase()
}

/** Empties a database that nobody works on any more. */
export function giveBack(database: SimDatabase): void {
  database.dropTables()
  free.push(database)
}
