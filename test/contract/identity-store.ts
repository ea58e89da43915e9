import { describe, expect, it } from "vitest"
import type { Database } from "../../src/store/database.ts"
import { createIdentity, readIdentity, writeSettings, writeTombstone } from "../../src/store/identity-store.ts"
import { LogStore } from "../../src/store/log-store.ts"
import { MIGRATIONS, schemaVersion } from "../../src/store/migrations.ts"
import { type OpenPlace, rolledBack, sampleBytes, tablesOf } from "./place.ts"

const QUEUE_TABLES = [
  "counters",
  "dedup",
  "delivery_page",
  "delivery_ring",
  "identity",
  "inbox",
  "log",
  "outbox",
  "producer",
  "receive_attempt",
  "redrive",
  "scheduled",
]
const PARTITION_TABLES = [
  "barrier",
  "compaction",
  "delivery_page",
  "delivery_ring",
  "group_offset",
  "identity",
  "inbox",
  "latest_key",
  "log",
  "outbox",
  "producer",
  "share",
]
const FIRST = { incarnation: 3, version: 4, settings: '{"ordering":"fifo"}' }

function create(database: Database): void {
  database.transaction(() => createIdentity(database, "queue", FIRST))
}

function destroy(database: Database, incarnation: number): void {
  database.transaction(() => writeTombstone(database, "queue", incarnation))
}

function storedSchemaVersion(database: Database): number | undefined {
  return database.all<{ schema_version: number }>("SELECT schema_version FROM identity")[0]?.schema_version
}

/** Runs `body` as the release would whose migrations end with `statements`. */
function withMigration(statements: readonly string[], body: () => void): void {
  const steps = MIGRATIONS.partition as unknown as (readonly string[])[]
  steps.push(statements)
  try {
    body()
  } finally {
    steps.pop()
  }
}

/** Who an object is, through creation, destruction and releases of the broker. */
export function identityStoreContract(open: OpenPlace): void {
  describe("an object that was never created", () => {
    it("has no identity, and looking for one makes no table", () =>
      open().use((database) => {
        expect(readIdentity(database, "queue")).toBeNull()
        expect(readIdentity(database, "partition")).toBeNull()
        expect(tablesOf(database)).toEqual([])
      }))

    it("still has none after a creation that failed", () =>
      open().use((database) => {
        rolledBack(database, () => createIdentity(database, "queue", FIRST))
        expect(tablesOf(database)).toEqual([])
        create(database)
        expect(readIdentity(database, "queue")).toEqual({ state: "live", ...FIRST })
      }))
  })

  describe("a created object", () => {
    it("keeps its identity", async () => {
      const place = open()
      await place.use(create)
      await place.use((database) => {
        expect(readIdentity(database, "queue")).toEqual({ state: "live", ...FIRST })
        expect(tablesOf(database)).toEqual(QUEUE_TABLES)
      })
    })

    it("has the tables of its kind only", () =>
      open().use((database) => {
        database.transaction(() => createIdentity(database, "partition", FIRST))
        expect(tablesOf(database)).toEqual(PARTITION_TABLES)
      }))

    it("takes over newer settings", () =>
      open().use((database) => {
        create(database)
        writeSettings(database, 9, "{}")
        expect(readIdentity(database, "queue")).toEqual({ state: "live", incarnation: 3, version: 9, settings: "{}" })
      }))
  })

  describe("a destroyed object", () => {
    it("keeps its tombstone and no data", () =>
      open().use((database) => {
        create(database)
        const log = new LogStore(database)
        const row = { baseOffset: 0, lastOffset: 0, header: sampleBytes(1), frames: sampleBytes(1) }
        log.write({ ...row, expiresAt: null, extendsTail: false }, 1, sampleBytes(1))
        log.scan(0, () => false)
        destroy(database, 3)
        expect(readIdentity(database, "queue")).toMatchObject({ state: "destroyed", incarnation: 3 })
        expect(log.newest()).toBeNull()
      }))

    it("may never have existed, and keeps its tombstone all the same", () =>
      open().use((database) => {
        destroy(database, 8)
        expect(readIdentity(database, "queue")).toMatchObject({ state: "destroyed", incarnation: 8 })
      }))

    it("may be destroyed again, for a later life", () =>
      open().use((database) => {
        create(database)
        destroy(database, 3)
        destroy(database, 5)
        expect(readIdentity(database, "queue")).toMatchObject({ state: "destroyed", incarnation: 5 })
      }))

    it("is live and whole where its destruction failed", () =>
      open().use((database) => {
        create(database)
        rolledBack(database, () => writeTombstone(database, "queue", 3))
        expect(readIdentity(database, "queue")).toEqual({ state: "live", ...FIRST })
        expect(tablesOf(database)).toEqual(QUEUE_TABLES)
      }))

    it("may be created again", () =>
      open().use((database) => {
        create(database)
        destroy(database, 3)
        const second = { incarnation: 6, version: 7, settings: "{}" }
        database.transaction(() => createIdentity(database, "queue", second))
        expect(readIdentity(database, "queue")).toEqual({ state: "live", ...second })
        expect(tablesOf(database)).toEqual(QUEUE_TABLES)
      }))
  })

  describe("migrations", () => {
    function createPartition(database: Database): void {
      database.transaction(() => createIdentity(database, "partition", FIRST))
    }

    it("are applied once", () =>
      open().use((database) => {
        createPartition(database)
        withMigration(["ALTER TABLE log ADD COLUMN extra INTEGER"], () => {
          for (let load = 0; load < 3; load++) {
            expect(readIdentity(database, "partition")).toEqual({ state: "live", ...FIRST })
          }
          expect(storedSchemaVersion(database)).toBe(schemaVersion("partition"))
          expect(database.all("SELECT extra FROM log")).toEqual([])
        })
      }))

    it("bring a destroyed object up to date too", () =>
      open().use((database) => {
        database.transaction(() => writeTombstone(database, "partition", 3))
        withMigration(["ALTER TABLE log ADD COLUMN extra INTEGER"], () => {
          expect(readIdentity(database, "partition")).toMatchObject({ state: "destroyed", incarnation: 3 })
          expect(storedSchemaVersion(database)).toBe(schemaVersion("partition"))
        })
      }))

    it("that fail have changed nothing, and are applied by the release that mends them", () =>
      open().use((database) => {
        createPartition(database)
        const before = schemaVersion("partition")
        const good = "ALTER TABLE log ADD COLUMN extra INTEGER"
        withMigration([good, "ALTER TABLE missing ADD COLUMN extra INTEGER"], () => {
          expect(() => readIdentity(database, "partition")).toThrow(/missing/)
        })
        expect(storedSchemaVersion(database)).toBe(before)
        expect(readIdentity(database, "partition")).toEqual({ state: "live", ...FIRST })
        withMigration([good], () => {
          expect(readIdentity(database, "partition")).toEqual({ state: "live", ...FIRST })
        })
      }))

    it("are not forgotten by an older release", () =>
      open().use((database) => {
        createPartition(database)
        const statements = ["ALTER TABLE log ADD COLUMN extra INTEGER"]
        withMigration(statements, () => readIdentity(database, "partition"))
        expect(readIdentity(database, "partition")).toEqual({ state: "live", ...FIRST })
        withMigration(statements, () => {
          expect(readIdentity(database, "partition")).toEqual({ state: "live", ...FIRST })
        })
      }))
  })
}
