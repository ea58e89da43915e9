import { describe, expect, it } from "vitest"
import { cover } from "../../../src/core/delivery/cover.ts"
import { expire } from "../../../src/core/delivery/expire.ts"
import { stateAt } from "../../../src/core/delivery/inspect.ts"
import { acknowledge, postpone, release } from "../../../src/core/delivery/settle.ts"
import type { DeliveryState } from "../../../src/core/delivery/state.ts"
import { MAX_EXPANDED_PAGES, MAX_LIGHT_PAGES, PAGE_OFFSETS } from "../../../src/core/limits.ts"
import { FAULT, NOW, offsetsOf, take, UNLIMITED, UNTIL } from "./scenario.ts"
import { logOf, Storage } from "./storage.ts"

/** A state with `pages` pages all in flight, and its storage. */
function inFlight(pages: number): { state: DeliveryState; storage: Storage } {
  const storage = new Storage()
  const state = storage.load("standard")
  take(state, logOf(pages * PAGE_OFFSETS), pages * PAGE_OFFSETS)
  storage.apply(state.takeChanges(1)!)
  return { state, storage }
}

describe("pages in memory", () => {
  it("[D31] at most MAX_EXPANDED_PAGES pages with something delivered stay expanded, those used last", () => {
    const { state, storage } = inFlight(MAX_EXPANDED_PAGES + 100)
    const { heavy: expanded } = state.window.pages.expanded
    expect(expanded.size).toBe(MAX_EXPANDED_PAGES)
    acknowledge(state, 50 * PAGE_OFFSETS, 1, NOW)
    state.takeChanges(2)
    expect(expanded.size).toBe(MAX_EXPANDED_PAGES)
    expect([...expanded].at(-1)?.pageNo).toBe(50)
    const [oldest] = expanded
    acknowledge(state, oldest!.firstOffset, 1, NOW)
    state.takeChanges(3)
    expect([...expanded].at(-1)).toBe(oldest)
    expect(storage.load("standard").window.pages.expanded.heavy.size).toBeLessThanOrEqual(MAX_EXPANDED_PAGES)
  })

  it("[D31] at most MAX_LIGHT_PAGES others stay expanded", () => {
    const storage = new Storage()
    const state = storage.load("standard")
    const log = logOf((MAX_LIGHT_PAGES + 50) * PAGE_OFFSETS)
    cover(state, log.endOffset, log)
    const { expanded } = state.window.pages
    expect([expanded.heavy.size, expanded.light.size]).toEqual([0, MAX_LIGHT_PAGES])
    storage.apply(state.takeChanges(1)!)
    expect(storage.load("standard").window.pages.expanded.light.size).toBe(MAX_LIGHT_PAGES)
  })

  it("[D31] what is done leaves no page heavy: scattered groups open no page again", () => {
    const state = new Storage().load("ordered")
    const pages = MAX_EXPANDED_PAGES + 100
    const log = logOf(pages * PAGE_OFFSETS, (offset) => 1 + (offset % PAGE_OFFSETS))
    cover(state, log.endOffset, log)
    for (let seq = 1; seq <= 3; seq++) {
      const leases = take(state, log, pages)
      expect(new Set(leases.map(({ offset }) => offset % PAGE_OFFSETS))).toEqual(new Set([seq - 1]))
      for (const { offset } of leases) acknowledge(state, offset, 1, NOW)
      state.takeChanges(seq)
    }
    const { expanded } = state.window.pages
    expect([expanded.heavy.size, expanded.light.size]).toEqual([MAX_EXPANDED_PAGES, 100])
  })

  it("[D25] [D31] pages lose nothing by it: what is in flight, was in flight or is held back", () => {
    const storage = new Storage()
    const state = storage.load("standard")
    const pages = MAX_EXPANDED_PAGES + 102
    const log = logOf(pages * PAGE_OFFSETS)
    cover(state, log.endOffset, log)
    for (let pageNo = 0; pageNo < pages; pageNo += 3) {
      const first = pageNo * PAGE_OFFSETS
      for (let offset = first; offset < first + 3 * PAGE_OFFSETS; offset++) {
        if (offset !== first && offset !== first + PAGE_OFFSETS) postpone(state, offset, NOW + 5)
      }
      expect(offsetsOf(take(state, log, 2))).toEqual([first, first + PAGE_OFFSETS])
      release(state, first, 1, { ...FAULT, delayMs: 7 }, NOW)
    }
    expire(state, UNLIMITED, NOW + 7)
    storage.apply(state.takeChanges(1)!)
    for (const each of [state, storage.load("standard")]) {
      const { heavy } = each.window.pages.expanded
      expect(heavy.size).toBeLessThanOrEqual(MAX_EXPANDED_PAGES)
      for (let first = 0; first < log.endOffset; first += 3 * PAGE_OFFSETS) {
        expect(stateAt(each, first)).toMatchObject({ kind: "available", attempt: 1 })
        expect(stateAt(each, first + PAGE_OFFSETS)).toMatchObject({ kind: "in_flight", attempt: 1 })
      }
    }
  })

  it("[D25] [D31] pages that only wait until an instant lose nothing by it", () => {
    const storage = new Storage()
    const state = storage.load("standard")
    const log = logOf((MAX_EXPANDED_PAGES + 100) * PAGE_OFFSETS)
    cover(state, log.endOffset, log)
    for (let offset = 0; offset < log.endOffset; offset += PAGE_OFFSETS) postpone(state, offset, NOW + 5)
    storage.apply(state.takeChanges(1)!)
    for (const each of [state, storage.load("standard")]) {
      expect(each.nextDeadlineAt).toBe(NOW + 5)
      for (let offset = 0; offset < log.endOffset; offset += PAGE_OFFSETS) {
        expect(stateAt(each, offset)).toMatchObject({ kind: "delayed", dueAt: NOW + 5 })
      }
    }
  })

  it("[D31] an operation expands only the pages that it concerns", () => {
    const { state } = inFlight(MAX_EXPANDED_PAGES + 100)
    const { pages } = state.window
    const before = new Set(pages.expanded.heavy)
    const cold = pages.get(60)!
    expect(before.has(cold)).toBe(false)
    expect(take(state, logOf(state.window.end), 10)).toEqual([])
    expect(expire(state, UNLIMITED, NOW).released).toBe(0)
    expect([state.nextDeadlineAt, state.window.start]).toEqual([UNTIL, 0])
    expect(release(state, 60 * PAGE_OFFSETS + 3, 1, FAULT, NOW).outcome).toBe("settled")
    expect(offsetsOf(take(state, logOf(state.window.end), 10))).toEqual([60 * PAGE_OFFSETS + 3])
    const gained = [...pages.expanded.heavy].filter((page) => !before.has(page) && page.pageNo !== 0)
    expect(gained).toEqual([cold])
  })
})
