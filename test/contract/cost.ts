import type { Cost, DurableDatabase } from "../../src/store/durable-database.ts"
import { createIdentity } from "../../src/store/identity-store.ts"

/** A place whose database counts as the platform bills. */
export interface DurablePlace {
  use<T>(body: (database: DurableDatabase) => T): Promise<T>
}

/** Makes the tables of a queue. */
export function createQueue(database: DurableDatabase): void {
  database.transaction(() => createIdentity(database, "queue", { incarnation: 1, version: 1, settings: "{}" }))
}

/** What the statements of `body` cost. */
export function costOf(database: DurableDatabase, body: () => void): Cost {
  const before = { ...database.cost }
  body()
  const { statements, rowsWritten: written, rowsRead, bytesWritten } = database.cost
  return {
    statements: statements - before.statements,
    rowsWritten: written - before.rowsWritten,
    rowsRead: rowsRead - before.rowsRead,
    bytesWritten: bytesWritten - before.bytesWritten,
  }
}
