import { describe, expect, it } from "vitest"
import { cover } from "../../../src/core/delivery/cover.ts"
import { expire } from "../../../src/core/delivery/expire.ts"
import { heldByOthers, isHeld, liveOffsets, oldestNotInFlight, stateAt } from "../../../src/core/delivery/inspect.ts"
import { remove } from "../../../src/core/delivery/remove.ts"
import { acknowledge, postpone, release } from "../../../src/core/delivery/settle.ts"
import { DETACHED } from "../../../src/core/delivery/types.ts"
import { MAX_EXPANDED_PAGES, PAGE_OFFSETS } from "../../../src/core/limits.ts"
import { FAULT, newState, NOW, offsetsOf, range, take, UNLIMITED, UNTIL } from "./scenario.ts"
import { logOf, Storage } from "./storage.ts"

const MODES = ["standard", "ordered", "fair"] as const
const [A, B] = [101, 102]

describe.each(MODES)("looking, in %s mode", (mode) => {
  it("[D42] tells the state of any offset", () => {
    const state = newState(mode)
    const log = logOf(10, () => (mode === "ordered" ? 0 : A))
    take(state, log, 4, { consumer: 7 })
    acknowledge(state, 0, 1, NOW)
    release(state, 1, 1, { ...FAULT, delayMs: 10 }, NOW)
    release(state, 2, 1, { ...FAULT, fault: false }, NOW)
    const delivered = { attempt: 1, deliveryCount: 1, firstDeliveredAt: NOW }
    expect(stateAt(state, 0)).toEqual({ kind: "done" })
    expect(stateAt(state, 1)).toEqual({ kind: "delayed", dueAt: NOW + 10, ...delivered })
    expect(stateAt(state, 2)).toEqual({ kind: "available", ...delivered, deliveryCount: 0 })
    expect(stateAt(state, 3)).toEqual({ kind: "in_flight", consumer: 7, untilAt: UNTIL, ...delivered })
    for (const offset of [4, 9, 5000]) {
      expect(stateAt(state, offset)).toEqual({ kind: "available", attempt: 0, deliveryCount: 0, firstDeliveredAt: 0 })
    }
  })

  it("[D42] finds a page that is gone done", () => {
    const state = newState(mode)
    const log = logOf(2 * PAGE_OFFSETS, (offset) => offset + 1)
    for (const { offset } of take(state, log, PAGE_OFFSETS + 5)) acknowledge(state, offset, 1, NOW)
    state.takeChanges(1)
    expect(stateAt(state, 3)).toEqual({ kind: "done" })
    expect(remove(state, 3, log)).toBeNull()
  })

  it("[D42] lists what is not done in order, while it is removed", () => {
    const state = newState(mode)
    const log = logOf(3 * PAGE_OFFSETS + 100, (offset) => 1 + (offset % 7))
    cover(state, log.endOffset, log)
    for (const offset of range(PAGE_OFFSETS - 5, 2 * PAGE_OFFSETS + 5)) remove(state, offset, log)
    const seen: number[] = []
    for (const offset of liveOffsets(state, 10)) {
      seen.push(offset)
      if (offset % 3 > 0) remove(state, offset, log)
    }
    expect(seen).toEqual([...range(10, PAGE_OFFSETS - 5), ...range(2 * PAGE_OFFSETS + 5, log.endOffset)])
    expect([...liveOffsets(state, 10)]).toEqual(seen.filter((offset) => offset % 3 === 0))
    expect([...liveOffsets(state, 99_999)]).toEqual([])
  })

  it("[D31] [D42] looking leaves no page expanded beyond the limit", () => {
    const state = newState(mode)
    const log = logOf((MAX_EXPANDED_PAGES + 50) * PAGE_OFFSETS)
    take(state, log, log.endOffset)
    state.takeChanges(1)
    const { heavy } = state.window.pages.expanded
    expect([...liveOffsets(state, 0)]).toHaveLength(log.endOffset)
    expect(heavy.size).toBe(MAX_EXPANDED_PAGES)
    for (let offset = 0; offset < log.endOffset; offset += PAGE_OFFSETS) stateAt(state, offset)
    expect(heavy.size).toBe(MAX_EXPANDED_PAGES)
  })

  it("[D42] finds the oldest that is neither in flight nor done", () => {
    const state = newState(mode)
    const log = logOf(120_100, (offset) => offset + 1)
    expect(oldestNotInFlight(state, logOf(0))).toBeNull()
    expect(oldestNotInFlight(state, log)).toBe(0)
    take(state, log, 120_000)
    expect(oldestNotInFlight(state, log)).toBe(120_000)
    remove(state, 120_001, log)
    expect(oldestNotInFlight(state, log)).toBe(120_000)
    release(state, 70_000, 1, { ...FAULT, delayMs: 1000 }, NOW)
    expect(oldestNotInFlight(state, log)).toBe(70_000)
    release(state, 60_000, 1, FAULT, NOW)
    expect(oldestNotInFlight(state, log)).toBe(60_000)
    const all = newState(mode)
    take(all, logOf(5), 5)
    expect(oldestNotInFlight(all, logOf(5))).toBeNull()
  })

  it("[D46] an offset is held under the attempt that is in flight, and no other", () => {
    const state = newState(mode)
    take(state, logOf(3), 2)
    release(state, 0, 1, FAULT, NOW)
    take(state, logOf(3), 1)
    release(state, 1, 1, FAULT, NOW)
    expect([1, 2, 3].map((attempt) => isHeld(state, 0, attempt))).toEqual([false, true, false])
    expect([isHeld(state, 1, 1), isHeld(state, 2, 0), isHeld(state, 9, 1)]).toEqual([false, false, false])
  })

  it("[D46] others hold something while anything is in flight that is not its own", () => {
    const storage = new Storage()
    const state = storage.load(mode)
    const heldBy = (loaded = state): boolean[] => [1, 2, DETACHED].map((consumer) => heldByOthers(loaded, consumer))
    expect(heldBy()).toEqual([false, false, false])
    take(state, logOf(5), 2, { consumer: 1 })
    expect(heldBy()).toEqual([false, true, true])
    take(state, logOf(5), 1, { consumer: DETACHED })
    expect(heldBy()).toEqual([true, true, true])
    storage.apply(state.takeChanges(1)!)
    expect(heldBy(storage.load(mode))).toEqual([true, true, true])
    acknowledge(state, 2, 1, NOW)
    expect(heldBy()).toEqual([false, true, true])
    remove(state, 0, logOf(5))
    remove(state, 1, logOf(5))
    expect(heldBy()).toEqual([false, false, false])
  })
})

describe.each(MODES)("removing, in %s mode", (mode) => {
  it("[D43] [D3] makes an offset done whatever it was, once", () => {
    const state = newState(mode)
    const log = logOf(10)
    take(state, log, 3, { consumer: 7 })
    release(state, 1, 1, { ...FAULT, delayMs: 10 }, NOW)
    release(state, 2, 1, { ...FAULT, fault: false }, NOW)
    const delivered = { attempt: 1, deliveryCount: 1, firstDeliveredAt: NOW }
    expect(remove(state, 0, log)).toEqual({ offset: 0, wasInFlight: true, ...delivered })
    expect(remove(state, 1, log)).toEqual({ offset: 1, wasInFlight: false, ...delivered })
    expect(remove(state, 2, log)).toEqual({ offset: 2, wasInFlight: false, ...delivered, deliveryCount: 0 })
    const untouched = { wasInFlight: false, attempt: 0, deliveryCount: 0, firstDeliveredAt: 0 }
    expect(remove(state, 5, log)).toEqual({ offset: 5, ...untouched })
    for (const offset of [0, 1, 2, 5, 10]) expect(remove(state, offset, log)).toBeNull()
    expect(state.takeFinished()).toEqual([0, 1, 2, 5])
    expect(acknowledge(state, 0, 1, NOW)).toBe("settled")
    expect(state.nextDeadlineAt).toBeNull()
    expect(offsetsOf(take(state, log, 10))).toEqual([3, 4, 6, 7, 8, 9])
  })

  it("[D44] [D43] covers what lies before it, which is available", () => {
    const storage = new Storage()
    const state = storage.load(mode)
    const log = logOf(4000)
    remove(state, 2500, log)
    expect([state.window.end, state.counts.available]).toEqual([2501, 2500])
    cover(state, 100, log)
    cover(state, 3000, log)
    expect([state.window.end, state.counts.available]).toEqual([3000, 2999])
    storage.apply(state.takeChanges(1)!)
    const loaded = storage.load(mode)
    expect(offsetsOf(take(loaded, log, 4000))).toEqual(range(0, 4000).filter((offset) => offset !== 2500))
  })

  it("[D45] an available offset can be held back until an instant, nothing else can", () => {
    const storage = new Storage()
    const state = storage.load(mode)
    const log = logOf(5)
    take(state, log, 1)
    cover(state, 5, log)
    for (const offset of [0, 1, 9]) postpone(state, offset, NOW + 10)
    expect(state.counts).toEqual({ available: 3, delayed: 1, inFlight: 1 })
    expect(stateAt(state, 1)).toMatchObject({ kind: "delayed", dueAt: NOW + 10, attempt: 0 })
    storage.apply(state.takeChanges(1)!)
    const loaded = storage.load(mode)
    expect(offsetsOf(take(loaded, log, 5))).toEqual([2, 3, 4])
    expect(expire(loaded, UNLIMITED, NOW + 9)).toEqual({ released: 0, departures: [] })
    expect(loaded.nextDeadlineAt).toBe(NOW + 10)
    expire(loaded, UNLIMITED, NOW + 10)
    expect(take(loaded, log, 5)).toMatchObject([{ offset: 1, attempt: 1, deliveryCount: 1 }])
  })
})

describe("removing from a group", () => {
  it("[D43] leaves those in flight behind it alone, and the group goes on", () => {
    const log = logOf(6, (offset) => [A, A, A, B, A, A][offset]!)
    const state = newState("ordered")
    take(state, log, 3, { consumer: 1 })
    remove(state, 1, log)
    expect(isHeld(state, 2, 1)).toBe(true)
    remove(state, 4, log)
    expect(offsetsOf(take(state, log, 9, { consumer: 2 }))).toEqual([3])
    expect(offsetsOf(take(state, log, 9, { consumer: 1 }))).toEqual([5])
  })

  it("[D43] [D22] frees it where what blocked it is removed", () => {
    const log = logOf(4, () => A)
    const state = newState("ordered")
    take(state, log, 1, { consumer: 1 })
    release(state, 0, 1, { ...FAULT, delayMs: 1000 }, NOW)
    expect(take(state, log, 9)).toEqual([])
    remove(state, 0, log)
    expect(offsetsOf(take(state, log, 1, { consumer: 2 }))).toEqual([1])
    remove(state, 1, log)
    expect(offsetsOf(take(state, log, 9, { consumer: 3 }))).toEqual([2, 3])
  })

  it("[D43] out of the middle, while others of it are in flight and go back", () => {
    const log = logOf(8, () => A)
    const state = newState("ordered")
    take(state, log, 3)
    cover(state, 8, log)
    for (const offset of [4, 3, 6]) remove(state, offset, log)
    release(state, 1, 1, FAULT, NOW)
    acknowledge(state, 0, 1, NOW)
    expect(offsetsOf(take(state, log, 9))).toEqual([1, 2, 5, 7])
  })

  it("[D43] holds back no longer what waits behind one that is held back", () => {
    const log = logOf(3, () => A)
    const state = newState("ordered")
    cover(state, 3, log)
    postpone(state, 1, NOW + 10)
    expect(offsetsOf(take(state, log, 9, { consumer: 1 }))).toEqual([0])
    remove(state, 1, log)
    expect(offsetsOf(take(state, log, 9, { consumer: 1 }))).toEqual([2])
  })
})
