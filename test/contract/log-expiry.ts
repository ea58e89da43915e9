import { describe, expect, it } from "vitest"
import type { Database } from "../../src/store/database.ts"
import { createIdentity } from "../../src/store/identity-store.ts"
import { LogStore } from "../../src/store/log-store.ts"
import { type OpenPlace, plansOf, rolledBack, sampleBytes } from "./place.ts"

const COUNTERS = sampleBytes(5, 100)

function logIn(database: Database): LogStore {
  database.transaction(() => createIdentity(database, "queue", { incarnation: 1, version: 1, settings: "{}" }))
  return new LogStore(database)
}

function write(log: LogStore, baseOffset: number, expiresAt: number | null, extendsTail = false): void {
  const row = { baseOffset, lastOffset: baseOffset + 9, header: sampleBytes(8), frames: sampleBytes(20) }
  log.write({ ...row, expiresAt, extendsTail }, 1, COUNTERS)
}

/** Which rows of a queue's log expire, and when. */
export function logExpiryContract(open: OpenPlace): void {
  it("is found by its time, whatever its offset; rows that never expire are never found", async () => {
    const place = open()
    await place.use((database) => {
      const log = logIn(database)
      for (const [base, expiresAt] of [
        [0, 300],
        [10, null],
        [20, 100],
        [30, 200],
        [40, 100],
      ] as const) {
        write(log, base, expiresAt)
      }
    })
    await place.use((database) => {
      const log = new LogStore(database)
      expect(log.nextExpiry()).toEqual({ baseOffset: 20, expiresAt: 100 })
      expect(log.expired(99, 10)).toEqual([])
      expect(log.expired(100, 10)).toEqual([20, 40])
      expect(log.expired(299, 10)).toEqual([20, 40, 30])
      expect(log.expired(Number.MAX_SAFE_INTEGER, 10)).toEqual([20, 40, 30, 0])
      expect(log.expired(300, 2)).toEqual([20, 40])
    })
  })

  it("[K6] passes by rows that can't be read, which stay whatever is done to them", () =>
    open().use((database) => {
      const readable = logIn(database)
      for (const base of [0, 10, 20, 30]) write(readable, base, base + 100)
      const log = new LogStore(database, new Set([0, 20]))
      expect(log.nextExpiry()).toEqual({ baseOffset: 10, expiresAt: 110 })
      expect(log.expired(1_000, 1)).toEqual([10])
      expect(log.expired(1_000, 10)).toEqual([10, 30])
      expect(log.deletable(40, 2).map(({ baseOffset }) => baseOffset)).toEqual([10, 30])
      for (const base of [0, 10, 20]) {
        log.setExpiry(base, null)
        log.delete(base)
      }
      expect(readable.expired(1_000, 10)).toEqual([0, 20, 30])
      expect(log.nextExpiry()).toEqual({ baseOffset: 30, expiresAt: 130 })
    }))

  it("is none in a log without rows, and in one of rows that never expire", () =>
    open().use((database) => {
      const log = logIn(database)
      expect([log.nextExpiry(), log.expired(1_000, 10)]).toEqual([null, []])
      write(log, 0, null)
      expect([log.nextExpiry(), log.expired(1_000, 10)]).toEqual([null, []])
    }))

  it("follows an extended tail, in both directions", () =>
    open().use((database) => {
      const log = logIn(database)
      write(log, 0, null)
      for (const expiresAt of [500, 200, null, 700]) {
        write(log, 0, expiresAt, true)
        expect(log.nextExpiry()).toEqual(expiresAt === null ? null : { baseOffset: 0, expiresAt })
      }
    }))

  it("can be set on its own, and leaves the rest of the row as it is", () =>
    open().use((database) => {
      const log = logIn(database)
      write(log, 0, 100)
      write(log, 10, 200)
      const before = log.newest()
      log.setExpiry(10, 50)
      expect([log.nextExpiry(), log.newest()]).toEqual([{ baseOffset: 10, expiresAt: 50 }, before])
      log.setExpiry(10, null)
      expect([log.nextExpiry(), log.newest()]).toEqual([{ baseOffset: 0, expiresAt: 100 }, before])
      log.setExpiry(11, 1)
      expect(log.expired(1_000, 10)).toEqual([0])
    }))

  it("goes with the row, and with its transaction", () =>
    open().use((database) => {
      const log = logIn(database)
      write(log, 0, 100)
      rolledBack(database, () => {
        log.delete(0)
        write(log, 10, 50)
      })
      expect(log.expired(1_000, 10)).toEqual([0])
      log.delete(0)
      expect(log.nextExpiry()).toBeNull()
    }))

  describe("the statements", () => {
    it("are answered by the index alone", () =>
      open().use((database) => {
        logIn(database)
        const plans = plansOf(database, (watched) => {
          const log = new LogStore(watched)
          log.nextExpiry()
          log.expired(1, 1)
        })
        expect(plans).toEqual([
          ["SEARCH log USING COVERING INDEX log_expiry (expires_at>?)"],
          ["SEARCH log USING COVERING INDEX log_expiry (expires_at<?)"],
        ])
      }))
  })
}
