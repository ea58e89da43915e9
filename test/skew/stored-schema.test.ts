import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { describe, expect, onTestFinished, test } from "vitest"
import { type DumpHead, headOf } from "../../scripts/fixtures/dump.ts"
import { PROJECT } from "../../scripts/fixtures/release-tree.ts"
import { readWorkerConfig } from "../../scripts/runtime/config.ts"
import type { Database } from "../../src/store/database.ts"
import { migrate, MIGRATIONS, schemaVersion, type StoreKind } from "../../src/store/migrations.ts"
import { NodeDatabase } from "../support/node-database.ts"
import { readStored, storedVersions, TODAY } from "./stored.ts"

interface Dump {
  readonly head: DumpHead
  readonly sql: string
}

const KINDS = Object.keys(MIGRATIONS) as StoreKind[]
const CLASSES: Readonly<Record<StoreKind, string>> = {
  queue: "QueueObject",
  partition: "PartitionObject",
  catalog: "CatalogObject",
  group: "GroupObject",
  "access-key": "AccessKeyObject",
}
/** The table that says which version the others have. */
const VERSIONED = ["identity", "counter", "access_key"] as const
/** Tables that a fixture may leave empty: a ring needs thousands of records, and has one codec, which a queue's shows. */
const MAY_BE_EMPTY = ["partition/delivery_ring"]

/** What to do about a failure, said by the test's name. */
const REMEDY = `npm run fixtures; where ${TODAY} was released, raise the version of package.json first`

describe("fixtures of today", () => {
  test(`there are some of ${TODAY}, of every class (${REMEDY})`, async () => {
    expect(storedVersions()).toContain(TODAY)
    const { sqliteClasses } = await readWorkerConfig(join(PROJECT, "wrangler.toml"))
    expect([...new Set(dumpsOf(TODAY).map(({ head }) => head.className))].sort()).toEqual(sqliteClasses.toSorted())
  })

  test.each(KINDS)(`a %s has the schema that migrations make (${REMEDY})`, (kind) => {
    const made = opened("")
    migrate(made, kind, 0)
    for (const { head, sql } of dumpsOf(TODAY, kind)) {
      const stored = opened(sql)
      expect(schemaOf(stored), head.name).toEqual(schemaOf(made))
      expect(versionOf(stored), head.name).toBe(schemaVersion(kind))
    }
  })

  test.each(KINDS)("every table of a %s has rows", (kind) => {
    const databases = dumpsOf(TODAY, kind).map(({ sql }) => opened(sql))
    const empty = tablesOf(databases[0]!).filter((table) => databases.every((database) => isEmpty(database, table)))
    expect(empty.map((table) => `${kind}/${table}`).filter((table) => !MAY_BE_EMPTY.includes(table))).toEqual([])
  })
})

describe.each(storedVersions())("fixtures of %s", (version) => {
  test.each(KINDS)("a %s of it is brought to the schema of today", (kind) => {
    const made = opened("")
    migrate(made, kind, 0)
    for (const { head, sql } of dumpsOf(version, kind)) {
      const stored = opened(sql)
      migrate(stored, kind, versionOf(stored))
      expect(schemaOf(stored), head.name).toEqual(schemaOf(made))
    }
  })
})

function dumpsOf(version: string, kind: StoreKind | null = null): Dump[] {
  const dumps = readStored(version).dumps.map((sql) => ({ head: headOf(sql), sql }))
  return kind === null ? dumps : dumps.filter(({ head }) => head.className === CLASSES[kind])
}

/** The database that `sql` makes. */
function opened(sql: string): Database {
  const folder = mkdtempSync(join(tmpdir(), "millrace-schema-"))
  const path = join(folder, "object.sqlite")
  const maker = new DatabaseSync(path)
  maker.exec(`PRAGMA synchronous = OFF; ${sql}`)
  maker.close()
  const database = new NodeDatabase(path)
  onTestFinished(() => {
    database.close()
    rmSync(folder, { recursive: true })
  })
  return database
}

/** The statements that made tables and indexes, by name. */
function schemaOf(database: Database): Record<string, string> {
  const rows = database.all<{ name: string; sql: string }>(
    "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name",
  )
  return Object.fromEntries(rows.map(({ name, sql }) => [name, sql.trim()]))
}

function tablesOf(database: Database): string[] {
  return database.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => name)
}

function isEmpty(database: Database, table: string): boolean {
  return database.all(`SELECT 1 FROM "${table}" LIMIT 1`).length === 0
}

function versionOf(database: Database): number {
  for (const table of VERSIONED) {
    const isThere = database.all("SELECT 1 FROM sqlite_master WHERE name = ?", table).length > 0
    if (!isThere) continue
    const [row] = database.all<{ schema_version: number }>(`SELECT schema_version FROM ${table} WHERE id = 0`)
    return row!.schema_version
  }
  throw new Error("no table says which version it is")
}
