import { describe, expect, it } from "vitest"
import { QUEUE_DELETED_MS } from "../../src/core/limits.ts"
import { CatalogStore } from "../../src/store/catalog-store.ts"
import { entryOf } from "./catalog-store.ts"
import type { OpenPlace } from "./place.ts"

/** What a catalog knows of queues alone. */
export function catalogQueuesContract(open: OpenPlace): void {
  describe("a queue that was deleted", () => {
    it("[N11] is known for a while, then forgotten", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        expect(catalog.queueDeletedAt("a", 0)).toBeNull()
        for (const name of ["a", "b"]) catalog.insert(entryOf(name))
        catalog.remove("queue", "a", 1000)
        expect(catalog.queueDeletedAt("a", 1000 + QUEUE_DELETED_MS - 1)).toBe(1000)
        expect(catalog.queueDeletedAt("a", 1000 + QUEUE_DELETED_MS)).toBeNull()
        expect(catalog.queueDeletedAt("b", 1000)).toBeNull()
        catalog.remove("queue", "b", 1000 + QUEUE_DELETED_MS)
        expect(database.all("SELECT name, deleted_at FROM deleted_queue")).toEqual([
          { name: "b", deleted_at: 1000 + QUEUE_DELETED_MS },
        ])
      }))

    it("[N11] is known by its last deletion, and topics and groups are not", () =>
      open().use((database) => {
        const catalog = new CatalogStore(database)
        for (const at of [1000, 2000]) {
          catalog.insert(entryOf("a"))
          catalog.remove("queue", "a", at)
        }
        catalog.insert(entryOf("t", "ready", "topic"))
        catalog.remove("topic", "t", 2000)
        expect(catalog.queueDeletedAt("a", 2001)).toBe(2000)
        expect(catalog.queueDeletedAt("t", 2001)).toBeNull()
      }))
  })

  it("lists the queues whose dead letters go to one, in pages, and no others", () =>
    open().use((database) => {
      const catalog = new CatalogStore(database)
      expect(catalog.listSources("dead", "", 10, null)).toEqual([])
      const insert = (name: string, deadLetterQueue: string | null, step: "ready" | "deleting" = "ready"): void =>
        catalog.insert({ ...entryOf(name, step), settings: JSON.stringify({ deadLetterQueue }) })
      insert("a", "dead")
      insert("b", "other")
      insert("c", "dead")
      insert("d", null)
      insert("dead", null)
      insert("e", "dead", "deleting")
      insert("f", "dead")
      catalog.insert({ ...entryOf("g", "ready", "group"), settings: JSON.stringify({ deadLetterQueue: "dead" }) })
      const names = (prefix: string, limit: number, afterName: string | null): string[] =>
        catalog.listSources("dead", prefix, limit, afterName).map(({ name }) => name)
      expect(names("", 10, null)).toEqual(["a", "c", "f"])
      expect(names("", 2, null)).toEqual(["a", "c"])
      expect(names("", 2, "c")).toEqual(["f"])
      expect(names("c", 10, null)).toEqual(["c"])
    }))
}
