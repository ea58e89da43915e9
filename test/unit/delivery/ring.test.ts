import { describe, expect, it } from "vitest"
import { expire } from "../../../src/core/delivery/expire.ts"
import { acknowledge, extend } from "../../../src/core/delivery/settle.ts"
import type { DeliveryState } from "../../../src/core/delivery/state.ts"
import type { DeliveryChanges } from "../../../src/core/delivery/types.ts"
import { MAX_RING_BYTES, MAX_ROW_BYTES, PAGE_OFFSETS, RING_SLOTS } from "../../../src/core/limits.ts"
import { NOW, offsetsOf, range, shuffled, take, UNTIL, UNLIMITED } from "./scenario.ts"
import { logOf, Storage } from "./storage.ts"

/** A state with `pages` pages all in flight, and its storage, where it was committed as 1. */
function inFlight(pages: number): { state: DeliveryState; storage: Storage; commit: () => DeliveryChanges | null } {
  const storage = new Storage()
  const state = storage.load("standard")
  let seq = 0
  const commit = (): DeliveryChanges | null => {
    const changes = state.takeChanges(++seq)
    if (changes) storage.apply(changes)
    return changes
  }
  take(state, logOf(pages * PAGE_OFFSETS), pages * PAGE_OFFSETS)
  commit()
  return { state, storage, commit }
}

function ack(state: DeliveryState, offsets: readonly number[]): void {
  for (const offset of offsets) expect(acknowledge(state, offset, 1, NOW)).toBe("settled")
}

/** Ends every second lease at another time, so that no two neighbours are alike. */
function extendAll(state: DeliveryState, offsets: readonly number[], round: number): void {
  for (const offset of offsets) extend(state, offset, 1, UNTIL + round + 1_000_000 * (offset % 2), NOW)
}

function pageNosOf(changes: DeliveryChanges | null): number[] {
  return (changes?.pages ?? []).map(({ pageNo }) => pageNo).sort((a, b) => a - b)
}

/** Acknowledges the `round`-th offset of each of the first three pages: a scattered commit. */
function scatter(state: DeliveryState, round: number): void {
  ack(
    state,
    [0, 1, 2].map((pageNo) => pageNo * PAGE_OFFSETS + round),
  )
}

describe("what a commit writes", () => {
  it("[D27] nothing where nothing changed", () => {
    const { state, commit } = inFlight(1)
    expect(acknowledge(state, 5, 7, NOW)).toBe("invalid_receipt")
    expect(take(state, logOf(PAGE_OFFSETS), 10)).toEqual([])
    expect(expire(state, UNLIMITED, NOW).released).toBe(0)
    expect(commit()).toBeNull()
  })

  it("[D27] one or two pages where it touched one or two, a ring slot where it touched three", () => {
    const { state, commit } = inFlight(4)
    ack(state, [7, 9, 900])
    expect(pageNosOf(commit())).toEqual([0])
    ack(state, [8, 3 * PAGE_OFFSETS])
    expect(pageNosOf(commit())).toEqual([0, 3])
    ack(state, [10, PAGE_OFFSETS + 1, 2 * PAGE_OFFSETS + 1])
    expect(commit()).toMatchObject({ pages: [], deletedPages: [], ring: { slot: 1 } })
  })

  it("[D27] at least one row, also where all that it touched is deleted", () => {
    const { state, storage, commit } = inFlight(2)
    ack(state, range(0, PAGE_OFFSETS))
    const changes = commit()
    expect(changes).toMatchObject({ deletedPages: [0], ring: null })
    expect(pageNosOf(changes)).toEqual([1])
    expect([...storage.pages.keys()]).toEqual([1])
  })

  it("[D27] a page that was passed over is not written again", () => {
    const storage = new Storage()
    const state = storage.load("standard")
    take(state, logOf(PAGE_OFFSETS), PAGE_OFFSETS)
    storage.apply(state.takeChanges(1)!)
    take(state, logOf(PAGE_OFFSETS + 1), 1)
    expect(pageNosOf(state.takeChanges(2))).toEqual([1])
  })
})

describe("the fold", () => {
  it("[D28] comes with the first scattered commit after RING_SLOTS unfolded ones", () => {
    const { state, storage, commit } = inFlight(4)
    for (let round = 1; round < RING_SLOTS; round++) {
      scatter(state, round)
      expect(commit()).toMatchObject({ pages: [], ring: { slot: round } })
    }
    ack(state, [1000])
    expect(pageNosOf(commit())).toEqual([0])
    scatter(state, RING_SLOTS)
    const fold = commit()
    expect(fold?.ring).toBeNull()
    expect(pageNosOf(fold)).toEqual([0, 1, 2, 3])
    expect(storage.folds).toBe(1)
    scatter(state, RING_SLOTS + 1)
    expect(commit()).toMatchObject({ pages: [], ring: { slot: 0 } })
  })

  it("[D28] rows from before it are dead, also after a load", () => {
    const { state, storage, commit } = inFlight(4)
    for (let round = 1; round <= RING_SLOTS + 2; round++) {
      scatter(state, round)
      commit()
    }
    const loaded = storage.load("standard")
    expect(loaded.counts).toEqual(state.counts)
    scatter(loaded, RING_SLOTS + 3)
    expect(loaded.takeChanges(1000)).toMatchObject({ ring: { slot: 2 } })
  })

  it("[D28] comes early where all but a commit's pages are done", () => {
    const { state, storage, commit } = inFlight(40)
    scatter(state, 0)
    expect(commit()?.ring).not.toBeNull()
    ack(
      state,
      range(0, 38 * PAGE_OFFSETS).filter((offset) => !(offset % PAGE_OFFSETS === 0 && offset < 3 * PAGE_OFFSETS)),
    )
    const fold = commit()
    expect(fold?.ring).toBeNull()
    expect(pageNosOf(fold)).toEqual([38, 39])
    expect([...storage.pages.keys()]).toEqual([38, 39])
    expect(storage.load("standard").window.start).toBe(38 * PAGE_OFFSETS)
  })

  it("[D28] comes early where the ring holds MAX_RING_BYTES, those from before a load included", () => {
    const { state: first, storage, commit } = inFlight(8)
    const held = range(0, 8 * PAGE_OFFSETS)
    extendAll(first, held, 1)
    commit()
    let bytes = 0
    for (const { transitions } of storage.ring.values()) bytes += transitions.length
    const state = storage.load("standard")
    for (let round = 2; ; round++) {
      extendAll(state, held, round)
      const { ring } = state.takeChanges(100 + round)!
      if (!ring) break
      expect(bytes).toBeLessThan(MAX_RING_BYTES)
      bytes += ring.transitions.length
    }
    expect(bytes).toBeGreaterThanOrEqual(MAX_RING_BYTES)
    extendAll(state, held, 1)
    expect(state.takeChanges(1000)?.ring?.slot).toBe(0)
  })

  it("[D28] takes a commit whose transitions do not fit a row", () => {
    const storage = new Storage()
    const state = storage.load("ordered")
    // 150 pages of look-ahead with a key hash each
    const log = logOf(150 * PAGE_OFFSETS, (offset) => (offset === 150 * PAGE_OFFSETS - 1 ? 2 : 1))
    expect(offsetsOf(take(state, log, 1))).toEqual([0])
    expect(offsetsOf(take(state, log, 1))).toEqual([150 * PAGE_OFFSETS - 1])
    const changes = state.takeChanges(1)!
    expect(changes.ring).toBeNull()
    expect(changes.pages).toHaveLength(150)
    expect(Math.max(...changes.pages.map(({ runs }) => runs.length))).toBeLessThan(MAX_ROW_BYTES)
    storage.apply(changes)
    expect(storage.load("ordered").counts).toEqual(state.counts)
  })
})

describe("done pages", () => {
  it("[D29] a page goes as soon as it is done, wherever it lies", () => {
    const { state, storage, commit } = inFlight(2)
    take(state, logOf(4 * PAGE_OFFSETS), PAGE_OFFSETS)
    commit()
    take(state, logOf(4 * PAGE_OFFSETS), PAGE_OFFSETS)
    commit()
    ack(state, range(PAGE_OFFSETS, 2 * PAGE_OFFSETS))
    expect(commit()?.deletedPages).toEqual([1])
    const loaded = storage.load("standard")
    expect(loaded.window.find(PAGE_OFFSETS + 5)).toBe("done")
    expect(loaded.window.start).toBe(0)
    expect(acknowledge(loaded, PAGE_OFFSETS + 5, 1, NOW)).toBe("settled")
  })

  it("[D29] the highest page stays until the next exists, so that the end is not lost", () => {
    const { state, storage, commit } = inFlight(1)
    ack(state, range(0, PAGE_OFFSETS))
    expect(commit()?.deletedPages).toEqual([])
    const loaded = storage.load("standard")
    expect([loaded.window.start, loaded.window.end]).toEqual([PAGE_OFFSETS, PAGE_OFFSETS])
    expect(offsetsOf(take(loaded, logOf(PAGE_OFFSETS + 1), 5))).toEqual([PAGE_OFFSETS])
    expect(loaded.takeChanges(10)?.deletedPages).toEqual([0])
  })

  it("[D29] the page that was the highest goes with a scattered commit too", () => {
    const { state, storage, commit } = inFlight(1)
    ack(state, range(0, PAGE_OFFSETS))
    commit()
    take(state, logOf(4 * PAGE_OFFSETS), 3 * PAGE_OFFSETS)
    expect(commit()).toMatchObject({ pages: [], deletedPages: [0], ring: { slot: 0 } })
    expect(storage.load("standard").counts).toEqual({ available: 0, delayed: 0, inFlight: 3 * PAGE_OFFSETS })
  })

  it("[D29] a page that the ring names stays until the fold and never comes back from the dead", () => {
    const { state, storage, commit } = inFlight(5)
    for (const round of range(1, 3)) {
      scatter(state, round)
      commit()
    }
    ack(
      state,
      range(0, PAGE_OFFSETS).filter((index) => index !== 1 && index !== 2),
    )
    expect(commit()?.deletedPages).toEqual([])
    expect(state.window.start).toBe(PAGE_OFFSETS)
    for (const loaded of [storage.load("standard"), state]) {
      expect(loaded.window.start).toBe(PAGE_OFFSETS)
      expect(loaded.counts).toEqual(state.counts)
    }
    const loaded = storage.load("standard")
    for (const round of range(3, RING_SLOTS + 4)) {
      ack(
        loaded,
        [1, 2, 3, 4].map((pageNo) => pageNo * PAGE_OFFSETS + round),
      )
      storage.apply(loaded.takeChanges(100 + round)!)
      expect(storage.load("standard").counts).toEqual(loaded.counts)
    }
    expect(storage.pages.has(0)).toBe(false)
    expect(storage.load("standard").counts).toEqual(loaded.counts)
  })
})

describe("cost", () => {
  it("[D30] acks of 100 in random order over 50,000 in flight write at most 0.05 rows a message", () => {
    const storage = new Storage()
    const state = storage.load("standard")
    const messages = 50_000
    take(state, logOf(messages), messages)
    storage.apply(state.takeChanges(1)!)
    storage.rowsWritten = 0
    const order = shuffled(range(0, messages))
    for (let at = 0, seq = 2; at < messages; at += 100, seq++) {
      ack(state, order.slice(at, at + 100))
      storage.apply(state.takeChanges(seq)!)
    }
    expect(storage.rowsWritten / messages).toBeLessThanOrEqual(0.05)
    expect(storage.load("standard").counts).toEqual({ available: 0, delayed: 0, inFlight: 0 })
    expect(storage.pages.size).toBe(1)
  })
})
