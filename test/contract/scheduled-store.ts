import { describe, expect, it } from "vitest"
import type { ScheduledRow } from "../../src/core/queue/changes.ts"
import type { Database } from "../../src/store/database.ts"
import { createIdentity } from "../../src/store/identity-store.ts"
import { ScheduledStore } from "../../src/store/scheduled-store.ts"
import { type OpenPlace, plansOf, rolledBack, sampleBytes } from "./place.ts"

const MEBIBYTE = 1024 * 1024

function scheduledIn(database: Database): ScheduledStore {
  database.transaction(() => createIdentity(database, "queue", { incarnation: 1, version: 1, settings: "{}" }))
  return new ScheduledStore(database)
}

function rowOf(messageId: number, dueAt: number, frameBytes = 20): ScheduledRow {
  return { messageId, dueAt, header: sampleBytes(8, messageId), frames: sampleBytes(frameBytes, messageId) }
}

/** Five rows in an order of ids that is not that of due times, as they are due. */
function writeFive(scheduled: ScheduledStore): readonly ScheduledRow[] {
  const rows = [rowOf(10, 100), rowOf(40, 100), rowOf(70, 100), rowOf(30, 200), rowOf(20, 300)]
  for (const row of rows.toReversed()) scheduled.write(row)
  return rows
}

/** All rows, page by page. */
function paged(scheduled: ScheduledStore, limit: number): ScheduledRow[] {
  const rows: ScheduledRow[] = []
  for (;;) {
    const page = scheduled.page(rows.at(-1) ?? null, limit)
    if (page.length === 0) return rows
    rows.push(...page)
  }
}

/** Messages that wait for a time of their own. */
export function scheduledStoreContract(open: OpenPlace): void {
  it("has nothing to answer at first", () =>
    open().use((database) => {
      const scheduled = scheduledIn(database)
      expect(scheduled.nextDueAt()).toBeNull()
      expect(scheduled.due(Number.MAX_SAFE_INTEGER, 10)).toEqual([])
      expect(scheduled.page(null, 10)).toEqual([])
      expect(scheduled.holding(7)).toBeNull()
    }))

  it("keeps rows, and answers those that are due in order of due time, then of id", async () => {
    const place = open()
    const rows = await place.use((database) => writeFive(scheduledIn(database)))
    await place.use((database) => {
      const scheduled = new ScheduledStore(database)
      expect(scheduled.nextDueAt()).toBe(100)
      expect(scheduled.due(99, 10)).toEqual([])
      expect(scheduled.due(100, 10)).toEqual(rows.slice(0, 3))
      expect(scheduled.due(250, 10)).toEqual(rows.slice(0, 4))
      for (let limit = 0; limit <= 5; limit++) expect(scheduled.due(300, limit)).toEqual(rows.slice(0, limit))
    })
  })

  it("answers page after page in that order, each row once", () =>
    open().use((database) => {
      const scheduled = scheduledIn(database)
      const rows = writeFive(scheduled)
      for (let limit = 1; limit <= 6; limit++) expect(paged(scheduled, limit)).toEqual(rows)
      expect(scheduled.page({ dueAt: 100, messageId: 41 }, 2)).toEqual(rows.slice(2, 4))
      expect(scheduled.page({ dueAt: 150, messageId: 999 }, 2)).toEqual(rows.slice(3))
      expect(scheduled.page({ dueAt: 300, messageId: 20 }, 2)).toEqual([])
    }))

  it("answers every row in order, also where many are due at once and large ones are among them", () =>
    open().use((database) => {
      const scheduled = scheduledIn(database)
      const rows = Array.from({ length: 150 }, (_, id) => rowOf(id, Math.floor(id / 60), id % 40 === 39 ? 90_000 : 5))
      for (const row of rows) scheduled.write(row)
      expect(scheduled.due(9, 1_000).map((row) => row.messageId)).toEqual(rows.map((row) => row.messageId))
      expect(paged(scheduled, 7).map((row) => row.messageId)).toEqual(rows.map((row) => row.messageId))
    }))

  it("answers fewer rows than asked for where they are large, and never none", () =>
    open().use((database) => {
      const scheduled = scheduledIn(database)
      for (let id = 0; id < 40; id++) scheduled.write(rowOf(id, 5, MEBIBYTE))
      const due = scheduled.due(5, 40)
      expect(due.length).toBeGreaterThan(0)
      expect(due.length).toBeLessThan(30)
      expect(due.map((row) => row.messageId)).toEqual(due.map((_, index) => index))
    }))

  it("finds the row that may hold an id: the last that begins with it or before", () =>
    open().use((database) => {
      const scheduled = scheduledIn(database)
      const rows = writeFive(scheduled)
      expect(scheduled.holding(9)).toBeNull()
      expect(scheduled.holding(10)).toEqual(rows[0])
      expect(scheduled.holding(39)).toEqual(rows[3])
      expect(scheduled.holding(Number.MAX_SAFE_INTEGER)).toEqual(rows[2])
    }))

  it("replaces a row, its time included, and forgets one", () =>
    open().use((database) => {
      const scheduled = scheduledIn(database)
      const rows = writeFive(scheduled)
      const replaced = rowOf(10, 400, 5)
      scheduled.write(replaced)
      expect(paged(scheduled, 10)).toEqual([...rows.slice(1), replaced])
      for (const { messageId } of rows.slice(0, 3)) scheduled.remove(messageId)
      scheduled.remove(999)
      expect(scheduled.nextDueAt()).toBe(200)
      expect(paged(scheduled, 10)).toEqual(rows.slice(3))
    }))

  it("rolls back with its transaction", () =>
    open().use((database) => {
      const scheduled = scheduledIn(database)
      const rows = writeFive(scheduled)
      rolledBack(database, () => {
        scheduled.remove(10)
        scheduled.write(rowOf(40, 1))
        scheduled.write(rowOf(90, 1))
      })
      expect(paged(scheduled, 10)).toEqual(rows)
    }))

  describe("the statements", () => {
    it("search, and sort nothing; the next due time is answered by the index alone", () =>
      open().use((database) => {
        const rows = writeFive(scheduledIn(database))
        const plans = plansOf(database, (watched) => {
          const scheduled = new ScheduledStore(watched)
          scheduled.nextDueAt()
          scheduled.page(rows[1]!, 10)
          scheduled.holding(40)
          scheduled.remove(40)
        })
        const sameTime = "SEARCH scheduled USING INDEX scheduled_due (due_at=? AND rowid>?)"
        const later = "SEARCH scheduled USING INDEX scheduled_due (due_at>? AND due_at<?)"
        expect([...new Set(plans.flat())].toSorted()).toEqual(
          [
            "SCAN scheduled USING COVERING INDEX scheduled_due",
            sameTime,
            later,
            "SEARCH scheduled USING INTEGER PRIMARY KEY (rowid<?)",
            "SEARCH scheduled USING INTEGER PRIMARY KEY (rowid=?)",
          ].toSorted(),
        )
      }))
  })
}
