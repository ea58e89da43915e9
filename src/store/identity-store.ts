import type { Database } from "./database.ts"
import { hasTable, migrate, schemaVersion, type StoreKind } from "./migrations.ts"

/** Who a stored object is. A destroyed one keeps its incarnation, to refuse steps from before. */
export interface Identity {
  readonly state: "live" | "destroyed"
  readonly incarnation: number
  readonly version: number
  /** As JSON. */
  readonly settings: string
}

interface IdentityRow {
  schema_version: number
  state: "live" | "destroyed"
  incarnation: number
  version: number
  settings: string
}

/** The identity, or null for an object that was never created. Brings an older schema up to date. */
export function readIdentity(database: Database, kind: StoreKind): Identity | null {
  if (!hasTable(database, "identity")) return null
  const [row] = database.all<IdentityRow>(
    "SELECT schema_version, state, incarnation, version, settings FROM identity WHERE id = 0",
  )
  if (!row) return null
  // never downwards: a rolled-back deploy must not make the next one repeat its migrations
  if (row.schema_version < schemaVersion(kind)) upgrade(database, kind, row.schema_version)
  return { state: row.state, incarnation: row.incarnation, version: row.version, settings: row.settings }
}

/** Creates the tables where they are missing and writes who the object is. Call inside a transaction. */
export function createIdentity(database: Database, kind: StoreKind, identity: Omit<Identity, "state">): void {
  if (hasTable(database, "identity")) dropData(database)
  migrate(database, kind, 0)
  database.run(
    `INSERT INTO identity (id, schema_version, state, incarnation, version, settings)
     VALUES (0, ?, 'live', ?, ?, ?)`,
    schemaVersion(kind),
    identity.incarnation,
    identity.version,
    identity.settings,
  )
}

/** Takes over newer settings. */
export function writeSettings(database: Database, version: number, settings: string): void {
  database.run("UPDATE identity SET version = ?, settings = ? WHERE id = 0", version, settings)
}

/** Drops everything but the tombstone row. Call inside a transaction. */
export function writeTombstone(database: Database, kind: StoreKind, incarnation: number): void {
  createIdentity(database, kind, { incarnation, version: 0, settings: "{}" })
  database.run("UPDATE identity SET state = 'destroyed' WHERE id = 0")
}

function upgrade(database: Database, kind: StoreKind, from: number): void {
  database.transaction(() => {
    migrate(database, kind, from)
    database.run("UPDATE identity SET schema_version = ? WHERE id = 0", schemaVersion(kind))
  })
}

function dropData(database: Database): void {
  const tables = database.all<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
  )
  // a name from the schema itself: identifiers can't be bound
  for (const { name } of tables) database.run(`DROP TABLE "${name}"`)
}
