import { describe, expect, it } from "vitest"
import { CatalogStore, type EntryStep, type StoredEntry } from "../../src/store/catalog-store.ts"
import { type OpenPlace, rolledBack, tablesOf } from "./place.ts"

function entryOf(name: string, step: EntryStep = "ready", kind: StoredEntry["kind"] = "queue"): StoredEntry {
  const settings = `{"name":"${name}"}`
  return {
    kind,
    name,
    step,
    incarnation: 1,
    version: 2,
    settings,
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
        (catalog: CatalogStore) => catalog.openProducer("p"),
      ]) {
        await open().use((database) => {
          write(new CatalogStore(database))
          expect(tablesOf(database)).toEqual(["counter", "entry", "named_producer"])
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
          opened.push(catalog.openProducer("a"))
          if (start === 1) opened.push(catalog.openProducer("b"), catalog.nextNumber())
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
        catalog.remove("queue", "a")
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

    it("is altered, with its life and its creation kept", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        for (const name of ["a", "b"]) catalog.insert(entryOf(name))
        const update = { step: "altering", version: 9, settings: "{}", updatedAt: 1_800_000_000_000 } as const
        catalog.update("queue", "a", update)
        expect(catalog.find("queue", "a")).toEqual({ ...entryOf("a"), ...update })
        expect(catalog.find("queue", "b")).toEqual(entryOf("b"))
      }))

    it("is removed alone", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        catalog.insert(entryOf("a"))
        catalog.insert(entryOf("a", "ready", "topic"))
        catalog.remove("queue", "a")
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
          catalog.remove("queue", "b")
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
        for (const step of ["creating", "altering", "deleting", "ready"] as const) catalog.insert(entryOf(step, step))
        expect(names(catalog, "", 10, null)).toEqual(["altering", "ready"])
        expect(catalog.find("queue", "deleting")?.step).toBe("deleting")
      }))

    it("names what a crash may have left half done", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        for (const step of ["creating", "altering", "deleting", "ready"] as const) catalog.insert(entryOf(step, step))
        catalog.insert(entryOf("t", "creating", "topic"))
        expect(catalog.unfinished().map((entry) => entry.name)).toEqual(["altering", "creating", "deleting", "t"])
        catalog.setStep("queue", "creating", "ready")
        catalog.remove("queue", "deleting")
        expect(catalog.unfinished().map((entry) => entry.name)).toEqual(["altering", "t"])
      }))
  })
}
