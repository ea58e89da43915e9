import { afterEach } from "vitest"
import type { Database, SqlValue } from "../../src/store/database.ts"

/** Where one database lives. */
export interface Place {
  /** Runs `body` on the database as a newly started process finds it. */
  use<T>(body: (database: Database) => T): Promise<T>
  /** Frees it, where anything has to be freed. */
  readonly close?: () => void
}

/** Makes a place with an empty database. A suite that takes one runs the same on every platform. */
export type OpenPlace = () => Place

/** Closes what a test has opened after that test. */
export function closingAfterEach(open: OpenPlace): OpenPlace {
  const opened: Place[] = []
  afterEach(() => {
    for (const place of opened.splice(0)) place.close?.()
  })
  return () => {
    const place = open()
    opened.push(place)
    return place
  }
}

/** `length` bytes that begin with `first` and count up, so that no two samples look alike. */
export function sampleBytes(length: number, first = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (first + index) & 0xff)
}

/** Names of the tables that exist, the platform's own left out. */
export function tablesOf(database: Database): string[] {
  const rows = database.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
  return rows.map((row) => row.name).filter((name) => !name.startsWith("_cf_") && !name.startsWith("sqlite_"))
}

/** Runs `body` in a transaction that then fails. */
export function rolledBack(database: Database, body: () => void): void {
  const failure = new Error("as the test wants it")
  try {
    database.transaction(() => {
      body()
      throw failure
    })
  } catch (error) {
    if (error !== failure) throw error
  }
}

/** How SQLite carries out each statement that `body` runs. */
export function plansOf(database: Database, body: (watched: Database) => void): string[][] {
  const plans: string[][] = []
  const explain = (sql: string, values: readonly SqlValue[]): void => {
    const steps = database.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values)
    plans.push(steps.map((step) => step.detail))
  }
  body({
    all<Row extends object>(sql: string, ...values: SqlValue[]): Row[] {
      explain(sql, values)
      return database.all<Row>(sql, ...values)
    },
    run: (sql, ...values) => {
      explain(sql, values)
      database.run(sql, ...values)
    },
    transaction: (inner) => database.transaction(inner),
  })
  return plans
}
