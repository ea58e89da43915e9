import { describe, expect, it } from "vitest"
import type { CompactionState } from "../../src/core/stream/compaction/state.ts"
import { CompactionStore } from "../../src/store/compaction-store.ts"
import type { Database } from "../../src/store/database.ts"
import { createIdentity } from "../../src/store/identity-store.ts"
import { LatestKeyStore } from "../../src/store/latest-key-store.ts"
import { type OpenPlace, plansOf, sampleBytes } from "./place.ts"

const KEY = sampleBytes(3)
const OTHER = sampleBytes(3, 7)

function createPartition(database: Database): void {
  database.transaction(() => createIdentity(database, "partition", { incarnation: 1, version: 1, settings: "{}" }))
}

function keysIn(database: Database): LatestKeyStore {
  createPartition(database)
  return new LatestKeyStore(database)
}

/** The index of keys of a partition, and how far its compaction came. */
export function latestKeyStoreContract(open: OpenPlace): void {
  it("has nothing to answer at first", () =>
    open().use((database) => {
      const keys = keysIn(database)
      expect([keys.find(KEY), keys.firstMetAt(), keys.metUntil(1e12, 10)]).toEqual([null, null, []])
      expect(new CompactionStore(database).read()).toBeNull()
    }))

  it("knows the newest offset of each key, in whatever order they come", () =>
    open().use((database) => {
      const keys = keysIn(database)
      for (const offset of [5, 9, 7]) keys.put(KEY, offset)
      keys.put(new Uint8Array(0), 3)
      keys.put(OTHER, 2 ** 52)
      expect(keys.find(KEY)).toEqual({ offset: 9, metAt: null })
      expect(keys.find(new Uint8Array(0))).toEqual({ offset: 3, metAt: null })
      expect(keys.find(OTHER)).toEqual({ offset: 2 ** 52, metAt: null })
    }))

  it("forgets a key only by the offset that it has", () =>
    open().use((database) => {
      const keys = keysIn(database)
      keys.put(KEY, 5)
      keys.put(OTHER, 6)
      keys.remove(KEY, 4)
      keys.remove(OTHER, 6)
      expect([keys.find(KEY), keys.find(OTHER)]).toEqual([{ offset: 5, metAt: null }, null])
      keys.clear()
      expect(keys.find(KEY)).toBeNull()
    }))

  it("lists tombstones in the order in which they were met, until a newer record comes", () =>
    open().use((database) => {
      const keys = keysIn(database)
      for (const [first, metAt] of [
        [1, 300],
        [2, 100],
        [3, 200],
      ] as const) {
        keys.put(sampleBytes(4, first), first)
        keys.setMet(sampleBytes(4, first), metAt)
      }
      expect(keys.firstMetAt()).toBe(100)
      expect(keys.metUntil(250, 10)).toEqual([2, 3].map((first) => ({ key: sampleBytes(4, first), offset: first })))
      expect(keys.metUntil(300, 1)).toHaveLength(1)
      keys.put(sampleBytes(4, 2), 10)
      keys.setMet(sampleBytes(4, 3), null)
      expect(keys.find(sampleBytes(4, 2))).toEqual({ offset: 10, metAt: null })
      expect(keys.firstMetAt()).toBe(300)
    }))

  it("searches by its keys, never through the table", () =>
    open().use((database) => {
      const keys = keysIn(database)
      const plans = plansOf(database, (watched) => {
        const seen = new LatestKeyStore(watched)
        seen.put(KEY, 1)
        seen.find(KEY)
        seen.setMet(KEY, 5)
        seen.firstMetAt()
        seen.metUntil(5, 10)
        seen.remove(KEY, 1)
      })
      expect(plans.flat().filter((step) => !/USING (COVERING )?INDEX|USING PRIMARY KEY/.test(step))).toEqual([])
      expect(keys.find(KEY)).toBeNull()
    }))

  describe("how far compaction came", () => {
    it("comes back as it was written last", () =>
      open().use((database) => {
        createPartition(database)
        const store = new CompactionStore(database)
        const idle: CompactionState = { indexNext: null, cleanOffset: 40, cleanBytes: 2 ** 40, pass: null }
        for (const state of [{ ...idle, indexNext: 17 }, idle, { ...idle, pass: { nextOffset: 0, endOffset: 90 } }]) {
          store.write(state)
          expect(new CompactionStore(database).read()).toEqual(state)
        }
        store.clear()
        expect(store.read()).toBeNull()
      }))
  })
}
