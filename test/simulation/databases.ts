import { createIdentity } from "../../src/store/identity-store.ts"
import type { StoreKind } from "../../src/store/migrations.ts"
import { NodeDatabase } from "../support/node-database.ts"

const free = new Map<StoreKind, NodeDatabase[]>()

/** An empty database with the tables of an object; one that was used before, where there is one: it knows its statements. */
export function takeDatabase(kind: StoreKind): NodeDatabase {
  const used = free.get(kind)?.pop()
  if (used) return used
  const database = new NodeDatabase()
  const identity = { incarnation: 1, version: 1, settings: "{}" }
  database.transaction(() => createIdentity(database, kind, identity))
  return database
}

/** Gives back a database that nobody works on any more. */
export function giveBack(kind: StoreKind, database: NodeDatabase): void {
  const tables = database.all<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
  )
  database.transaction(() => {
    // a name from the schema itself: identifiers can't be bound
    for (const { name } of tables) database.run(`DELETE FROM "${name}"`)
  })
  free.set(kind, [...(free.get(kind) ?? []), database])
}
