import { describe, expect, it } from "vitest"
import { CountersStore } from "../../src/store/counters-store.ts"
import { DedupStore } from "../../src/store/dedup-store.ts"
import { ReceiveAttemptStore } from "../../src/store/receive-attempt-store.ts"
import { RedriveStore } from "../../src/store/redrive-store.ts"
import { ScheduledStore } from "../../src/store/scheduled-store.ts"
import { costOf, createQueue, type DurablePlace } from "./cost.ts"
import { sampleBytes } from "./place.ts"

const COUNTERS = sampleBytes(5)

/** What scheduled messages cost. */
function scheduledCosts(open: () => DurablePlace): void {
  it("a row of scheduled messages: two to insert or replace, one to delete, each in one statement", () =>
    open().use((database) => {
      createQueue(database)
      const scheduled = new ScheduledStore(database)
      const write = () => scheduled.write({ messageId: 5, dueAt: 9, header: sampleBytes(30), frames: sampleBytes(900) })
      for (let time = 0; time < 2; time++) {
        expect(costOf(database, write)).toMatchObject({ statements: 1, rowsWritten: 2, bytesWritten: 930 })
      }
      expect(costOf(database, () => scheduled.remove(5))).toMatchObject({ statements: 1, rowsWritten: 1 })
      expect(costOf(database, () => scheduled.remove(5)).rowsWritten).toBe(0)
    }))

  it("reading the schedule: none, and nothing is read but what is answered, however much is due at once", () =>
    open().use((database) => {
      createQueue(database)
      const scheduled = new ScheduledStore(database)
      for (let id = 0; id < 500; id++) {
        scheduled.write({ messageId: id, dueAt: 9, header: sampleBytes(30), frames: sampleBytes(9) })
      }
      const reads = (body: () => void) => {
        const { rowsWritten: written, rowsRead } = costOf(database, body)
        expect(written).toBe(0)
        return rowsRead
      }
      expect(reads(() => void scheduled.nextDueAt())).toBe(1)
      expect(reads(() => void scheduled.holding(250))).toBe(1)
      expect(reads(() => void scheduled.due(9, 10))).toBeLessThanOrEqual(30)
      expect(reads(() => void scheduled.page({ dueAt: 9, messageId: 450 }, 10))).toBeLessThanOrEqual(30)
    }))
}

/** What the other tables of a queue cost. */
function queueCosts(open: () => DurablePlace): void {
  it("deduplication ids, an attempt of a receive, a redrive, counters of their own: one to write, one to delete", () =>
    open().use((database) => {
      createQueue(database)
      const one = { statements: 1, rowsWritten: 1 }
      const dedup = new DedupStore(database)
      const attempts = new ReceiveAttemptStore(database)
      const redrives = new RedriveStore(database)
      const counters = new CountersStore(database)
      for (let time = 0; time < 2; time++) {
        expect(costOf(database, () => dedup.write({ no: 1, expiresAt: 9, ids: sampleBytes(50) }))).toMatchObject(one)
        expect(costOf(database, () => attempts.write({ id: "a", expiresAt: 9, leases: sampleBytes(9) }))).toMatchObject(
          one,
        )
        expect(costOf(database, () => redrives.write({ no: 1, task: "{}" }))).toMatchObject(one)
        expect(costOf(database, () => counters.write(1, COUNTERS))).toMatchObject(one)
      }
      expect(costOf(database, () => redrives.keepNewest(1))).toMatchObject({ statements: 1, rowsWritten: 0 })
      expect(costOf(database, () => redrives.keepNewest(0))).toMatchObject(one)
      expect(costOf(database, () => dedup.remove(1))).toMatchObject(one)
      expect(costOf(database, () => attempts.remove("a"))).toMatchObject(one)
    }))

  it("reading them: none", () =>
    open().use((database) => {
      createQueue(database)
      const look = costOf(database, () => {
        new DedupStore(database).all(() => {})
        new DedupStore(database).read(1)
        new ReceiveAttemptStore(database).all()
        new RedriveStore(database).all()
        new CountersStore(database).read()
      })
      expect(look.rowsWritten).toBe(0)
    }))
}

/** What the statements of the tables beside a queue's log and delivery state cost, exactly as it is billed. */
export function queueRowsWritten(open: () => DurablePlace): void {
  describe("schedule", () => {
    scheduledCosts(open)
  })
  describe("queue", () => {
    queueCosts(open)
  })
}
