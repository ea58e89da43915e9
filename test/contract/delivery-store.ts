import { describe, expect, it } from "vitest"
import type { DeliveryChanges, StoredPage, StoredRing } from "../../src/core/delivery/types.ts"
import { RING_SLOTS } from "../../src/core/limits.ts"
import { sealCounters } from "../../src/store/counters-store.ts"
import type { Database } from "../../src/store/database.ts"
import { DeliveryStore } from "../../src/store/delivery-store.ts"
import { createIdentity } from "../../src/store/identity-store.ts"
import { type OpenPlace, rolledBack, sampleBytes } from "./place.ts"

const NOTHING: DeliveryChanges = { pages: [], deletedPages: [], ring: null }
const COUNTERS = sampleBytes(5, 100)

function deliveryIn(database: Database): DeliveryStore {
  database.transaction(() => createIdentity(database, "queue", { incarnation: 1, version: 1, settings: "{}" }))
  return new DeliveryStore(database, 0)
}

function pageOf(pageNo: number, seq: number, foldedSeq = 0): StoredPage {
  return { pageNo, seq, foldedSeq, runs: sampleBytes(30, pageNo + seq) }
}

function ringOf(slot: number, seq: number, foldedSeq = 0): StoredRing {
  return { slot, seq, foldedSeq, transitions: sampleBytes(40, slot + seq) }
}

/** The pages and the ring of delivery states. */
export function deliveryStoreContract(open: OpenPlace): void {
  it("has neither pages nor ring at first", () =>
    open().use((database) => {
      const delivery = deliveryIn(database)
      expect(delivery.pages()).toEqual([])
      expect(delivery.ring()).toEqual([])
    }))

  it("writes nothing for a commit that changed nothing", () =>
    open().use((database) => {
      const delivery = deliveryIn(database)
      delivery.write(NOTHING, COUNTERS)
      expect([delivery.pages(), delivery.ring()]).toEqual([[], []])
    }))

  it("answers pages in order, with the counters of the commit that wrote each", async () => {
    const place = open()
    const pages = [pageOf(7, 1), pageOf(2, 1, 1)]
    const later = pageOf(1_000_000, 2)
    await place.use((database) => {
      const delivery = deliveryIn(database)
      delivery.write({ ...NOTHING, pages }, COUNTERS)
      delivery.write({ ...NOTHING, pages: [later] }, sampleBytes(6))
    })
    await place.use((database) => {
      expect(new DeliveryStore(database, 0).pages()).toEqual([
        { ...pageOf(2, 1, 1), counters: sealCounters(COUNTERS, 1) },
        { ...pageOf(7, 1), counters: sealCounters(COUNTERS, 1) },
        { ...later, counters: sealCounters(sampleBytes(6), 2) },
      ])
    })
  })

  it("overwrites a page as a whole", () =>
    open().use((database) => {
      const delivery = deliveryIn(database)
      delivery.write({ ...NOTHING, pages: [pageOf(0, 1), pageOf(1, 1)] }, COUNTERS)
      delivery.write({ ...NOTHING, pages: [pageOf(0, 2, 2)] }, sampleBytes(6))
      expect(delivery.pages()).toEqual([
        { ...pageOf(0, 2, 2), counters: sealCounters(sampleBytes(6), 2) },
        { ...pageOf(1, 1), counters: sealCounters(COUNTERS, 1) },
      ])
    }))

  it("deletes pages wherever they lie; one that is not there is no error", () =>
    open().use((database) => {
      const delivery = deliveryIn(database)
      delivery.write({ ...NOTHING, pages: [0, 1, 2, 3].map((pageNo) => pageOf(pageNo, 1)) }, COUNTERS)
      delivery.write({ ...NOTHING, pages: [pageOf(4, 2)], deletedPages: [1, 3, 9] }, COUNTERS)
      expect(delivery.pages().map((page) => page.pageNo)).toEqual([0, 2, 4])
    }))

  it("answers the ring by slot, with the counters of the commit that wrote each", () =>
    open().use((database) => {
      const delivery = deliveryIn(database)
      for (const slot of [5, 0, 63]) delivery.write({ ...NOTHING, ring: ringOf(slot, 9 + slot) }, sampleBytes(3, slot))
      expect(delivery.ring()).toEqual(
        [0, 5, 63].map((slot) => ({
          ...ringOf(slot, 9 + slot),
          counters: sealCounters(sampleBytes(3, slot), 9 + slot),
        })),
      )
    }))

  it("overwrites the slots of the ring, round after round, and never grows beyond them", () =>
    open().use((database) => {
      const delivery = deliveryIn(database)
      const written: StoredRing[] = []
      for (let seq = 1; seq <= 3 * RING_SLOTS + 10; seq++) {
        const slot = seq % RING_SLOTS
        written[slot] = ringOf(slot, seq, seq - slot)
        delivery.write({ ...NOTHING, ring: written[slot] }, COUNTERS)
      }
      expect(delivery.ring()).toEqual(written.map((row) => ({ ...row, counters: sealCounters(COUNTERS, row.seq) })))
    }))

  it("keeps delivery states apart", () =>
    open().use((database) => {
      const own = deliveryIn(database)
      const shared = new DeliveryStore(database, 1)
      own.write({ pages: [pageOf(0, 1)], deletedPages: [], ring: ringOf(0, 1) }, COUNTERS)
      shared.write({ pages: [pageOf(0, 2)], deletedPages: [], ring: ringOf(0, 2) }, COUNTERS)
      own.write({ pages: [], deletedPages: [0], ring: ringOf(0, 3) }, COUNTERS)
      expect(own.pages()).toEqual([])
      expect(shared.pages().map((page) => page.seq)).toEqual([2])
      expect([own.ring()[0]?.seq, shared.ring()[0]?.seq]).toEqual([3, 2])
    }))

  describe("a commit that fails", () => {
    it("leaves pages and ring as they were", () =>
      open().use((database) => {
        const delivery = deliveryIn(database)
        delivery.write({ pages: [pageOf(0, 1), pageOf(1, 1)], deletedPages: [], ring: ringOf(0, 1) }, COUNTERS)
        const before = [delivery.pages(), delivery.ring()]
        rolledBack(database, () => {
          delivery.write({ pages: [pageOf(0, 2), pageOf(2, 2)], deletedPages: [1], ring: ringOf(0, 2) }, sampleBytes(6))
        })
        expect([delivery.pages(), delivery.ring()]).toEqual(before)
      }))
  })
}
