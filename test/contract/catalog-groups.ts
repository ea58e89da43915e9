import { describe, expect, it } from "vitest"
import { CatalogStore } from "../../src/store/catalog-store.ts"
import type { Database } from "../../src/store/database.ts"
import { MIGRATIONS } from "../../src/store/migrations.ts"
import { entryOf } from "./catalog-store.ts"
import { type OpenPlace, rolledBack, tablesOf } from "./place.ts"

/** Groups among the names of a namespace, and the catalogs that did not know them. */
export function catalogGroupsContract(open: OpenPlace): void {
  describe("a group", () => {
    it("is an entry like a queue or topic of the same name, and none of theirs", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        for (const kind of ["queue", "topic", "group"] as const) catalog.insert(entryOf("a", "ready", kind))
        catalog.insert(entryOf("b", "creating", "group"))
        expect(catalog.find("group", "a")).toEqual(entryOf("a", "ready", "group"))
        expect(catalog.list("group", "", 10, null)).toEqual([entryOf("a", "ready", "group")])
        expect(catalog.unfinished()).toEqual([entryOf("b", "creating", "group")])
        catalog.remove("group", "a", 1)
        expect(catalog.find("queue", "a")).toEqual(entryOf("a"))
        expect(catalog.find("topic", "a")).toEqual(entryOf("a", "ready", "topic"))
      }))
  })

  describe("a catalog from before there were groups", () => {
    /** As the code of schema version 2 left it. */
    function oldCatalog(database: Database): void {
      database.transaction(() => {
        for (const statement of MIGRATIONS.catalog.slice(0, 2).flat()) database.run(statement)
        database.run("INSERT INTO counter (id, schema_version, value) VALUES (0, 2, 41)")
        for (const { kind, name, step, settings } of OLD) {
          database.run(
            `INSERT INTO entry (kind, name, step, incarnation, version, settings, created_at, updated_at)
             VALUES (?, ?, ?, 1, 2, ?, 1700000000000, 1700000000001)`,
            kind,
            name,
            step,
            settings,
          )
        }
        database.run("INSERT INTO named_producer (name, producer_id, epoch) VALUES ('p', 7, 3)")
      })
    }

    const OLD = [
      entryOf("a"),
      entryOf("b", "altering"),
      entryOf("c", "deleting"),
      entryOf("a", "ready", "topic"),
      entryOf("d", "creating", "topic"),
    ]

    it("[N10] keeps its names, their steps, its counter and its producers, and takes groups from then on", async () => {
      const place = open()
      await place.use(oldCatalog)
      for (let start = 0; start < 2; start++) {
        await place.use((database) => {
          const catalog = new CatalogStore(database)
          for (const entry of OLD) expect(catalog.find(entry.kind, entry.name)).toEqual(entry)
          expect(catalog.list("queue", "", 10, null).map(({ name }) => name)).toEqual(["a", "b"])
          expect(catalog.unfinished().map(({ name }) => name)).toEqual(["b", "c", "d"])
          expect(tablesOf(database)).toEqual(["counter", "deleted_queue", "entry", "named_producer"])
        })
      }
      await place.use((database) => {
        const catalog = new CatalogStore(database)
        expect(catalog.openProducer("p", 5)).toEqual({ producerId: 7, epoch: 4 })
        expect(catalog.nextNumber()).toBe(42)
        catalog.insert(entryOf("a", "ready", "group"))
        expect(() => catalog.insert(entryOf("a"))).toThrow(/UNIQUE/)
      })
      await place.use((database) => {
        expect(new CatalogStore(database).find("group", "a")).toEqual(entryOf("a", "ready", "group"))
      })
    })

    it("[N10] is as it was where the migration is not completed", async () => {
      const place = open()
      await place.use(oldCatalog)
      await place.use((database) => {
        rolledBack(database, () => new CatalogStore(database))
        expect(database.all("SELECT schema_version FROM counter")).toEqual([{ schema_version: 2 }])
        expect(tablesOf(database)).toEqual(["counter", "entry", "named_producer"])
        expect(new CatalogStore(database).find("queue", "a")).toEqual(entryOf("a"))
      })
    })
  })
}
