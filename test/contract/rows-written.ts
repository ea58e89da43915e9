import { describe, expect, it } from "vitest"
import type { DeliveryChanges } from "../../src/core/delivery/types.ts"
import { MAX_COMMIT_METADATA_BYTES } from "../../src/core/limits.ts"
import { CatalogStore, type StoredEntry } from "../../src/store/catalog-store.ts"
import { DeliveryStore } from "../../src/store/delivery-store.ts"
import { GroupOffsetStore } from "../../src/store/group-offset-store.ts"
import { createIdentity, readIdentity, writeSettings } from "../../src/store/identity-store.ts"
import { LatestKeyStore } from "../../src/store/latest-key-store.ts"
import { LogStore } from "../../src/store/log-store.ts"
import { OutboxStore } from "../../src/store/outbox-store.ts"
import { costOf, createQueue, type DurablePlace } from "./cost.ts"
import { sampleBytes } from "./place.ts"

const COUNTERS = sampleBytes(5)
const ROW = { baseOffset: 0, lastOffset: 9, header: sampleBytes(30), frames: sampleBytes(900), expiresAt: null }
const NOTHING: DeliveryChanges = { pages: [], deletedPages: [], ring: null }
const PAGE = { pageNo: 0, seq: 1, foldedSeq: 0, runs: sampleBytes(300) }
const RING = { slot: 0, seq: 1, foldedSeq: 0, transitions: sampleBytes(300) }
const ENTRY: StoredEntry = {
  kind: "queue",
  name: "a",
  step: "creating",
  incarnation: 1,
  version: 1,
  settings: "{}",
  pending: null,
  createdAt: 1,
  updatedAt: 1,
}

/** What a look at an object costs. */
function identityCosts(open: () => DurablePlace): void {
  it("looking for an identity: none, created or not", () =>
    open().use((database) => {
      const look = () => costOf(database, () => readIdentity(database, "queue")).rowsWritten
      expect(look()).toBe(0)
      createQueue(database)
      expect(look()).toBe(0)
    }))

  it("changing settings: one", () =>
    open().use((database) => {
      createQueue(database)
      expect(costOf(database, () => writeSettings(database, 2, "{}")).rowsWritten).toBe(1)
    }))
}

/** What the log costs. */
function logCosts(open: () => DurablePlace): void {
  it("a row of the log: one to insert, one to extend, one to delete, each in one statement", () =>
    open().use((database) => {
      createQueue(database)
      const log = new LogStore(database)
      const one = { statements: 1, rowsWritten: 1 }
      const insert = costOf(database, () => log.write({ ...ROW, extendsTail: false }, 1, COUNTERS))
      expect(insert).toMatchObject({ ...one, bytesWritten: 940 })
      const extend = costOf(database, () => log.write({ ...ROW, lastOffset: 12, extendsTail: true }, 2, COUNTERS))
      expect(extend).toMatchObject({ ...one, bytesWritten: 940 })
      expect(costOf(database, () => log.writeCounters(0, 3, COUNTERS))).toMatchObject({ ...one, bytesWritten: 10 })
      expect(costOf(database, () => log.delete(0))).toMatchObject({ ...one, bytesWritten: 0 })
      expect(costOf(database, () => log.delete(0)).rowsWritten).toBe(0)
    }))

  it("a row of the log that expires: one more for the index where its time is written, none to delete", () =>
    open().use((database) => {
      createQueue(database)
      const log = new LogStore(database)
      const costs = (body: () => void) => costOf(database, body).rowsWritten
      const expiring = { ...ROW, expiresAt: 500 }
      expect(costs(() => log.write({ ...expiring, extendsTail: false }, 1, COUNTERS))).toBe(2)
      expect(costs(() => log.write({ ...expiring, extendsTail: true }, 2, COUNTERS))).toBe(2)
      expect(costs(() => log.write({ ...ROW, extendsTail: true }, 3, COUNTERS))).toBe(1)
      expect(costs(() => log.setExpiry(0, 700))).toBe(2)
      expect(costs(() => log.setExpiry(0, null))).toBe(1)
      expect(costs(() => log.setExpiry(9, 700))).toBe(0)
      expect(costs(() => log.setExpiry(0, 700))).toBe(2)
      expect(costs(() => log.delete(0))).toBe(1)
    }))

  it("a row of a partition's log: one to insert, one to extend", () =>
    open().use((database) => {
      database.transaction(() => createIdentity(database, "partition", { incarnation: 1, version: 1, settings: "{}" }))
      const log = new LogStore(database)
      for (const extendsTail of [false, true]) {
        expect(costOf(database, () => log.write({ ...ROW, extendsTail }, 1, COUNTERS)).rowsWritten).toBe(1)
      }
    }))

  it("looking for expiries: none, and nothing is read but what is answered", () =>
    open().use((database) => {
      createQueue(database)
      const log = new LogStore(database)
      for (let base = 0; base < 200; base++) {
        const expiresAt = base % 2 === 0 ? null : 1_000 - base
        log.write({ ...ROW, baseOffset: base, lastOffset: base, expiresAt, extendsTail: false }, base, COUNTERS)
      }
      expect(costOf(database, () => void log.nextExpiry())).toMatchObject({ rowsWritten: 0, rowsRead: 1 })
      const expired = costOf(database, () => void log.expired(2_000, 10))
      expect(expired).toMatchObject({ statements: 1, rowsWritten: 0, rowsRead: 10 })
    }))

  it("reading the log: none, and a scan reads little beyond where it ends", () =>
    open().use((database) => {
      createQueue(database)
      const log = new LogStore(database)
      for (let base = 0; base < 500; base++) {
        log.write({ ...ROW, baseOffset: base, lastOffset: base, extendsTail: false }, base, COUNTERS)
      }
      const scan = (rows: number) => {
        let left = rows
        return costOf(database, () => log.scan(200, () => --left > 0))
      }
      expect(scan(1)).toMatchObject({ statements: 1, rowsWritten: 0 })
      expect(scan(1).rowsRead).toBeLessThanOrEqual(4)
      expect(scan(100).statements).toBeLessThanOrEqual(11)
      expect(scan(100).rowsRead).toBeLessThanOrEqual(150)
      expect(costOf(database, () => void log.newest())).toMatchObject({ rowsWritten: 0, rowsRead: 1 })
      expect(costOf(database, () => void log.firstOffset())).toMatchObject({ rowsWritten: 0, rowsRead: 1 })
    }))
}

/** What the index of keys of a compacted topic costs. */
function latestKeyCosts(open: () => DurablePlace): void {
  it("a record with a key: one, where a newer one is known none; a tombstone that is met: one more for its index", () =>
    open().use((database) => {
      database.transaction(() => createIdentity(database, "partition", { incarnation: 1, version: 1, settings: "{}" }))
      const keys = new LatestKeyStore(database)
      const put = (offset: number) => costOf(database, () => keys.put(sampleBytes(20), offset))
      for (const offset of [5, 6]) expect(put(offset)).toMatchObject({ statements: 1, rowsWritten: 1 })
      expect(put(4).rowsWritten).toBe(0)
      expect(costOf(database, () => void keys.find(sampleBytes(20)))).toMatchObject({ rowsWritten: 0, rowsRead: 1 })
      expect(costOf(database, () => keys.setMet(sampleBytes(20), 9)).rowsWritten).toBe(2)
    }))
}

/** What the offsets of groups cost. */
function groupOffsetCosts(open: () => DurablePlace): void {
  it("[G13] a group's offset: one to insert, one to overwrite, one to delete, whatever its metadata", () =>
    open().use((database) => {
      database.transaction(() => createIdentity(database, "partition", { incarnation: 1, version: 1, settings: "{}" }))
      const groups = new GroupOffsetStore(database)
      const one = { statements: 1, rowsWritten: 1 }
      const state = {
        group: "g",
        generation: 1,
        memberId: "a",
        epoch: 1,
        committedOffset: 5,
        committedAt: 1,
        limit: null,
      }
      for (const metadata of ["", "m".repeat(MAX_COMMIT_METADATA_BYTES), "short"]) {
        expect(costOf(database, () => groups.write({ ...state, metadata }))).toMatchObject(one)
      }
      expect(costOf(database, () => groups.remove("g"))).toMatchObject(one)
      expect(costOf(database, () => groups.remove("g")).rowsWritten).toBe(0)
    }))
}

/** What delivery states cost. */
function deliveryCosts(open: () => DurablePlace): void {
  it("a page of delivery state: one to insert, one to overwrite, one to delete, each in one statement", () =>
    open().use((database) => {
      createQueue(database)
      const delivery = new DeliveryStore(database, 0)
      const write = (changes: DeliveryChanges) => costOf(database, () => delivery.write(changes, COUNTERS))
      for (const seq of [1, 2]) {
        const page = write({ ...NOTHING, pages: [{ ...PAGE, seq }] })
        expect(page).toMatchObject({ statements: 1, rowsWritten: 1, bytesWritten: 315 })
      }
      expect(write({ ...NOTHING, deletedPages: [0] })).toMatchObject({ statements: 1, rowsWritten: 1 })
      expect(write(NOTHING)).toMatchObject({ statements: 0, rowsWritten: 0 })
    }))

  it("a slot of the ring: one to insert, one to overwrite, each in one statement", () =>
    open().use((database) => {
      createQueue(database)
      const delivery = new DeliveryStore(database, 0)
      for (const seq of [1, 2]) {
        const ring = costOf(database, () => delivery.write({ ...NOTHING, ring: { ...RING, seq } }, COUNTERS))
        expect(ring).toMatchObject({ statements: 1, rowsWritten: 1, bytesWritten: 315 })
      }
    }))
}

/** What moving costs. */
function outboxCosts(open: () => DurablePlace): void {
  it("a move: one when it leaves, one when it is taken, one for the source's place in the inbox", () =>
    open().use((database) => {
      createQueue(database)
      const outbox = new OutboxStore(database)
      const costs = (body: () => void) => costOf(database, body).rowsWritten
      for (const seq of [1, 2, 3]) {
        expect(costs(() => outbox.add({ seq, target: "t", keyHash: 0, frame: sampleBytes(50) }))).toBe(1)
      }
      expect(costs(() => void outbox.oldest("t", 10))).toBe(0)
      expect(costs(() => void outbox.taken("t", 2))).toBe(2)
      expect(costs(() => outbox.take("s", 1, 1))).toBe(1)
      expect(costs(() => outbox.take("s", 1, 2))).toBe(1)
      expect(costs(() => outbox.take("s", 1, 2))).toBe(0)
    }))

  it("[Q13] looking for targets: the outbox is read once, however often and whatever comes", () =>
    open().use((database) => {
      createQueue(database)
      const outbox = new OutboxStore(database)
      const add = (seq: number) => outbox.add({ seq, target: `t${seq % 2}`, keyHash: 0, frame: sampleBytes(50) })
      for (let seq = 1; seq <= 200; seq++) add(seq)
      const look = () => costOf(database, () => void outbox.targets())
      expect(look()).toMatchObject({ statements: 1, rowsWritten: 0 })
      add(201)
      outbox.taken("t0", 100)
      expect(look()).toMatchObject({ statements: 0, rowsRead: 0, rowsWritten: 0 })
    }))
}

/** What names cost. */
function catalogCosts(open: () => DurablePlace): void {
  it("reading a catalog: none, written or not", () =>
    open().use((database) => {
      const look = () =>
        costOf(database, () => {
          const catalog = new CatalogStore(database)
          catalog.find("queue", "a")
          catalog.list("queue", "", 10, null)
          catalog.unfinished()
        }).rowsWritten
      expect(look()).toBe(0)
      new CatalogStore(database).insert(ENTRY)
      expect(look()).toBe(0)
    }))

  it("a number, and each change of an entry: one", () =>
    open().use((database) => {
      const catalog = new CatalogStore(database)
      catalog.nextNumber()
      const costs = (body: () => void) => costOf(database, body).rowsWritten
      expect(costs(() => void catalog.nextNumber())).toBe(1)
      expect(costs(() => catalog.insert(ENTRY))).toBe(1)
      expect(costs(() => catalog.setStep("queue", "a", "ready"))).toBe(1)
      expect(
        costs(() => {
          const update = { step: "altering", version: 2, settings: "{}", pending: null, updatedAt: 2 } as const
          catalog.update("queue", "a", update)
        }),
      ).toBe(1)
      // a queue that is gone is known for a while
      expect(costs(() => catalog.remove("queue", "a", 1))).toBe(2)
    }))
}

/** What the statements of the stores cost, exactly as it is billed. */
export function rowsWritten(open: () => DurablePlace): void {
  describe("identity", () => {
    identityCosts(open)
  })
  describe("log", () => {
    logCosts(open)
  })
  describe("index of keys", () => {
    latestKeyCosts(open)
  })
  describe("offsets of groups", () => {
    groupOffsetCosts(open)
  })
  describe("delivery", () => {
    deliveryCosts(open)
  })
  describe("outbox", () => {
    outboxCosts(open)
  })
  describe("catalog", () => {
    catalogCosts(open)
  })
}
