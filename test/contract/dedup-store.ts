import { expect, it } from "vitest"
import type { DedupRow } from "../../src/core/queue/changes.ts"
import type { Database } from "../../src/store/database.ts"
import { DedupStore } from "../../src/store/dedup-store.ts"
import { createIdentity } from "../../src/store/identity-store.ts"
import { type OpenPlace, plansOf, rolledBack, sampleBytes } from "./place.ts"

function dedupIn(database: Database): DedupStore {
  database.transaction(() => createIdentity(database, "queue", { incarnation: 1, version: 1, settings: "{}" }))
  return new DedupStore(database)
}

function rowOf(no: number, bytes = 30): DedupRow {
  return { no, expiresAt: 1_000 + no, ids: sampleBytes(bytes, no) }
}

function visited(dedup: DedupStore): DedupRow[] {
  const rows: DedupRow[] = []
  dedup.all((row) => void rows.push(row))
  return rows
}

/** Rows of deduplication ids. */
export function dedupStoreContract(open: OpenPlace): void {
  it("has no rows at first", () =>
    open().use((database) => {
      const dedup = dedupIn(database)
      expect(visited(dedup)).toEqual([])
      expect(dedup.read(0)).toBeNull()
    }))

  it("keeps rows, however many, and visits each once in order of their numbers", async () => {
    for (const count of [1, 3, 4, 5, 8, 50]) {
      const place = open()
      const rows = Array.from({ length: count }, (_, index) => rowOf(index * 3))
      await place.use((database) => {
        const dedup = dedupIn(database)
        for (const row of rows.toReversed()) dedup.write(row)
      })
      await place.use((database) => expect(visited(new DedupStore(database))).toEqual(rows))
    }
  })

  it("answers the ids of one row, of a full mebibyte too", () =>
    open().use((database) => {
      const dedup = dedupIn(database)
      const large = rowOf(7, 1024 * 1024)
      dedup.write(large)
      expect(dedup.read(7)).toEqual(large.ids)
      expect(dedup.read(8)).toBeNull()
    }))

  it("replaces a row and forgets one", () =>
    open().use((database) => {
      const dedup = dedupIn(database)
      for (const no of [1, 2, 3]) dedup.write(rowOf(no))
      const grown = { no: 3, expiresAt: 5_000, ids: sampleBytes(60) }
      dedup.write(grown)
      dedup.remove(1)
      dedup.remove(9)
      expect(visited(dedup)).toEqual([rowOf(2), grown])
    }))

  it("rolls back with its transaction", () =>
    open().use((database) => {
      const dedup = dedupIn(database)
      dedup.write(rowOf(1))
      rolledBack(database, () => {
        dedup.remove(1)
        dedup.write(rowOf(2))
      })
      expect(visited(dedup)).toEqual([rowOf(1)])
    }))

  it("searches by number, and sorts nothing", () =>
    open().use((database) => {
      dedupIn(database).write(rowOf(1))
      const plans = plansOf(database, (watched) => {
        const dedup = new DedupStore(watched)
        dedup.all(() => {})
        dedup.read(1)
        dedup.remove(1)
      })
      const byNo = "SEARCH dedup USING INTEGER PRIMARY KEY (rowid=?)"
      expect(plans).toEqual([["SEARCH dedup USING INTEGER PRIMARY KEY (rowid>?)"], [byNo], [byNo]])
    }))
}
