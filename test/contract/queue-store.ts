import { describe, expect, it } from "vitest"
import type { DeliveryChanges } from "../../src/core/delivery/types.ts"
import { MAX_REDRIVES } from "../../src/core/limits.ts"
import { type AppendRow, planAppend } from "../../src/core/log/append.ts"
import { decodeSubmissions, SubmissionWriter } from "../../src/core/log/submission.ts"
import type { QueueChanges } from "../../src/core/queue/changes.ts"
import { emptyCounters, encodeCounters } from "../../src/core/queue/counters.ts"
import type { Queue } from "../../src/core/queue/queue.ts"
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/queue/settings.ts"
import type { Database } from "../../src/store/database.ts"
import { createIdentity, readIdentity } from "../../src/store/identity-store.ts"
import { MIGRATIONS, schemaVersion } from "../../src/store/migrations.ts"
import { QueueStore } from "../../src/store/queue-store.ts"
import { type OpenPlace, rolledBack, sampleBytes } from "./place.ts"

const IDENTITY = { incarnation: 1, version: 1, settings: "{}" }
const NO_ROWS = { written: [], removed: [] }
const NOTHING: Omit<QueueChanges, "seq"> = {
  rows: [],
  deletedRows: [],
  delivery: null,
  scheduled: NO_ROWS,
  dedup: NO_ROWS,
  attempts: NO_ROWS,
  expiries: [],
  redrives: [],
  producers: null,
  moves: { outbox: [], taken: [] },
  counters: encodeCounters(emptyCounters()),
  countersChanged: false,
}
const NO_BATCH = decodeSubmissions(new SubmissionWriter().finish())
const RING = { slot: 0, seq: 1, foldedSeq: 0, transitions: sampleBytes(1, 0) }
const SCHEDULED = { messageId: 5, dueAt: 900, header: sampleBytes(8), frames: sampleBytes(30) }
const DEDUP = { no: 1, expiresAt: 900, ids: sampleBytes(30) }
const PRODUCER = {
  producerId: 3,
  epoch: 1,
  lastAt: 900,
  batches: [{ sequence: 4, count: 2, firstId: null, storedAt: 900 }],
}
const ATTEMPT = { id: "a", expiresAt: 900, leases: sampleBytes(30) }

function createQueue(database: Database): QueueStore {
  database.transaction(() => createIdentity(database, "queue", IDENTITY))
  return new QueueStore(database)
}

/** Writes a commit as an object does; answers whether it was one. */
function commit(store: QueueStore, changes: Partial<QueueChanges>): boolean {
  return store.write({ ...NOTHING, seq: store.nextSeq(), ...changes })
}

function load(store: QueueStore): Queue {
  const identity = { name: "q", incarnation: 1, shard: 0, targetOf: (queue: string) => `t/${queue}` }
  return store.load(identity, DEFAULT_QUEUE_SETTINGS, () => 0)
}

/** The row of a commit that appends messages with these expiries, at time 100. */
function rowOf(baseOffset: number, ...expiresAts: readonly number[]): AppendRow {
  const incoming = {
    frames: sampleBytes(10 * expiresAts.length),
    lengths: expiresAts.map(() => 10),
    keyHashes: expiresAts.map(() => 0),
    messageIds: expiresAts.map((_, index) => 1 + baseOffset + index),
    expiresAts,
  }
  return planAppend(null, incoming, baseOffset, 100, 0, { pageOffsets: 1024 }).rows[0]!
}

function sent(count: number): Pick<QueueChanges, "counters" | "countersChanged"> {
  return { counters: encodeCounters({ ...emptyCounters(), sent: count }), countersChanged: true }
}

function fallbackRows(database: Database): number {
  return database.all("SELECT seq FROM counters").length
}

/** A queue as a release stored it that had so many migrations: three messages in one row, and the counters of then. */
function createRelease(database: Database, migrations: number): void {
  for (const statement of MIGRATIONS.queue.slice(0, migrations).flat()) database.run(statement)
  database.run(
    `INSERT INTO identity (id, schema_version, state, incarnation, version, settings)
     VALUES (0, ?, 'live', 1, 1, '{}')`,
    migrations,
  )
  const { header, frames } = rowOf(0, 0, 0, 0)
  const counters = encodeCounters({ ...emptyCounters(), nextMessageId: 4, liveBytes: 30, sent: 3 }).slice(0, 10)
  database.run(
    "INSERT INTO log (base_offset, last_offset, seq, counters, header, frames) VALUES (0, 2, 7, ?, ?, ?)",
    counters,
    header,
    frames,
  )
}

/** Commits of a queue, and what is left of them after a restart. */
export function queueStoreContract(open: OpenPlace): void {
  describe("a commit", () => {
    it("of nothing writes nothing and takes no number", () =>
      open().use((database) => {
        const store = createQueue(database)
        expect([commit(store, {}), store.nextSeq()]).toEqual([false, 1])
        expect(commit(store, { counters: encodeCounters({ ...emptyCounters(), sent: 9 }) })).toBe(false)
        expect(fallbackRows(database)).toBe(0)
      }))

    it("of any kind of change is one, and takes a number", () => {
      const delivery: DeliveryChanges = { pages: [], deletedPages: [3], ring: null }
      const outbox = [{ seq: 1, target: "t", keyHash: 0, frame: sampleBytes(4) }]
      const kinds: readonly Partial<QueueChanges>[] = [
        { rows: [rowOf(0, 0)] },
        { deletedRows: [0] },
        { delivery },
        { scheduled: { written: [SCHEDULED], removed: [] } },
        { scheduled: { written: [], removed: [5] } },
        { dedup: { written: [DEDUP], removed: [] } },
        { dedup: { written: [], removed: [1] } },
        { attempts: { written: [ATTEMPT], removed: [] } },
        { attempts: { written: [], removed: ["a"] } },
        { producers: { written: [PRODUCER], forgotten: [] } },
        { producers: { written: [], forgotten: [3] } },
        { expiries: [{ baseOffset: 0, expiresAt: null }] },
        { redrives: [{ no: 1, task: "{}" }] },
        { moves: { outbox, taken: [] } },
        { moves: { outbox: [], taken: [{ source: "s", incarnation: 1, seq: 1 }] } },
        { countersChanged: true },
      ]
      return open().use((database) => {
        const store = createQueue(database)
        for (const [index, kind] of kinds.entries()) {
          expect([commit(store, kind), store.nextSeq()]).toEqual([true, index + 2])
        }
      })
    })

    it("writes every table, deletes first where a key comes again, and rolls back as one", () =>
      open().use((database) => {
        const store = createQueue(database)
        const other = { ...SCHEDULED, dueAt: 400 }
        const attempt = { ...ATTEMPT, expiresAt: 950 }
        const dedup = { ...DEDUP, expiresAt: 950 }
        const stored = () => {
          const dedupRows: unknown[] = []
          store.dedup.all((row) => void dedupRows.push(row))
          return [store.scheduled.page(null, 9), dedupRows, store.attempts.all(), store.redrives.all()]
        }
        const first = {
          scheduled: { written: [SCHEDULED], removed: [] },
          dedup: { written: [DEDUP], removed: [] },
          attempts: { written: [ATTEMPT], removed: [] },
        }
        commit(store, first)
        const second = {
          scheduled: { written: [other], removed: [5] },
          dedup: { written: [dedup], removed: [1] },
          attempts: { written: [attempt], removed: ["a"] },
          redrives: [{ no: 1, task: "{}" }],
        }
        rolledBack(database, () => void commit(store, second))
        expect(stored()).toEqual([[SCHEDULED], [DEDUP], [ATTEMPT], []])
        commit(store, second)
        expect(stored()).toEqual([[other], [dedup], [attempt], [{ no: 1, task: "{}" }]])
      }))

    it("leaves no row that comes and goes in it, and sets expiries last", () =>
      open().use((database) => {
        const store = createQueue(database)
        commit(store, {
          rows: [rowOf(0, 500), rowOf(1, 300, 0), rowOf(3, 200)],
          deletedRows: [3],
          expiries: [
            { baseOffset: 0, expiresAt: 700 },
            { baseOffset: 1, expiresAt: null },
          ],
        })
        expect(store.log.nextExpiry()).toEqual({ baseOffset: 0, expiresAt: 700 })
        expect(store.log.expired(1_000, 9)).toEqual([0])
      }))

    it("keeps the newest redrives only", () =>
      open().use((database) => {
        const store = createQueue(database)
        for (let no = 1; no <= MAX_REDRIVES + 3; no++) commit(store, { redrives: [{ no, task: "{}" }] })
        const kept = store.redrives.all().map((row) => row.no)
        expect(kept).toEqual(Array.from({ length: MAX_REDRIVES }, (_, index) => MAX_REDRIVES + 3 - index))
      }))
  })

  describe("the counters", () => {
    it("of a commit without a row in which they could ride have one of their own", async () => {
      const place = open()
      await place.use((database) => {
        const store = createQueue(database)
        commit(store, { scheduled: { written: [SCHEDULED], removed: [] }, ...sent(1) })
        commit(store, { delivery: { pages: [], deletedPages: [3], ring: null }, ...sent(2) })
        expect(fallbackRows(database)).toBe(1)
      })
      await place.use((database) => {
        const store = new QueueStore(database)
        expect(load(store).statistics(1).sent).toBe(2)
        expect(store.nextSeq()).toBe(3)
      })
    })

    it("ride in rows that are written anyway", () =>
      open().use((database) => {
        const store = createQueue(database)
        commit(store, { rows: [rowOf(0, 0)], ...sent(1) })
        const page = { pageNo: 0, seq: 2, foldedSeq: 0, runs: sampleBytes(1, 0) }
        commit(store, { delivery: { pages: [page], deletedPages: [], ring: null }, ...sent(2) })
        commit(store, { delivery: { pages: [], deletedPages: [], ring: RING }, ...sent(3) })
        expect(fallbackRows(database)).toBe(0)
      }))

    it("are those of the newest commit, wherever that wrote them", () =>
      open().use((database) => {
        const store = createQueue(database)
        const statistics = () => load(new QueueStore(database)).statistics(1)
        commit(store, { rows: [rowOf(0, 0)], ...sent(1) })
        commit(store, sent(2))
        expect(statistics().sent).toBe(2)
        commit(store, { rows: [rowOf(1, 0)], ...sent(3) })
        expect(statistics().sent).toBe(3)
        commit(store, sent(4))
        commit(store, sent(5))
        expect([statistics().sent, fallbackRows(database)]).toEqual([5, 1])
      }))
  })

  describe.each([
    ["the first release", 1],
    ["before there were producers", 2],
  ])("a queue of %s", (_, migrations) => {
    it("[Q53] comes through the migration with its messages and counters", async () => {
      const place = open()
      await place.use((database) => createRelease(database, migrations))
      await place.use((database) => {
        expect(readIdentity(database, "queue")).toEqual({ state: "live", ...IDENTITY })
        expect(database.all("SELECT schema_version FROM identity")).toEqual([
          { schema_version: schemaVersion("queue") },
        ])
        const store = new QueueStore(database)
        expect(load(store).statistics(200)).toMatchObject({ ready: 3, bytes: 30, sent: 3, scheduled: 0, expired: 0 })
        expect([store.nextSeq(), store.log.nextExpiry()]).toEqual([8, null])
      })
    })

    it("takes everything that a new one takes", () =>
      open().use((database) => {
        createRelease(database, migrations)
        readIdentity(database, "queue")
        const store = new QueueStore(database)
        load(store)
        commit(store, {
          rows: [rowOf(3, 400)],
          scheduled: { written: [SCHEDULED], removed: [] },
          dedup: { written: [DEDUP], removed: [] },
          attempts: { written: [ATTEMPT], removed: [] },
          redrives: [{ no: 1, task: "{}" }],
          producers: { written: [PRODUCER], forgotten: [] },
        })
        commit(store, sent(9))
        expect(load(store).statistics(200)).toMatchObject({ ready: 4, sent: 9 })
        expect(load(store).sendBy({ producerId: 3, epoch: 0, sequence: 0 }, NO_BATCH, 900)).toMatchObject({
          error: { code: "fenced", epoch: 1 },
        })
        expect(store.log.nextExpiry()).toEqual({ baseOffset: 3, expiresAt: 400 })
      }))
  })
}
