import { DatabaseSync, type StatementSync } from "node:sqlite"
import type { Database, SqlValue } from "../../src/store/database.ts"

/** A database of this process: in memory, or in the file at `path`. It forgets on a power cut, not on a kill. */
export class NodeDatabase implements Database {
  readonly #sqlite: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #depth = 0

  constructor(path = ":memory:") {
    this.#sqlite = new DatabaseSync(path)
    this.#sqlite.exec("PRAGMA synchronous = OFF")
  }

  all<Row extends object>(sql: string, ...values: SqlValue[]): Row[] {
    return this.#statement(sql).all(...values) as Row[]
  }

  run(sql: string, ...values: SqlValue[]): void {
    this.#statement(sql).run(...values)
  }

  transaction<T>(body: () => T): T {
    const savepoint = `depth_${++this.#depth}`
    this.#sqlite.exec(`SAVEPOINT ${savepoint}`)
    try {
      const result = body()
      this.#sqlite.exec(`RELEASE ${savepoint}`)
      return result
    } catch (error) {
      this.#sqlite.exec(`ROLLBACK TO ${savepoint}`)
      this.#sqlite.exec(`RELEASE ${savepoint}`)
      throw error
    } finally {
      this.#depth--
    }
  }

  /** Ends it; in memory, everything is gone. */
  close(): void {
    this.#statements.clear()
    this.#sqlite.close()
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known) return known
    const statement = this.#sqlite.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}
