import { expect, it } from "vitest"
import type { ReceiveAttemptRow } from "../../src/core/queue/changes.ts"
import type { Database } from "../../src/store/database.ts"
import { createIdentity } from "../../src/store/identity-store.ts"
import { ReceiveAttemptStore } from "../../src/store/receive-attempt-store.ts"
import { type OpenPlace, rolledBack, sampleBytes } from "./place.ts"

function attemptsIn(database: Database): ReceiveAttemptStore {
  database.transaction(() => createIdentity(database, "queue", { incarnation: 1, version: 1, settings: "{}" }))
  return new ReceiveAttemptStore(database)
}

function rowOf(id: string, expiresAt = 1_000): ReceiveAttemptRow {
  return { id, expiresAt, leases: sampleBytes(20, id.length) }
}

/** What receives with an attempt id handed out. */
export function receiveAttemptStoreContract(open: OpenPlace): void {
  it("has none at first", () =>
    open().use((database) => {
      expect(attemptsIn(database).all()).toEqual([])
    }))

  it("keeps them under their ids, which tell case and any character apart", async () => {
    const place = open()
    const rows = ["", "A", "a", "a\u0000b", "ü", "🌊"].map((id) => rowOf(id))
    await place.use((database) => {
      const attempts = attemptsIn(database)
      for (const row of rows) attempts.write(row)
    })
    await place.use((database) => expect(new ReceiveAttemptStore(database).all()).toEqual(rows))
  })

  it("replaces one and forgets one", () =>
    open().use((database) => {
      const attempts = attemptsIn(database)
      for (const id of ["a", "b", "c"]) attempts.write(rowOf(id))
      const repeated = { id: "b", expiresAt: 2_000, leases: sampleBytes(0) }
      attempts.write(repeated)
      attempts.remove("a")
      attempts.remove("x")
      expect(attempts.all()).toEqual([repeated, rowOf("c")])
    }))

  it("rolls back with its transaction", () =>
    open().use((database) => {
      const attempts = attemptsIn(database)
      attempts.write(rowOf("a"))
      rolledBack(database, () => {
        attempts.remove("a")
        attempts.write(rowOf("b"))
      })
      expect(attempts.all()).toEqual([rowOf("a")])
    }))
}
