import { expect, it } from "vitest"
import type { Database } from "../../src/store/database.ts"
import { createIdentity } from "../../src/store/identity-store.ts"
import { RedriveStore } from "../../src/store/redrive-store.ts"
import { type OpenPlace, rolledBack } from "./place.ts"

function redrivesIn(database: Database): RedriveStore {
  database.transaction(() => createIdentity(database, "queue", { incarnation: 1, version: 1, settings: "{}" }))
  return new RedriveStore(database)
}

function numbers(redrives: RedriveStore): number[] {
  return redrives.all().map((row) => row.no)
}

/** The redrives of a queue. */
export function redriveStoreContract(open: OpenPlace): void {
  it("keeps them, newest first, and replaces one as it goes on", async () => {
    const place = open()
    await place.use((database) => {
      const redrives = redrivesIn(database)
      expect(redrives.all()).toEqual([])
      redrives.write({ no: 1, task: '{"state":"running"}' })
      redrives.write({ no: 2, task: '{"name":"Mühle"}' })
      redrives.write({ no: 1, task: '{"state":"done"}' })
    })
    await place.use((database) => {
      expect(new RedriveStore(database).all()).toEqual([
        { no: 2, task: '{"name":"Mühle"}' },
        { no: 1, task: '{"state":"done"}' },
      ])
    })
  })

  it("forgets all but the newest", () =>
    open().use((database) => {
      const redrives = redrivesIn(database)
      redrives.keepNewest(3)
      for (const no of [1, 2, 5, 8]) redrives.write({ no, task: "{}" })
      redrives.keepNewest(4)
      expect(numbers(redrives)).toEqual([8, 5, 2, 1])
      redrives.keepNewest(2)
      expect(numbers(redrives)).toEqual([8, 5])
      redrives.keepNewest(0)
      expect(numbers(redrives)).toEqual([])
    }))

  it("rolls back with its transaction", () =>
    open().use((database) => {
      const redrives = redrivesIn(database)
      redrives.write({ no: 1, task: "{}" })
      rolledBack(database, () => redrives.keepNewest(0))
      expect(numbers(redrives)).toEqual([1])
    }))
}
