import { describe, expect, it } from "vitest"
import type { Database } from "../../src/store/database.ts"
import { createIdentity } from "../../src/store/identity-store.ts"
import { type OutboxRow, OutboxStore } from "../../src/store/outbox-store.ts"
import { type OpenPlace, rolledBack, sampleBytes } from "./place.ts"

const DEAD = "default/dead/0"
const OTHER = "default/other/0"

function outboxIn(database: Database): OutboxStore {
  database.transaction(() => createIdentity(database, "queue", { incarnation: 1, version: 1, settings: "{}" }))
  return new OutboxStore(database)
}

function rowOf(seq: number, target: string): OutboxRow {
  return { seq, target, keyHash: Number.MAX_SAFE_INTEGER - seq, frame: sampleBytes(20, seq) }
}

/** Rows 1 to 6, the odd ones for `DEAD` and the even ones for `OTHER`. */
function mixed(database: Database): OutboxStore {
  const outbox = outboxIn(database)
  for (let seq = 1; seq <= 6; seq++) outbox.add(rowOf(seq, seq % 2 === 1 ? DEAD : OTHER))
  return outbox
}

function seqs(outbox: OutboxStore, target: string): number[] {
  return outbox.oldest(target, 100).map((row) => row.seq)
}

/** What leaves for other objects, and what came from them. */
export function outboxStoreContract(open: OpenPlace): void {
  describe("the outbox", () => {
    it("sends a row on to another target, under its sequence", () =>
      open().use((database) => {
        const outbox = mixed(database)
        outbox.targets()
        outbox.redirect(3, "default/later/0")
        expect(seqs(outbox, DEAD)).toEqual([1, 5])
        expect(outbox.oldest("default/later/0", 10)).toEqual([{ ...rowOf(3, DEAD), target: "default/later/0" }])
        expect(outbox.targets().toSorted()).toEqual([DEAD, "default/later/0", OTHER].toSorted())
        expect(outbox.summary()).toEqual({ count: 6, lastSeq: 6 })
      }))

    it("answers as many rows as hold so many bytes, and one at least", () =>
      open().use((database) => {
        const outbox = mixed(database)
        const counts = [1, 20, 21, 40, 41, 1000].map((maxBytes) => outbox.oldest(DEAD, 100, maxBytes).length)
        expect(counts).toEqual([1, 1, 2, 2, 3, 3])
      }))

    it("finds what comes below what it has seen of a target: a row sent on, and those of a later life", () =>
      open().use((database) => {
        const outbox = mixed(database)
        outbox.targets()
        outbox.taken(DEAD, 3)
        expect([seqs(outbox, DEAD), seqs(outbox, OTHER)]).toEqual([[5], [2, 4, 6]])
        outbox.redirect(2, DEAD)
        expect([seqs(outbox, DEAD), seqs(outbox, OTHER)]).toEqual([
          [2, 5],
          [4, 6],
        ])
        outbox.add(rowOf(1, OTHER))
        expect(seqs(outbox, OTHER)).toEqual([1, 4, 6])
        expect([outbox.taken(OTHER, 4), outbox.taken(DEAD, 5)]).toEqual([2, 2])
        expect([seqs(outbox, DEAD), seqs(outbox, OTHER)]).toEqual([[], [6]])
      }))

    it("is empty at first", () =>
      open().use((database) => {
        const outbox = outboxIn(database)
        expect(outbox.targets()).toEqual([])
        expect(outbox.summary()).toEqual({ count: 0, lastSeq: 0 })
        expect(outbox.oldest(DEAD, 10)).toEqual([])
        expect(outbox.taken(DEAD, 10)).toBe(0)
      }))

    it("answers what waits for a target, oldest first and unchanged", async () => {
      const place = open()
      await place.use((database) => void mixed(database))
      await place.use((database) => {
        const outbox = new OutboxStore(database)
        expect(outbox.oldest(DEAD, 2)).toEqual([rowOf(1, DEAD), rowOf(3, DEAD)])
        expect(seqs(outbox, OTHER)).toEqual([2, 4, 6])
        expect(outbox.targets().toSorted()).toEqual([DEAD, OTHER])
        expect(outbox.summary()).toEqual({ count: 6, lastSeq: 6 })
      })
    })

    it("keeps the order of the sequence, whatever the order of arrival", () =>
      open().use((database) => {
        const outbox = outboxIn(database)
        for (const seq of [9, 2, 10, 1]) outbox.add(rowOf(seq, DEAD))
        expect(seqs(outbox, DEAD)).toEqual([1, 2, 9, 10])
      }))

    it("refuses a sequence that is in use", () =>
      open().use((database) => {
        expect(() => mixed(database).add(rowOf(3, OTHER))).toThrow(/UNIQUE/)
      }))

    it("forgets what its target has taken, and nothing else", () =>
      open().use((database) => {
        const outbox = mixed(database)
        expect(outbox.taken(DEAD, 3)).toBe(2)
        expect(seqs(outbox, DEAD)).toEqual([5])
        expect(seqs(outbox, OTHER)).toEqual([2, 4, 6])
        expect(outbox.taken(DEAD, 3)).toBe(0)
        expect(outbox.taken(OTHER, 100)).toBe(3)
        expect(seqs(outbox, OTHER)).toEqual([])
        expect(outbox.targets()).toEqual([DEAD])
        expect(new OutboxStore(database).targets()).toEqual([DEAD])
        expect(outbox.summary()).toEqual({ count: 1, lastSeq: 5 })
      }))

    it("[Q13] knows its targets from then on, those that come and those that have taken everything", () =>
      open().use((database) => {
        mixed(database)
        const outbox = new OutboxStore(database)
        expect(outbox.targets().toSorted()).toEqual([DEAD, OTHER])
        outbox.add(rowOf(7, "default/third/0"))
        expect(outbox.targets().toSorted()).toEqual([DEAD, OTHER, "default/third/0"])
        outbox.taken(DEAD, 100)
        expect(seqs(outbox, DEAD)).toEqual([])
        expect(outbox.targets().toSorted()).toEqual([OTHER, "default/third/0"])
        outbox.add(rowOf(8, DEAD))
        expect(outbox.targets().toSorted()).toEqual([DEAD, OTHER, "default/third/0"])
      }))

    it("rolls back with its transaction", () =>
      open().use((database) => {
        const outbox = mixed(database)
        rolledBack(database, () => {
          outbox.taken(DEAD, 100)
          outbox.add(rowOf(7, OTHER))
        })
        expect(outbox.summary()).toEqual({ count: 6, lastSeq: 6 })
        expect(seqs(outbox, DEAD)).toEqual([1, 3, 5])
      }))
  })

  describe("the inbox", () => {
    it("has taken nothing at first", () =>
      open().use((database) => {
        expect(outboxIn(database).takenFrom(DEAD, 1)).toBe(0)
      }))

    it("remembers the highest sequence of each life of each source", async () => {
      const place = open()
      await place.use((database) => {
        const inbox = outboxIn(database)
        inbox.take(DEAD, 1, 5)
        inbox.take(DEAD, 2, 3)
        inbox.take(OTHER, 1, 8)
        inbox.take(DEAD, 1, 6)
      })
      await place.use((database) => {
        const inbox = new OutboxStore(database)
        expect([inbox.takenFrom(DEAD, 1), inbox.takenFrom(DEAD, 2), inbox.takenFrom(OTHER, 1)]).toEqual([6, 3, 8])
        expect(inbox.takenFrom(OTHER, 2)).toBe(0)
      })
    })

    it("never goes back", () =>
      open().use((database) => {
        const inbox = outboxIn(database)
        for (const seq of [5, 4, 5, 1]) inbox.take(DEAD, 1, seq)
        expect(inbox.takenFrom(DEAD, 1)).toBe(5)
      }))

    it("rolls back with its transaction", () =>
      open().use((database) => {
        const inbox = outboxIn(database)
        inbox.take(DEAD, 1, 5)
        rolledBack(database, () => {
          inbox.take(DEAD, 1, 9)
          inbox.take(OTHER, 1, 9)
        })
        expect([inbox.takenFrom(DEAD, 1), inbox.takenFrom(OTHER, 1)]).toEqual([5, 0])
      }))
  })
}
