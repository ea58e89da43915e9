import { describe, expect, it } from "vitest"
import { MAX_DELETIONS_PER_COMMIT, MAX_NAMED_PRODUCERS } from "../../src/core/limits.ts"
import { CatalogStore, type EntryStep, type StoredEntry } from "../../src/store/catalog-store.ts"
import type { Database } from "../../src/store/database.ts"
import { type OpenPlace, rolledBack, tablesOf } from "./place.ts"

/** A stored name. */
export function entryOf(name: string, step: EntryStep = "ready", kind: StoredEntry["kind"] = "queue"): StoredEntry {
  const settings = `{"name":"${name}"}`
  return {
    kind,
    name,
    step,
    incarnation: 1,
    version: 2,
    settings,
    pending: null,
    createdAt: 1_700_000_000_000,
    updatedAt: 1_700_000_000_001,
  }
}

/** The names of a namespace. */
export function catalogStoreContract(open: OpenPlace): void {
  describe("a catalog that was only read", () => {
    it("is empty and has no table", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        expect(catalog.find("queue", "orders")).toBeNull()
        expect(catalog.list("topic", "", 10, null)).toEqual([])
        expect(catalog.unfinished()).toEqual([])
        expect(tablesOf(database)).toEqual([])
      }))

    it("gets its tables with the first write, of whichever kind", async () => {
      for (const write of [
        (catalog: CatalogStore) => catalog.nextNumber(),
        (catalog: CatalogStore) => catalog.insert(entryOf("a")),
        (catalog: CatalogStore) => catalog.openProducer("p", 1),
      ]) {
        await open().use((database) => {
          write(new CatalogStore(database))
          expect(tablesOf(database)).toEqual(["counter", "deleted_queue", "entry", "named_producer"])
        })
      }
    })
  })

  describe("a named producer", () => {
    it("gets one id, and an epoch more each time it is opened, through restarts", async () => {
      const place = open()
      const opened: unknown[] = []
      for (let start = 0; start < 3; start++) {
        await place.use((database) => {
          const catalog = new CatalogStore(database)
          opened.push(catalog.openProducer("a", start))
          if (start === 1) opened.push(catalog.openProducer("b", start), catalog.nextNumber())
        })
      }
      const [producerId, other] = [1, 2]
      expect(opened).toEqual([
        { producerId, epoch: 0 },
        { producerId, epoch: 1 },
        { producerId: other, epoch: 0 },
        3,
        { producerId, epoch: 2 },
      ])
    })
  })

  describe("too many named producers", () => {
    const OVER = 300

    /** As many producers as there may be and some more, the one with the highest number opened longest ago. */
    function crowd(database: Database): CatalogStore {
      const catalog = new CatalogStore(database)
      catalog.openProducer("first", 1_000_000_000)
      database.run(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO named_producer (name, producer_id, epoch, opened_at) SELECT 'p' || i, 1000000 + i, 7, 1000000 - i FROM n`,
        MAX_NAMED_PRODUCERS + OVER - 1,
      )
      return catalog
    }

    function names(database: Database): Set<string> {
      const rows = database.all<{ name: string }>("SELECT name FROM named_producer")
      return new Set(rows.map(({ name }) => name))
    }

    it("[S52] those opened longest ago are forgotten, a slice with each new one", () =>
      open().use((database) => {
        const catalog = crowd(database)
        const last = MAX_NAMED_PRODUCERS + OVER - 1
        catalog.openProducer("new 1", 2_000_000_000)
        expect(names(database).size).toBe(MAX_NAMED_PRODUCERS + OVER + 1 - MAX_DELETIONS_PER_COMMIT)
        catalog.openProducer("new 2", 2_000_000_000)
        expect(names(database).size).toBe(MAX_NAMED_PRODUCERS)
        const left = names(database)
        expect(["first", "new 1", "new 2", "p1"].every((name) => left.has(name))).toBe(true)
        expect([`p${last}`, `p${last - OVER - 1}`].some((name) => left.has(name))).toBe(false)
        expect(left.has(`p${last - OVER - 2}`)).toBe(true)
      }))

    it("[S52] one that is opened again is not among them; one that was forgotten is a new producer", () =>
      open().use((database) => {
        const catalog = crowd(database)
        const oldest = `p${MAX_NAMED_PRODUCERS + OVER - 1}`
        const known = catalog.openProducer(oldest, 2_000_000_000)
        expect(known).toMatchObject({ epoch: 8 })
        for (const name of ["new 1", "new 2", "new 3"]) catalog.openProducer(name, 2_000_000_000)
        expect(catalog.openProducer(oldest, 2_000_000_001)).toEqual({ ...known, epoch: 9 })
        const forgotten = catalog.openProducer(`p${MAX_NAMED_PRODUCERS + OVER - 2}`, 2_000_000_001)
        expect(forgotten.epoch).toBe(0)
        expect(forgotten.producerId).toBeLessThan(1_000_000)
      }))
  })

  describe("the counter", () => {
    it("gives every number once, through restarts", async () => {
      const place = open()
      const numbers: number[] = []
      for (let start = 0; start < 3; start++) {
        await place.use((database) => {
          const catalog = new CatalogStore(database)
          numbers.push(catalog.nextNumber(), catalog.nextNumber())
        })
      }
      expect(numbers).toEqual([1, 2, 3, 4, 5, 6])
    })

    it("does not go back when the names are gone", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        catalog.insert({ ...entryOf("a"), incarnation: catalog.nextNumber() })
        catalog.remove("queue", "a", 1)
        expect(catalog.nextNumber()).toBe(2)
      }))

    it("works after a first write that failed, in the same process", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        rolledBack(database, () => catalog.insert({ ...entryOf("a"), incarnation: catalog.nextNumber() }))
        expect(tablesOf(database)).toEqual([])
        expect(catalog.find("queue", "a")).toBeNull()
        expect(catalog.nextNumber()).toBe(1)
      }))
  })

  describe("an entry", () => {
    it("is found by kind and name, as it was inserted", async () => {
      const place = open()
      const entry = entryOf("orders", "creating")
      await place.use((database) => new CatalogStore(database).insert(entry))
      await place.use((database) => {
        const catalog = new CatalogStore(database)
        expect(catalog.find("queue", "orders")).toEqual(entry)
        expect(catalog.find("topic", "orders")).toBeNull()
        expect(catalog.find("queue", "Orders")).toBeNull()
      })
    })

    it("exists once per kind", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        catalog.insert(entryOf("orders"))
        catalog.insert(entryOf("orders", "ready", "topic"))
        expect(() => catalog.insert(entryOf("orders"))).toThrow(/UNIQUE/)
      }))

    it("changes its step alone", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        for (const name of ["a", "b"]) catalog.insert(entryOf(name))
        catalog.setStep("queue", "a", "deleting")
        expect(catalog.find("queue", "a")).toEqual(entryOf("a", "deleting"))
        expect(catalog.find("queue", "b")).toEqual(entryOf("b"))
      }))

    it("that grows resolves as it was, with what it is to become beside it", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        catalog.insert(entryOf("a", "ready", "topic"))
        const { version, settings, updatedAt } = entryOf("a")
        catalog.update("topic", "a", { step: "growing", version, settings, pending: '{"to":3}', updatedAt })
        const growing = { ...entryOf("a", "growing", "topic"), pending: '{"to":3}' }
        expect(catalog.find("topic", "a")).toEqual(growing)
        expect(catalog.list("topic", "", 10, null)).toEqual([growing])
        expect(catalog.unfinished()).toEqual([growing])
      }))

    it("is altered, with its life and its creation kept", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        for (const name of ["a", "b"]) catalog.insert(entryOf(name))
        const update = {
          step: "altering",
          version: 9,
          settings: "{}",
          pending: null,
          updatedAt: 1_800_000_000_000,
        } as const
        catalog.update("queue", "a", update)
        expect(catalog.find("queue", "a")).toEqual({ ...entryOf("a"), ...update })
        expect(catalog.find("queue", "b")).toEqual(entryOf("b"))
      }))

    it("is removed alone", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        catalog.insert(entryOf("a"))
        catalog.insert(entryOf("a", "ready", "topic"))
        catalog.remove("queue", "a", 1)
        expect(catalog.find("queue", "a")).toBeNull()
        expect(catalog.find("topic", "a")).toEqual(entryOf("a", "ready", "topic"))
      }))

    it("rolls back with its transaction", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        for (const name of ["a", "b"]) catalog.insert({ ...entryOf(name), incarnation: 1 })
        rolledBack(database, () => {
          catalog.nextNumber()
          catalog.insert(entryOf("c"))
          catalog.setStep("queue", "a", "deleting")
          catalog.remove("queue", "b", 1)
        })
        expect(catalog.list("queue", "", 10, null)).toEqual([entryOf("a"), entryOf("b")])
        expect(catalog.nextNumber()).toBe(1)
      }))
  })

  describe("listing", () => {
    function names(catalog: CatalogStore, prefix: string, limit: number, afterName: string | null): string[] {
      return catalog.list("queue", prefix, limit, afterName).map((entry) => entry.name)
    }

    it("goes through the names of a kind in order, page by page", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        for (const name of ["b", "a.1", "Z", "c", "a-1", "a"]) catalog.insert(entryOf(name))
        catalog.insert(entryOf("aa", "ready", "topic"))
        expect(names(catalog, "", 4, null)).toEqual(["Z", "a", "a-1", "a.1"])
        expect(names(catalog, "", 4, "a.1")).toEqual(["b", "c"])
        expect(names(catalog, "", 4, "c")).toEqual([])
      }))

    it("keeps to a prefix, in which no character means anything else", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        for (const name of ["a", "a_b", "a_c", "aXb", "ab", "b"]) catalog.insert(entryOf(name))
        expect(names(catalog, "a_", 10, null)).toEqual(["a_b", "a_c"])
        expect(names(catalog, "a", 10, "aXb")).toEqual(["a_b", "a_c", "ab"])
        expect(names(catalog, "a", 10, "b")).toEqual([])
        expect(names(catalog, "b", 10, "a")).toEqual(["b"])
        expect(names(catalog, "%", 10, null)).toEqual([])
      }))

    it("leaves out names whose objects do not all exist; finding does not", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        for (const step of ["creating", "altering", "growing", "deleting", "ready"] as const) {
          catalog.insert(entryOf(step, step))
        }
        expect(names(catalog, "", 10, null)).toEqual(["altering", "growing", "ready"])
        expect(catalog.find("queue", "deleting")?.step).toBe("deleting")
      }))

    it("names what a crash may have left half done", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        for (const step of ["creating", "altering", "deleting", "ready"] as const) catalog.insert(entryOf(step, step))
        catalog.insert(entryOf("t", "creating", "topic"))
        expect(catalog.unfinished().map((entry) => entry.name)).toEqual(["altering", "creating", "deleting", "t"])
        catalog.setStep("queue", "creating", "ready")
        catalog.remove("queue", "deleting", 1)
        expect(catalog.unfinished().map((entry) => entry.name)).toEqual(["altering", "t"])
      }))
  })
}
