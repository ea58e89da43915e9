import { describe, expect, it } from "vitest"
import type { Database, SqlValue } from "../../src/store/database.ts"
import { type OpenPlace, rolledBack, sampleBytes } from "./place.ts"

const CREATE = "CREATE TABLE sample (id INTEGER PRIMARY KEY, value BLOB) STRICT"
const INSERT = "INSERT INTO sample (id, value) VALUES (?, ?)"
const IDS = "SELECT id FROM sample ORDER BY id"

function ids(database: Database): number[] {
  return database.all<{ id: number }>(IDS).map((row) => row.id)
}

/** What every platform's SQLite does for the stores. */
export function databaseContract(open: OpenPlace): void {
  describe("values", () => {
    it("come back as they went in", () =>
      open().use((database) => {
        database.run("CREATE TABLE sample (i INTEGER, r REAL, t TEXT, b BLOB, n BLOB) STRICT")
        const values: SqlValue[] = [Number.MAX_SAFE_INTEGER, 0.1, "Mühle 🌊\u0000'", sampleBytes(300), null]
        database.run("INSERT INTO sample (i, r, t, b, n) VALUES (?, ?, ?, ?, ?)", ...values)
        const [row] = database.all<Record<string, SqlValue>>("SELECT i, r, t, b, n FROM sample")
        expect(["i", "r", "t", "b", "n"].map((name) => row?.[name])).toEqual(values)
      }))

    it("are Uint8Array where they are BLOBs, each with memory of its own", () =>
      open().use((database) => {
        database.run(CREATE)
        for (const id of [1, 2]) database.run(INSERT, id, sampleBytes(4, id))
        const blobs = database
          .all<{ value: Uint8Array }>("SELECT value FROM sample ORDER BY id")
          .map((row) => row.value)
        for (const blob of blobs) expect(blob).toBeInstanceOf(Uint8Array)
        blobs[0]?.fill(0)
        expect(blobs[1]).toEqual(sampleBytes(4, 2))
        expect(database.all<{ value: Uint8Array }>("SELECT value FROM sample WHERE id = 1")[0]?.value).toEqual(
          sampleBytes(4),
        )
      }))

    it("may be part of a larger buffer", () =>
      open().use((database) => {
        database.run(CREATE)
        database.run(INSERT, 1, sampleBytes(10).subarray(3, 6))
        expect(database.all<{ value: Uint8Array }>("SELECT value FROM sample")[0]?.value).toEqual(sampleBytes(3, 4))
      }))

    it("may be empty bytes, which are not null", () =>
      open().use((database) => {
        database.run(CREATE)
        database.run(INSERT, 1, new Uint8Array(0))
        const [row] = database.all<{ value: Uint8Array; type: string }>(
          "SELECT value, typeof(value) AS type FROM sample",
        )
        expect(row?.type).toBe("blob")
        expect(row?.value).toEqual(new Uint8Array(0))
      }))
  })

  describe("statements", () => {
    it("throw on what the schema forbids, and the next one works", () =>
      open().use((database) => {
        database.run(CREATE)
        database.run(INSERT, 1, null)
        expect(() => database.run(INSERT, 1, null)).toThrow(/UNIQUE/)
        expect(() => database.run(INSERT, 2, "text")).toThrow(/BLOB/)
        database.run(INSERT, 2, null)
        expect(ids(database)).toEqual([1, 2])
      }))

    it("leave nothing open that would lock a table", () =>
      open().use((database) => {
        database.run(CREATE)
        for (const id of [1, 2, 3]) database.run(INSERT, id, null)
        for (const row of database.all<{ id: number }>(IDS)) if (row.id === 2) break
        database.run("DROP TABLE sample")
        expect(() => ids(database)).toThrow(/no such table/)
      }))

    it("outlive the process that ran them", async () => {
      const place = open()
      await place.use((database) => {
        database.run(CREATE)
        database.run(INSERT, 1, null)
      })
      expect(await place.use(ids)).toEqual([1])
    })
  })

  describe("a transaction", () => {
    it("answers what its body answers", () =>
      open().use((database) => {
        expect(database.transaction(() => 7)).toBe(7)
      }))

    it("passes a throw on and leaves nothing behind, not even a table", () =>
      open().use((database) => {
        const fail = () =>
          database.transaction(() => {
            database.run(CREATE)
            database.run(INSERT, 1, null)
            throw new Error("in the middle")
          })
        expect(fail).toThrow("in the middle")
        expect(() => ids(database)).toThrow(/no such table/)
      }))

    it("inside another one rolls back alone", () =>
      open().use((database) => {
        database.run(CREATE)
        database.transaction(() => {
          database.run(INSERT, 1, null)
          rolledBack(database, () => database.run(INSERT, 2, null))
          database.transaction(() => database.run(INSERT, 3, null))
        })
        expect(ids(database)).toEqual([1, 3])
      }))

    it("takes one inside it along when it rolls back", () =>
      open().use((database) => {
        database.run(CREATE)
        rolledBack(database, () => database.transaction(() => database.run(INSERT, 1, null)))
        expect(ids(database)).toEqual([])
      }))
  })
}
