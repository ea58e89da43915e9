import { describe, expect, it } from "vitest"
import type { Database } from "../../src/store/database.ts"
import { createIdentity } from "../../src/store/identity-store.ts"
import { sealCounters } from "../../src/store/counters-store.ts"
import { type LogRow, LogStore } from "../../src/store/log-store.ts"
import { type OpenPlace, plansOf, rolledBack, sampleBytes } from "./place.ts"

const COUNTERS = sampleBytes(5, 100)

function logIn(database: Database): LogStore {
  database.transaction(() => createIdentity(database, "partition", { incarnation: 1, version: 1, settings: "{}" }))
  return new LogStore(database)
}

function rowOf(baseOffset: number, lastOffset: number, frameBytes = 20): LogRow {
  return { baseOffset, lastOffset, header: sampleBytes(8, baseOffset), frames: sampleBytes(frameBytes, lastOffset) }
}

function insert(log: LogStore, row: LogRow, seq = 1): LogRow {
  log.write({ ...row, expiresAt: null, extendsTail: false }, seq, COUNTERS)
  return row
}

function scanned(log: LogStore, offset: number, limit = Number.POSITIVE_INFINITY): LogRow[] {
  const rows: LogRow[] = []
  log.scan(offset, (row) => rows.push(row) < limit)
  return rows
}

/** The rows of a log. */
export function logStoreContract(open: OpenPlace): void {
  describe("writing", () => {
    it("keeps a row with its commit and counters", async () => {
      const place = open()
      const row = rowOf(0, 9)
      await place.use((database) => void insert(logIn(database), row, 7))
      await place.use((database) => {
        const log = new LogStore(database)
        expect(log.newest()).toEqual({ ...row, seq: 7, counters: sealCounters(COUNTERS, 7) })
        expect(log.read(0)).toEqual(row)
      })
    })

    it("extends the tail in place", () =>
      open().use((database) => {
        const log = logIn(database)
        const sealed = insert(log, rowOf(0, 9))
        insert(log, rowOf(10, 11), 2)
        const extended = rowOf(10, 14, 50)
        log.write({ ...extended, expiresAt: null, extendsTail: true }, 3, sampleBytes(6))
        expect(log.newest()).toEqual({ ...extended, seq: 3, counters: sealCounters(sampleBytes(6), 3) })
        expect(scanned(log, 0)).toEqual([sealed, extended])
      }))

    it("refuses to extend a row that is not there, for its records would be lost", () =>
      open().use((database) => {
        const log = logIn(database)
        insert(log, rowOf(0, 9))
        expect(() => log.write({ ...rowOf(10, 14), expiresAt: null, extendsTail: true }, 2, COUNTERS)).toThrow(
          "no row at offset 10",
        )
      }))

    it("rewrites the counters of a row, and nothing else of it", () =>
      open().use((database) => {
        const log = logIn(database)
        const rows = [insert(log, rowOf(0, 9)), insert(log, rowOf(10, 19))]
        log.writeCounters(10, 5, sampleBytes(6))
        expect(log.newest()).toEqual({ ...rows[1], seq: 5, counters: sealCounters(sampleBytes(6), 5) })
        expect(scanned(log, 0)).toEqual(rows)
        expect(() => log.writeCounters(11, 6, COUNTERS)).toThrow("no row at offset 11")
      }))

    it("refuses a second row at the same offset", () =>
      open().use((database) => {
        const log = logIn(database)
        const row = insert(log, rowOf(0, 9))
        expect(() => insert(log, rowOf(0, 3))).toThrow(/UNIQUE/)
        expect(scanned(log, 0)).toEqual([row])
      }))

    it("keeps rows of a full mebibyte, empty frames and offsets up to 2^53 - 1", () =>
      open().use((database) => {
        const log = logIn(database)
        const large = insert(log, rowOf(0, 0, 1024 * 1024))
        const last = insert(log, rowOf(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0))
        expect(scanned(log, 0)).toEqual([large, last])
        expect(log.newest()?.baseOffset).toBe(Number.MAX_SAFE_INTEGER)
      }))

    it("rolls back with its transaction", () =>
      open().use((database) => {
        const log = logIn(database)
        const rows = [insert(log, rowOf(0, 1)), insert(log, rowOf(2, 3))]
        rolledBack(database, () => {
          log.delete(0)
          log.write({ ...rowOf(2, 8), expiresAt: null, extendsTail: true }, 2, COUNTERS)
          insert(log, rowOf(9, 9), 2)
        })
        expect(scanned(log, 0)).toEqual(rows)
        expect(log.newest()?.seq).toBe(1)
      }))
  })

  describe("an empty log", () => {
    it("has nothing to answer", () =>
      open().use((database) => {
        const log = logIn(database)
        expect(log.newest()).toBeNull()
        expect(log.firstOffset()).toBeNull()
        expect(log.read(0)).toBeNull()
        expect(log.headers(0, 1_000)).toEqual([])
        expect(scanned(log, 0)).toEqual([])
      }))
  })

  describe("scanning", () => {
    /** Rows of three offsets each, with [30, 60) missing. */
    function withGap(database: Database): { readonly log: LogStore; readonly rows: readonly LogRow[] } {
      const log = logIn(database)
      const rows: LogRow[] = []
      for (let base = 10; base < 100; base += base === 28 ? 32 : 3) rows.push(insert(log, rowOf(base, base + 2)))
      return { log, rows }
    }

    it("begins with the row that holds the offset, wherever in it that lies, and goes on in order", () =>
      open().use((database) => {
        const { log, rows } = withGap(database)
        for (const offset of [13, 14, 15]) expect(scanned(log, offset)).toEqual(rows.slice(1))
        expect(scanned(log, 16)).toEqual(rows.slice(2))
      }))

    it("begins with the first row, before it", () =>
      open().use((database) => {
        const { log, rows } = withGap(database)
        expect(scanned(log, 0)).toEqual(rows)
        expect(scanned(log, 9)).toEqual(rows)
      }))

    it("begins with the next row in a gap", () =>
      open().use((database) => {
        const { log, rows } = withGap(database)
        const afterGap = rows.filter((row) => row.baseOffset >= 60)
        for (const offset of [31, 40, 59, 60]) expect(scanned(log, offset)).toEqual(afterGap)
      }))

    it("answers nothing past the end", () =>
      open().use((database) => {
        const { log, rows } = withGap(database)
        const end = rows.at(-1)?.lastOffset ?? 0
        expect(scanned(log, end)).toEqual(rows.slice(-1))
        expect(scanned(log, end + 1)).toEqual([])
        expect(scanned(log, Number.MAX_SAFE_INTEGER)).toEqual([])
      }))

    it("ends where it is told to, after any number of rows", () =>
      open().use((database) => {
        const { log, rows } = withGap(database)
        for (let limit = 1; limit <= rows.length; limit++) expect(scanned(log, 0, limit)).toEqual(rows.slice(0, limit))
      }))

    it("visits every row once, also where large ones and small ones take turns", () =>
      open().use((database) => {
        const log = logIn(database)
        const rows: LogRow[] = []
        for (let base = 0; base < 200; base++) rows.push(insert(log, rowOf(base, base, base % 40 < 25 ? 10 : 40_000)))
        expect(scanned(log, 0).map((row) => row.baseOffset)).toEqual(rows.map((row) => row.baseOffset))
        expect(scanned(log, 120)).toEqual(rows.slice(120))
      }))

    it("leaves a log that can be written while it goes on, and dropped when it was broken off", () =>
      open().use((database) => {
        const { log } = withGap(database)
        log.scan(0, (row) => {
          log.delete(row.baseOffset)
          return row.baseOffset < 20
        })
        expect(log.firstOffset()).toBe(25)
        database.run("DROP TABLE log")
      }))
  })

  describe("looking up", () => {
    it("finds a row by its base offset only", () =>
      open().use((database) => {
        const log = logIn(database)
        const row = insert(log, rowOf(10, 19))
        expect(log.read(10)).toEqual(row)
        expect(log.read(11)).toBeNull()
      }))

    it("finds the first and the newest row, through deletes", () =>
      open().use((database) => {
        const log = logIn(database)
        for (const base of [10, 20, 30]) insert(log, rowOf(base, base + 9), base)
        expect([log.firstOffset(), log.newest()?.baseOffset]).toEqual([10, 30])
        log.delete(10)
        log.delete(30)
        expect([log.firstOffset(), log.newest()?.baseOffset, log.newest()?.seq]).toEqual([20, 20, 20])
      }))

    it("answers the headers of the rows that begin in a range, without their frames", () =>
      open().use((database) => {
        const log = logIn(database)
        const rows = [10, 20, 30].map((base) => insert(log, rowOf(base, base + 9)))
        const headers = rows.map(({ baseOffset, lastOffset, header }) => ({ baseOffset, lastOffset, header }))
        expect(log.headers(0, 100)).toEqual(headers)
        expect(log.headers(10, 30)).toEqual(headers.slice(0, 2))
        expect(log.headers(11, 31)).toEqual(headers.slice(1))
        expect(log.headers(21, 30)).toEqual([])
      }))

    it("answers the header of the row at or before an offset, and of the one behind it", () =>
      open().use((database) => {
        const log = logIn(database)
        const headers = [10, 20, 30].map((base) => {
          const { baseOffset, lastOffset, header } = insert(log, rowOf(base, base + 4))
          return { baseOffset, lastOffset, header }
        })
        expect([9, 10, 19, 20, 99].map((offset) => log.headerAt(offset)?.baseOffset ?? null)).toEqual([
          null,
          10,
          10,
          20,
          30,
        ])
        expect(log.headerAt(25)).toEqual(headers[1])
        expect([9, 10, 29].map((offset) => log.headerAfter(offset))).toEqual(headers)
        expect(log.headerAfter(30)).toBeNull()
        const plans = plansOf(database, (watched) => {
          const explained = new LogStore(watched)
          explained.headerAt(25)
          explained.headerAfter(25)
        })
        const byOffset = (sign: string) => [`SEARCH log USING INTEGER PRIMARY KEY (rowid${sign}?)`]
        expect(plans).toEqual([byOffset("<"), byOffset(">")])
      }))

    it("answers the oldest rows that begin before an offset, with the bytes of their frames", () =>
      open().use((database) => {
        const log = logIn(database)
        for (const base of [10, 20, 30]) insert(log, rowOf(base, base + 9, base * 100))
        const spans = [10, 20, 30].map((base) => ({ baseOffset: base, lastOffset: base + 9, bytes: base * 100 }))
        expect(log.before(31, 10)).toEqual(spans)
        expect(log.before(30, 10)).toEqual(spans.slice(0, 2))
        expect(log.before(1_000, 1)).toEqual(spans.slice(0, 1))
        expect(log.before(10, 10)).toEqual([])
      }))

    it("deletes the named row alone; one that is not there is no error", () =>
      open().use((database) => {
        const log = logIn(database)
        const rows = [10, 20, 30].map((base) => insert(log, rowOf(base, base + 9)))
        log.delete(20)
        log.delete(25)
        expect(scanned(log, 0)).toEqual([rows[0], rows[2]])
      }))
  })
}
