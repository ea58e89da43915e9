import { expect, it } from "vitest"
import { MAX_COMMIT_METADATA_BYTES } from "../../src/core/limits.ts"
import { encodePartitionCounters, NO_PARTITION_COUNTERS } from "../../src/core/stream/counters.ts"
import type { GroupState } from "../../src/core/stream/partition-groups.ts"
import { DEFAULT_TOPIC_SETTINGS } from "../../src/core/stream/settings.ts"
import type { Database } from "../../src/store/database.ts"
import { GroupOffsetStore } from "../../src/store/group-offset-store.ts"
import { createIdentity, readIdentity } from "../../src/store/identity-store.ts"
import { LogStore } from "../../src/store/log-store.ts"
import { MIGRATIONS } from "../../src/store/migrations.ts"
import { PartitionStore } from "../../src/store/partition-store.ts"
import { type OpenPlace, plansOf, rolledBack, sampleBytes } from "./place.ts"

function groupsIn(database: Database): GroupOffsetStore {
  database.transaction(() => createIdentity(database, "partition", { incarnation: 1, version: 1, settings: "{}" }))
  return new GroupOffsetStore(database)
}

const OWNED: GroupState = {
  group: "billing",
  generation: 2 ** 41,
  memberId: "member-1",
  epoch: 7,
  committedOffset: 2 ** 42,
  metadata: "ä".repeat(MAX_COMMIT_METADATA_BYTES / 2),
  committedAt: 1_790_000_000_000,
  limit: 2 ** 43,
}
const BARE: GroupState = {
  group: "audit",
  generation: 1,
  memberId: null,
  epoch: 0,
  committedOffset: null,
  metadata: "",
  committedAt: 0,
  limit: null,
}

/** Where the consumer groups of a partition stand. */
export function groupOffsetStoreContract(open: OpenPlace): void {
  it("has none at first", () =>
    open().use((database) => {
      expect(groupsIn(database).all()).toEqual([])
    }))

  it("keeps every field, by name", async () => {
    const place = open()
    await place.use((database) => {
      const groups = groupsIn(database)
      groups.write(OWNED)
      groups.write(BARE)
    })
    await place.use((database) => expect(new GroupOffsetStore(database).all()).toEqual([BARE, OWNED]))
  })

  it("replaces every field but the name, and forgets a group", () =>
    open().use((database) => {
      const groups = groupsIn(database)
      groups.write(OWNED)
      groups.write({ ...BARE, group: "other" })
      groups.write({ ...BARE, group: OWNED.group })
      groups.remove("other")
      groups.remove("never there")
      expect(groups.all()).toEqual([{ ...BARE, group: OWNED.group }])
    }))

  it("rolls back with its transaction", () =>
    open().use((database) => {
      const groups = groupsIn(database)
      groups.write(OWNED)
      rolledBack(database, () => {
        groups.remove(OWNED.group)
        groups.write(BARE)
      })
      expect(groups.all()).toEqual([OWNED])
    }))

  it("[G16] is added to a partition from before groups, which goes on with its log", () =>
    open().use((database) => {
      database.transaction(() => {
        for (const statement of MIGRATIONS.partition.slice(0, 3).flat()) database.run(statement)
        database.run(
          `INSERT INTO identity (id, schema_version, state, incarnation, version, settings)
           VALUES (0, 3, 'live', 1, 1, '{}')`,
        )
        const row = { baseOffset: 0, lastOffset: 6, header: sampleBytes(9), frames: sampleBytes(9), expiresAt: null }
        new LogStore(database).write({ ...row, extendsTail: false }, 1, encodePartitionCounters(NO_PARTITION_COUNTERS))
      })
      readIdentity(database, "partition")
      const partition = new PartitionStore(database).load(1, DEFAULT_TOPIC_SETTINGS)
      expect(partition.endOffset).toBe(7)
      expect(partition.groups.offsetOf("billing", 1)).toMatchObject({ committedOffset: null, epoch: 0, endOffset: 7 })
    }))

  it("is searched by name", () =>
    open().use((database) => {
      groupsIn(database)
      const plans = plansOf(database, (watched) => new GroupOffsetStore(watched).remove("billing"))
      expect(plans).toEqual([["SEARCH group_offset USING PRIMARY KEY (name=?)"]])
    }))
}
