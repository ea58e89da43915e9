import { describe, expect, it } from "vitest"
import type { StoredAccessKey } from "../../src/core/access/access-key.ts"
import { AccessKeyStore } from "../../src/store/access-key-store.ts"
import { MIGRATIONS, schemaVersion } from "../../src/store/migrations.ts"
import { type OpenPlace, rolledBack, sampleBytes, tablesOf } from "./place.ts"

const KEY: StoredAccessKey = {
  namespace: "acme",
  accountId: "012345678901",
  subject: "app",
  rights: [{ actions: ["read", "consume"], queues: ["jobs-*"], topics: [], groups: ["g"] }],
  createdAt: 1_800_000_000_123,
  expiresAt: 1_900_000_000_456,
  sealedSecret: sampleBytes(68),
}

/** Runs `body` as the release would whose migrations end with `statement`. */
function withMigration(statement: string, body: () => void): void {
  const steps = MIGRATIONS["access-key"] as unknown as (readonly string[])[]
  steps.push([statement])
  try {
    body()
  } finally {
    steps.pop()
  }
}

/** An access key in an object of its own. */
export function accessKeyStoreContract(open: OpenPlace): void {
  it("[A22] keeps what it was given", async () => {
    const place = open()
    await place.use((database) => new AccessKeyStore(database).insert(KEY))
    await place.use((database) => expect(new AccessKeyStore(database).read()).toEqual(KEY))
  })

  it("[A22] keeps what is not there", () =>
    open().use((database) => {
      const bare = { ...KEY, subject: null, rights: null, expiresAt: null }
      const store = new AccessKeyStore(database)
      store.insert(bare)
      expect(store.read()).toEqual(bare)
    }))

  it("[A21] has nothing where nothing was kept, and looking for it makes no table", () =>
    open().use((database) => {
      expect(new AccessKeyStore(database).read()).toBeNull()
      expect(tablesOf(database)).toEqual([])
    }))

  it("has nothing where that failed", () =>
    open().use((database) => {
      const store = new AccessKeyStore(database)
      rolledBack(database, () => store.insert(KEY))
      expect(store.read()).toBeNull()
      expect(tablesOf(database)).toEqual([])
      store.insert(KEY)
      expect(store.read()).toEqual(KEY)
    }))

  describe("of an older release", () => {
    it("is brought up to date once, and never back", () =>
      open().use((database) => {
        new AccessKeyStore(database).insert(KEY)
        const before = schemaVersion("access-key")
        const versions = (): unknown => database.all("SELECT schema_version FROM access_key")
        withMigration("ALTER TABLE access_key ADD COLUMN extra INTEGER", () => {
          for (let load = 0; load < 3; load++) expect(new AccessKeyStore(database).read()).toEqual(KEY)
          expect(versions()).toEqual([{ schema_version: before + 1 }])
        })
        expect(new AccessKeyStore(database).read()).toEqual(KEY)
        expect(versions()).toEqual([{ schema_version: before + 1 }])
      }))
  })
}
