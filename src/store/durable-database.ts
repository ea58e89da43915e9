import type { Database, SqlValue } from "./database.ts"

/** The part of a Durable Object's storage that a database needs. */
export interface DurableStorage {
  readonly sql: { exec(query: string, ...bindings: unknown[]): Cursor }
  transactionSync<T>(body: () => T): T
}

interface Cursor {
  toArray(): Record<string, unknown>[]
  readonly rowsWritten: number
  readonly rowsRead: number
}

/** What the statements of an object have cost since it was loaded; billed rows, exactly as the platform counts. */
export interface Cost {
  statements: number
  rowsWritten: number
  rowsRead: number
  bytesWritten: number
}

/** The database of a Durable Object, which counts what it costs. */
export class DurableDatabase implements Database {
  readonly cost: Cost = { statements: 0, rowsWritten: 0, rowsRead: 0, bytesWritten: 0 }
  readonly #storage: DurableStorage

  constructor(storage: DurableStorage) {
    this.#storage = storage
  }

  all<Row extends object>(sql: string, ...values: SqlValue[]): Row[] {
    const cursor = this.#storage.sql.exec(sql, ...values)
    const rows = cursor.toArray()
    this.#count(cursor, values)
    return rows.map((row) => withBytes(row) as Row)
  }

  run(sql: string, ...values: SqlValue[]): void {
    this.#count(this.#storage.sql.exec(sql, ...values), values)
  }

  transaction<T>(body: () => T): T {
    return this.#storage.transactionSync(body)
  }

  #count(cursor: Cursor, values: readonly SqlValue[]): void {
    const { cost } = this
    cost.statements++
    cost.rowsRead += cursor.rowsRead
    if (cursor.rowsWritten === 0) return
    cost.rowsWritten += cursor.rowsWritten
    for (const value of values) if (value instanceof Uint8Array) cost.bytesWritten += value.length
  }
}

/** The runtime hands BLOBs out as ArrayBuffer. */
function withBytes(row: Record<string, unknown>): Record<string, unknown> {
  for (const name in row) {
    const value = row[name]
    if (value instanceof ArrayBuffer) row[name] = new Uint8Array(value)
  }
  return row
}
