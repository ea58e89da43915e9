import { describe, expect, it } from "vitest"
import { acquire } from "../../../src/core/delivery/acquire.ts"
import { expire } from "../../../src/core/delivery/expire.ts"
import { acknowledge, release, releaseConsumer } from "../../../src/core/delivery/settle.ts"
import { DETACHED } from "../../../src/core/delivery/types.ts"
import { FAULT, newState, NO_FAULT, NOW, offsetsOf, range, take, UNTIL, UNLIMITED } from "./scenario.ts"
import { logOf, Storage } from "./storage.ts"

describe("acquire", () => {
  it("[D1] [D4] leases the lowest offsets, each once, and what comes back before what is new", () => {
    const state = newState()
    expect(offsetsOf(take(state, logOf(10), 3))).toEqual([0, 1, 2])
    expect(offsetsOf(take(state, logOf(10), 3))).toEqual([3, 4, 5])
    release(state, 4, 1, FAULT, NOW)
    release(state, 1, 1, FAULT, NOW)
    expect(state.counts).toEqual({ available: 2, delayed: 0, inFlight: 4 })
    expect(offsetsOf(take(state, logOf(10), 100))).toEqual([1, 4, 6, 7, 8, 9])
    expect(take(state, logOf(10), 100)).toEqual([])
  })

  it("[D1] stores nothing for what was never looked at", () => {
    const state = newState()
    take(state, logOf(1_000_000), 2)
    expect(state.window.end).toBe(2)
    expect(state.takeChanges(1)?.pages.map(({ runs }) => runs.length < 40)).toEqual([true])
  })

  it("[D2] a state that begins at an offset has nothing before it", () => {
    const storage = new Storage()
    const state = storage.load("standard", 5000)
    expect([state.window.start, state.window.end]).toEqual([5000, 5000])
    expect(state.isDone(4999)).toBe(true)
    expect(offsetsOf(take(state, logOf(5002), 10))).toEqual([5000, 5001])
    storage.apply(state.takeChanges(1)!)
    for (const initialEnd of [0, 9000]) {
      const loaded = storage.load("standard", initialEnd)
      expect([loaded.window.start, loaded.window.end]).toEqual([5000, 5002])
      expect(loaded.isDone(4999)).toBe(true)
    }
  })

  it("[D5] takes no more bytes than asked for, but always one message", () => {
    const log = logOf(10, undefined, 40)
    const state = newState()
    expect(offsetsOf(take(state, log, 10, { maxBytes: 100 }))).toEqual([0, 1])
    expect(offsetsOf(take(state, log, 10, { maxBytes: 1 }))).toEqual([2])
    expect(state.window.end).toBe(3)
    release(state, 1, 1, FAULT, NOW)
    expect(offsetsOf(take(state, log, 10, { maxBytes: 80 }))).toEqual([1, 3])
  })

  it("[D3] reports what became done exactly once", () => {
    const state = newState()
    take(state, logOf(10), 10)
    for (const offset of [3, 1, 4]) acknowledge(state, offset, 1, NOW)
    expect(state.takeFinished()).toEqual([3, 1, 4])
    expect(state.takeFinished()).toEqual([])
  })
})

describe("a consumer that goes", () => {
  it("[D13] gives back all that it holds and nothing else, without fault", () => {
    const state = newState()
    const log = logOf(5000)
    take(state, log, 1500, { consumer: 7 })
    take(state, log, 1500, { consumer: 8 })
    take(state, log, 1500, { consumer: 7 })
    acknowledge(state, 3, 1, NOW)
    expect(releaseConsumer(state, 7, NOW)).toBe(2999)
    expect(state.counts).toEqual({ available: 2999, delayed: 0, inFlight: 1500 })
    expect([...state.window.leases.keys()]).toEqual([8])
    expect(releaseConsumer(state, 7, NOW)).toBe(0)
    expect(take(state, log, 1)).toMatchObject([{ offset: 0, attempt: 2, deliveryCount: 1 }])
  })

  it("[D13] leaves detached leases alone", () => {
    const state = newState()
    take(state, logOf(10), 10)
    expect(releaseConsumer(state, DETACHED, NOW)).toBe(0)
    expect(state.counts.inFlight).toBe(10)
  })

  it("[D13] [D25] is found after a load", () => {
    const storage = new Storage()
    const state = storage.load("standard")
    take(state, logOf(5000), 4000, { consumer: 0xffff_ffff })
    storage.apply(state.takeChanges(1)!)
    const loaded = storage.load("standard")
    expect(loaded.window.leases.has(0xffff_ffff)).toBe(true)
    expect(releaseConsumer(loaded, 0xffff_ffff, NOW)).toBe(4000)
  })
})

describe("deadlines", () => {
  it("[D14] leases end at their deadline and not before, oldest first", () => {
    const state = newState()
    const log = logOf(5000)
    take(state, log, 2000)
    take(state, log, 2000, { untilAt: UNTIL - 10 })
    expect(expire(state, UNLIMITED, UNTIL - 11)).toEqual({ released: 0, departures: [] })
    expect(expire(state, UNLIMITED, UNTIL - 10)).toEqual({ released: 2000, departures: [] })
    expect(state.nextDeadlineAt).toBe(UNTIL)
    expect(offsetsOf(take(state, log, 1))).toEqual([2000])
    expect(expire(state, { ...UNLIMITED, maxDeliveries: 1 }, UNTIL).departures.map(({ offset }) => offset)).toEqual(
      range(0, 2001),
    )
  })

  it("[D14] only so many leave: those beyond stay in flight until the next expiry, and hold up nobody", () => {
    const state = newState()
    take(state, logOf(4), 4)
    release(state, 2, 1, NO_FAULT, NOW)
    take(state, logOf(4), 1, { untilAt: UNTIL })
    release(state, 2, 2, NO_FAULT, NOW)
    const first = expire(state, { ...UNLIMITED, maxDeliveries: 1 }, UNTIL, 2)
    expect(offsetsOf(first.departures)).toEqual([0, 1])
    expect(state.counts).toMatchObject({ available: 1, inFlight: 1 })
    expect(state.nextDeadlineAt).toBe(UNTIL)
    expect(offsetsOf(expire(state, { ...UNLIMITED, maxDeliveries: 1 }, UNTIL, 2).departures)).toEqual([3])
    expect(state.nextDeadlineAt).toBeNull()
  })

  it("[D14] an acquire does not look at ends", () => {
    const state = newState()
    take(state, logOf(2), 2)
    expect(take(state, logOf(2), 2, {}, UNTIL + 1)).toEqual([])
  })

  it("[D15] the next deadline is that of the earliest lease or delay, wherever it lies", () => {
    const state = newState()
    const log = logOf(5000)
    expect(state.nextDeadlineAt).toBeNull()
    take(state, log, 4000)
    take(state, log, 1, { untilAt: UNTIL - 5 })
    expect(state.nextDeadlineAt).toBe(UNTIL - 5)
    release(state, 2500, 1, { ...NO_FAULT, delayMs: 3 }, NOW)
    expect(state.nextDeadlineAt).toBe(NOW + 3)
    expire(state, UNLIMITED, NOW + 3)
    expect(state.nextDeadlineAt).toBe(UNTIL - 5)
    acknowledge(state, 4000, 1, NOW)
    expect(state.nextDeadlineAt).toBe(UNTIL)
    for (const offset of range(0, 4000)) acknowledge(state, offset, 1, NOW)
    expect(state.nextDeadlineAt).toBeNull()
  })

  it("[D15] deadlines of pages that are gone are forgotten", () => {
    const state = newState()
    const pages = 400
    for (const pageNo of range(0, pages)) {
      for (const { offset } of take(state, logOf(pages * 1024), 1024)) acknowledge(state, offset, 1, NOW)
      state.takeChanges(pageNo + 1)
      state.takeFinished()
    }
    expect(state.window.deadlines.size).toBeLessThan(100)
    expect(state.nextDeadlineAt).toBeNull()
  })
})

describe("the limit of deliveries", () => {
  const gone = { reason: "max_deliveries", deliveryCount: 2, firstDeliveredAt: NOW }

  it("[D16] a release with fault at the limit leaves, with its text", () => {
    const state = newState()
    const options = { ...FAULT, maxDeliveries: 2, error: "bad" }
    take(state, logOf(1), 1)
    expect(release(state, 0, 1, options, NOW).departure).toBeNull()
    take(state, logOf(1), 1)
    expect(release(state, 0, 2, options, NOW).departure).toEqual({ offset: 0, error: "bad", ...gone })
    expect(state.takeFinished()).toEqual([0])
  })

  it("[D16] a release without fault never leaves, however often", () => {
    const state = newState()
    for (const attempt of range(1, 20)) {
      expect(take(state, logOf(1), 1)).toHaveLength(1)
      expect(release(state, 0, attempt, { ...NO_FAULT, maxDeliveries: 1 }, NOW).departure).toBeNull()
    }
  })

  it("[D17] so does one that expires at the limit", () => {
    const state = newState()
    take(state, logOf(3), 1)
    expect(expire(state, { ...UNLIMITED, maxDeliveries: 2 }, UNTIL)).toEqual({ released: 1, departures: [] })
    take(state, logOf(3), 2, { untilAt: UNTIL })
    expect(expire(state, { ...UNLIMITED, maxDeliveries: 2 }, UNTIL)).toEqual({
      released: 1,
      departures: [{ offset: 0, error: null, ...gone }],
    })
  })

  it("[D18] one that is over a lowered limit leaves when an acquire meets it, beside what is acquired", () => {
    const state = newState()
    const log = logOf(10, undefined, 10)
    for (const attempt of [1, 2]) {
      for (const { offset } of take(state, log, 2)) release(state, offset, attempt, FAULT, NOW)
    }
    const request = {
      consumer: DETACHED,
      maxMessages: 2,
      untilAt: UNTIL,
      maxDeliveries: 2,
      maxAttempts: null,
      maxDepartures: 2,
      maxBytes: 20,
    }
    const { leases, departures } = acquire(state, request, log, NOW)
    expect(departures).toEqual([0, 1].map((offset) => ({ offset, error: null, ...gone })))
    expect(offsetsOf(leases)).toEqual([2, 3])
    expect(state.takeFinished()).toEqual([0, 1])
  })

  it("[D18] only so many leave: the one beyond ends the acquire, and leaves at the next", () => {
    const state = newState()
    const log = logOf(3)
    for (const { offset } of take(state, log, 2)) release(state, offset, 1, FAULT, NOW)
    const request = {
      consumer: DETACHED,
      maxMessages: 3,
      untilAt: UNTIL,
      maxDeliveries: 1,
      maxAttempts: null,
      maxDepartures: 1,
      maxBytes: 99,
    }
    const first = acquire(state, request, log, NOW)
    expect([offsetsOf(first.departures), offsetsOf(first.leases)]).toEqual([[0], []])
    const second = acquire(state, request, log, NOW)
    expect([offsetsOf(second.departures), offsetsOf(second.leases)]).toEqual([[1], [2]])
  })
})
