import { describe, expect, it } from "vitest"
import { cover } from "../../../src/core/delivery/cover.ts"
import { expire } from "../../../src/core/delivery/expire.ts"
import { remove } from "../../../src/core/delivery/remove.ts"
import { acknowledge, postpone, release } from "../../../src/core/delivery/settle.ts"
import type { DeliveryState } from "../../../src/core/delivery/state.ts"
import type { LogView } from "../../../src/core/delivery/types.ts"
import {
  FAIR_MEMORY_MS,
  MAX_FAIR_LOOK_AHEAD_PAGES,
  MAX_IDLE_TENANTS,
  MAX_LOOK_AHEAD_OFFSETS,
  NOISY_FORGET_MS,
  NOISY_MIN_IN_FLIGHT,
  PAGE_OFFSETS,
} from "../../../src/core/limits.ts"
import { FAULT, newState, NOW, offsetsOf, range, take, UNLIMITED } from "./scenario.ts"
import { logOf, Storage } from "./storage.ts"

const [LOUD, LOUDER, QUIET, OTHER] = [11, 12, 13, 14]
const HOUR_MS = 60 * 60 * 1000

/** A log of runs of messages: how many of which tenant. */
function logWith(...runs: readonly (readonly [count: number, tenant: number])[]): LogView {
  const hashes = runs.flatMap(([count, tenant]) => range(0, count).map(() => tenant))
  return logOf(hashes.length, (offset) => hashes[offset]!)
}

function fair(): DeliveryState {
  return newState("fair")
}

/** Takes for an hour. */
function takeLong(state: DeliveryState, log: LogView, count: number, now = NOW): number[] {
  return offsetsOf(take(state, log, count, { untilAt: now + HOUR_MS }, now))
}

describe("a noisy tenant", () => {
  it("[D40] with 10,000 messages in front and 100 in flight does not delay a quiet one", () => {
    const log = logWith([10_000, LOUD], [1, QUIET], [1, LOUD])
    const state = fair()
    takeLong(state, log, 100)
    expect(takeLong(state, log, 2)).toEqual([10_000, 100])
  })

  it("[D40] does not delay one that is sent after it", () => {
    const state = fair()
    takeLong(state, logWith([10_000, LOUD]), 100)
    for (let seq = 1; state.window.end < 10_000; seq++) {
      takeLong(state, logWith([10_000, LOUD]), 1)
      state.takeChanges(seq)
    }
    expect(takeLong(state, logWith([10_000, LOUD], [1, QUIET]), 1)).toEqual([10_000])
  })

  it("[D38] is one with 30 in flight that are more than a tenth, asked anew for every message", () => {
    const log = logWith([100, LOUD], [10, QUIET])
    // the 30th in flight makes it noisy within the acquire
    expect(takeLong(fair(), log, 41)).toEqual([...range(0, NOISY_MIN_IN_FLIGHT), ...range(100, 110), 30])
  })

  it("[D38] is not one whose many in flight are a tenth of all", () => {
    const state = fair()
    const log = logWith([270, 0], [30, LOUD], [10, LOUD], [1, QUIET])
    takeLong(state, log, 300)
    expect(takeLong(state, log, 1)).toEqual([300])
    expect(takeLong(state, log, 1)).toEqual([310])
  })

  it("[D38] is one with more than a tenth of the recent processing time, as few as it has in flight", () => {
    const state = fair()
    const log = logWith([3, LOUD], [1, QUIET])
    takeLong(state, log, 1)
    expect(takeLong(state, logWith([2, LOUD]), 1, NOW)).toEqual([1])
    acknowledge(state, 0, 1, NOW + 1000)
    acknowledge(state, 1, 1, NOW + 1000)
    expect(takeLong(state, log, 1, NOW + 1000)).toEqual([3])
  })

  it("[D38] is not one that was done within a moment", () => {
    const state = fair()
    const log = logWith([3, LOUD], [1, QUIET])
    takeLong(state, log, 1)
    acknowledge(state, 0, 1, NOW)
    expect(takeLong(state, log, 1)).toEqual([1])
  })

  it("[D38] [D40] is never what belongs to no tenant", () => {
    const state = fair()
    const log = logWith([1000, 0], [1, QUIET])
    takeLong(state, log, 500)
    expect(takeLong(state, log, 501, NOW + 1000)).toEqual(range(500, 1001))
  })

  it("[D40] of several the one with fewest in flight goes first, and the older of two with as few", () => {
    const state = fair()
    takeLong(state, logWith([60, LOUD], [58, LOUDER]), 118)
    const log = logWith([60, LOUD], [58, LOUDER], [10, LOUD], [10, LOUDER])
    expect(takeLong(state, log, 5)).toEqual([128, 129, 118, 130, 119])
    expect(acknowledge(state, 0, 1, NOW)).toBe("settled")
    expect(takeLong(state, log, 2)).toEqual([120, 131])
  })

  it("[D40] what comes back goes before what is younger of the same tenant", () => {
    const state = fair()
    const log = logWith([200, LOUD], [1, QUIET])
    takeLong(state, log, 101)
    for (const offset of [70, 5, 40]) release(state, offset, 1, FAULT, NOW)
    release(state, 50, 1, { ...FAULT, delayMs: 10 }, NOW)
    expect(takeLong(state, log, 3)).toEqual([5, 40, 70])
    expire(state, UNLIMITED, NOW + 10)
    expect(takeLong(state, log, 2, NOW + 10)).toEqual([50, 100])
  })
})

describe("quiet tenants", () => {
  it("[D40] get the oldest of all their messages, also one that came back", () => {
    const log = logWith([1, OTHER], [1, QUIET], [1, OTHER])
    const state = fair()
    expect([...takeLong(state, log, 1), ...takeLong(state, log, 1)]).toEqual([0, 1])
    for (const offset of [0, 1]) release(state, offset, 1, FAULT, NOW)
    expect(takeLong(state, log, 3)).toEqual([0, 1, 2])
  })
})

describe("noise ends", () => {
  it("[D38] when the backlog is gone: what comes then is in turn", () => {
    const state = fair()
    takeLong(state, logWith([100, LOUD]), 100)
    for (const offset of range(0, 100)) acknowledge(state, offset, 1, NOW + 10)
    // long after, when the processing time is forgotten as well
    const later = NOW + 30 * FAIR_MEMORY_MS
    expect(takeLong(state, logWith([100, LOUD], [1, LOUD], [1, QUIET]), 2, later)).toEqual([100, 101])
  })

  it("[D38] when nothing came for 5 minutes, however much is left of it", () => {
    const log = logWith([200, LOUD], [10, QUIET])
    const state = fair()
    takeLong(state, log, NOISY_MIN_IN_FLIGHT)
    expect(takeLong(state, log, 1, NOW + NOISY_FORGET_MS - 1)).toEqual([200])
    expect(takeLong(state, log, 1, NOW + NOISY_FORGET_MS)).toEqual([30])
    // and begins again with the next message that comes
    const more = logWith([200, LOUD], [10, QUIET], [1, LOUD])
    cover(state, 211, more)
    expect(takeLong(state, more, 1, NOW + NOISY_FORGET_MS)).toEqual([201])
  })

  it("[D39] processing time is forgotten: after a minute 1/e of it counts", () => {
    const state = fair()
    const first = logWith([1, LOUD], [9, OTHER])
    takeLong(state, first, 10)
    // ten in flight for a second: a tenth is not more than a tenth
    for (const offset of range(0, 10)) acknowledge(state, offset, 1, NOW + 1000)
    const log = logWith([1, LOUD], [9, OTHER], [2, LOUD], [1, QUIET])
    expect(takeLong(state, log, 1, NOW + 1000)).toEqual([10])
    // a second of its own puts it above, among little else
    acknowledge(state, 10, 1, NOW + 2000)
    expect(takeLong(state, log, 1, NOW + 2000)).toEqual([12])
    // which a minute of others in flight makes small again
    expect(takeLong(state, log, 1, NOW + 2000 + 3 * FAIR_MEMORY_MS)).toEqual([11])
  })

  it("[D39] processing time begins anew with a load, what is in flight is known", () => {
    const storage = new Storage()
    const state = storage.load("fair")
    const log = logWith([2, LOUD], [1, QUIET])
    takeLong(state, logWith([1, LOUD]), 1)
    storage.apply(state.takeChanges(1)!)
    expect(takeLong(storage.load("fair"), log, 1, NOW + 1000)).toEqual([1])
    expect(takeLong(state, log, 1, NOW + 1000)).toEqual([2])
    const busy = new Storage()
    const many = busy.load("fair")
    takeLong(many, logWith([100, LOUD], [1, QUIET]), 30)
    busy.apply(many.takeChanges(1)!)
    expect(takeLong(busy.load("fair"), logWith([100, LOUD], [1, QUIET]), 1)).toEqual([100])
  })

  it("[D39] tenants of which nothing is left are forgotten in the end, those without a message for longest first", () => {
    const state = fair()
    const count = MAX_IDLE_TENANTS + 50
    const log = logOf(count + 1, (offset) => 1 + offset)
    cover(state, 1, log)
    postpone(state, 0, NOW + 1000)
    remove(state, 0, log)
    take(state, log, 1)
    release(state, 1, 1, { ...FAULT, delayMs: 1000 }, NOW)
    remove(state, 1, log)
    for (let seq = 1, done = 2; done < count; seq++) {
      for (const { offset } of take(state, log, 5000)) {
        if (offset === count) continue
        acknowledge(state, offset, 1, NOW)
        done++
      }
      state.takeChanges(seq)
    }
    expect(state.tenants?.size).toBe(MAX_IDLE_TENANTS + 1)
  })
})

describe("looking ahead for a quiet tenant", () => {
  it("[D41] goes on for some pages an acquire, and on from there with the next", () => {
    const pages = 2 * MAX_FAIR_LOOK_AHEAD_PAGES + 1
    const log = logWith([pages * PAGE_OFFSETS, LOUD], [1, QUIET])
    const state = fair()
    takeLong(state, log, 31)
    expect(state.window.end).toBe((MAX_FAIR_LOOK_AHEAD_PAGES + 1) * PAGE_OFFSETS)
    expect(takeLong(state, log, 1)).toEqual([31])
    expect(state.window.end).toBe(pages * PAGE_OFFSETS)
    expect(takeLong(state, log, 1)).toEqual([pages * PAGE_OFFSETS])
  })

  it("[D41] ends far enough ahead, but goes on where nothing else is available", () => {
    const log = logOf(MAX_LOOK_AHEAD_OFFSETS + 5 * PAGE_OFFSETS, () => LOUD)
    const state = fair()
    takeLong(state, log, 100)
    cover(state, MAX_LOOK_AHEAD_OFFSETS, log)
    takeLong(state, log, 1)
    const { end } = state.window
    expect(end).toBe(MAX_LOOK_AHEAD_OFFSETS)
    for (let offset = 101; offset < end; offset++) remove(state, offset, log)
    expect(takeLong(state, log, 1)).toEqual([end])
  })

  it("[D41] looks no further where a quiet one has something", () => {
    const state = fair()
    takeLong(state, logWith([5000, LOUD]), 29)
    expect(state.window.end).toBe(PAGE_OFFSETS)
  })
})
