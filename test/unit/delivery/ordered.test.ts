import { describe, expect, it } from "vitest"
import { acquire } from "../../../src/core/delivery/acquire.ts"
import { expire } from "../../../src/core/delivery/expire.ts"
import { acknowledge, reject, release, releaseConsumer } from "../../../src/core/delivery/settle.ts"
import type { DeliveryState } from "../../../src/core/delivery/state.ts"
import { DETACHED, type LogView } from "../../../src/core/delivery/types.ts"
import { MAX_LOOK_AHEAD_OFFSETS, PAGE_OFFSETS } from "../../../src/core/limits.ts"
import { FAULT, newState, NO_FAULT, NOW, offsetsOf, range, take, UNTIL, UNLIMITED } from "./scenario.ts"
import { logOf, Storage } from "./storage.ts"

const [A, B, C] = [101, 102, 103]

/** A log whose messages have these keys, in order; 0 is no key. */
function logWith(...keys: readonly number[]): LogView {
  return logOf(keys.length, (offset) => keys[offset]!)
}

function ordered(): DeliveryState {
  return newState("ordered")
}

describe("order within a group", () => {
  it("[D19] nothing of a group is delivered while an earlier message of it waits", () => {
    const log = logWith(A, A, A)
    const state = ordered()
    take(state, log, 1, { consumer: 1 })
    release(state, 0, 1, { ...FAULT, delayMs: 10 }, NOW)
    expect(take(state, log, 10, { consumer: 1 })).toEqual([])
    expire(state, UNLIMITED, NOW + 10)
    expect(offsetsOf(take(state, log, 10, { consumer: 1 }, NOW + 10))).toEqual([0, 1, 2])
  })

  it("[D19] no second consumer gets of a group until the first has settled all that it holds of it", () => {
    const log = logWith(A, A, A)
    const state = ordered()
    take(state, log, 2, { consumer: 1 })
    acknowledge(state, 0, 1, NOW)
    expect(take(state, log, 10, { consumer: 2 })).toEqual([])
    acknowledge(state, 1, 1, NOW)
    expect(offsetsOf(take(state, log, 10, { consumer: 2 }))).toEqual([2])
  })

  it("[D20] a release gives back the later ones of its group, without fault, and ends their receipts", () => {
    const log = logWith(A, B, A, A)
    const state = ordered()
    expect(offsetsOf(take(state, log, 10, { consumer: 1 }))).toEqual([0, 2, 3, 1])
    expect(release(state, 2, 1, FAULT, NOW).outcome).toBe("settled")
    expect(acknowledge(state, 3, 1, NOW)).toBe("receipt_expired")
    expect(acknowledge(state, 1, 1, NOW)).toBe("settled")
    expect(acknowledge(state, 0, 1, NOW)).toBe("settled")
    expect(take(state, log, 10, { consumer: 2 })).toMatchObject([
      { offset: 2, attempt: 2, deliveryCount: 2 },
      { offset: 3, attempt: 2, deliveryCount: 1 },
    ])
  })

  it("[D20] a release with a delay holds back the later ones without delaying them", () => {
    const log = logWith(A, A, A)
    const state = ordered()
    take(state, log, 3)
    release(state, 1, 1, { ...FAULT, delayMs: 10 }, NOW)
    expect(state.counts).toEqual({ available: 1, delayed: 1, inFlight: 1 })
    acknowledge(state, 0, 1, NOW)
    expect(take(state, log, 10)).toEqual([])
    expire(state, UNLIMITED, NOW + 10)
    expect(offsetsOf(take(state, log, 10))).toEqual([1, 2])
  })

  it("[D20] so does an expiry, also of later ones that have run out with it", () => {
    const log = logWith(A, A, A, B)
    const state = ordered()
    take(state, log, 3)
    take(state, log, 1, { untilAt: UNTIL + 1 })
    expect(expire(state, { ...UNLIMITED, maxDeliveries: 1 }, UNTIL)).toMatchObject({
      released: 0,
      departures: [{ offset: 0 }, { offset: 1 }, { offset: 2 }],
    })
    const other = ordered()
    take(other, log, 3)
    expect(expire(other, { ...UNLIMITED, maxDeliveries: 2 }, UNTIL)).toEqual({ released: 3, departures: [] })
    expect(range(0, 3).map((offset) => other.deliveryCountOf(offset))).toEqual([1, 0, 0])
  })

  it("[D9] [D20] in ordered mode a receipt ends with its deadline, before any expiry", () => {
    const log = logWith(A, A)
    const state = ordered()
    take(state, log, 2)
    expect(acknowledge(state, 0, 1, UNTIL)).toBe("receipt_expired")
    expect(release(state, 1, 1, FAULT, UNTIL).outcome).toBe("receipt_expired")
    expect(state.counts.inFlight).toBe(2)
  })

  it("[D13] [D20] a consumer that goes gives back every message once", () => {
    const log = logWith(A, B, A, B, A)
    const state = ordered()
    take(state, log, 4, { consumer: 1 })
    expect(state.counts.inFlight).toBe(4)
    expect(releaseConsumer(state, 1, NOW)).toBe(4)
    expect(take(state, log, 10, { consumer: 2 }).map(({ offset, deliveryCount }) => [offset, deliveryCount])).toEqual([
      [0, 1],
      [2, 1],
      [4, 1],
      [1, 1],
      [3, 1],
    ])
  })

  it("[D21] a message that leaves lets its group go on, and those in flight behind it stay", () => {
    const log = logWith(A, A, A, A)
    const state = ordered()
    take(state, log, 3, { consumer: 1 })
    expect(reject(state, 0, 1, null, NOW).departure).toMatchObject({ offset: 0, reason: "rejected" })
    expect(release(state, 1, 1, { ...FAULT, maxDeliveries: 1 }, NOW).departure).toMatchObject({ offset: 1 })
    expect(state.counts.inFlight).toBe(1)
    expect(acknowledge(state, 2, 1, NOW)).toBe("settled")
    expect(offsetsOf(take(state, log, 10, { consumer: 2 }))).toEqual([3])
  })

  it("[D18] [D21] one that is over the limit leaves at an acquire, and the next of its group is delivered", () => {
    const log = logWith(A, A, B)
    const state = ordered()
    take(state, log, 1)
    release(state, 0, 1, FAULT, NOW)
    const request = {
      consumer: DETACHED,
      maxMessages: 1,
      untilAt: UNTIL,
      maxDeliveries: 1,
      maxAttempts: null,
      maxDepartures: Infinity,
      maxBytes: 100,
    }
    const { leases, departures } = acquire(state, request, log, NOW)
    expect([offsetsOf(departures), offsetsOf(leases)]).toEqual([[0], [1]])
  })
})

describe("between groups", () => {
  it("[D22] a group that waits keeps no other from being delivered", () => {
    const log = logWith(...range(0, 3000).map(() => A), B, C, B)
    const state = ordered()
    take(state, log, 1, { consumer: 1 })
    release(state, 0, 1, { ...FAULT, delayMs: 1_000_000 }, NOW)
    expect(offsetsOf(take(state, log, 10, { consumer: 2 }))).toEqual([3000, 3002, 3001])
  })

  it("[D22] a message without a key is a group of its own", () => {
    const log = logWith(0, 0, A, A, 0)
    const state = ordered()
    take(state, log, 1)
    release(state, 0, 1, { ...FAULT, delayMs: 10 }, NOW)
    expect(offsetsOf(take(state, log, 1))).toEqual([1])
    expect(offsetsOf(take(state, log, 10))).toEqual([2, 3, 4])
  })

  it("[D23] an acquire goes on with a group before it takes the next, oldest first", () => {
    const log = logWith(A, B, A, C, B, A)
    expect(offsetsOf(take(ordered(), log, 5))).toEqual([0, 2, 5, 1, 4])
  })

  it("[D23] the consumer that holds a group gets more of it, a detached receive does not", () => {
    const log = logWith(A, A, A, B)
    const state = ordered()
    expect(offsetsOf(take(state, log, 1, { consumer: 1 }))).toEqual([0])
    expect(offsetsOf(take(state, log, 2, { consumer: 1 }))).toEqual([1, 2])
    const other = ordered()
    expect(offsetsOf(take(other, log, 1))).toEqual([0])
    expect(offsetsOf(take(other, log, 2))).toEqual([3])
  })

  it("[D19] [D23] a group that has changed hands is not given to the one who held it before", () => {
    const log = logWith(A, B, A, A)
    const state = ordered()
    take(state, log, 1, { consumer: 1 })
    take(state, log, 1, { consumer: 1 })
    release(state, 0, 1, FAULT, NOW)
    expect(offsetsOf(take(state, log, 1, { consumer: 2 }))).toEqual([0])
    expect(take(state, log, 10, { consumer: 1 })).toEqual([])
    expect(offsetsOf(take(state, log, 10, { consumer: 2 }))).toEqual([2, 3])
  })

  it("[D4] [D23] a message that was listed before its group went back is leased once", () => {
    const log = logWith(A, B, B, A, A)
    const state = ordered()
    expect(offsetsOf(take(state, log, 1, { consumer: 1 }))).toEqual([0])
    expect(offsetsOf(take(state, log, 1, { consumer: 1 }))).toEqual([1])
    release(state, 0, 1, FAULT, NOW)
    expect(offsetsOf(take(state, log, 2, { consumer: 1 }))).toEqual([0, 3])
    expect(offsetsOf(take(state, log, 2, { consumer: 1 }))).toEqual([2, 4])
  })

  it("[D23] a consumer that is through with one group still gets more of another", () => {
    const log = logWith(A, B, A)
    const state = ordered()
    expect(offsetsOf(take(state, log, 1, { consumer: 1 }))).toEqual([0])
    expect(offsetsOf(take(state, logWith(A, B), 1, { consumer: 2 }))).toEqual([1])
    acknowledge(state, 1, 1, NOW)
    const more = logWith(A, B, A, C)
    expect(offsetsOf(take(state, more, 2, { consumer: 1 }))).toEqual([2, 3])
    acknowledge(state, 3, 1, NOW)
    expect(offsetsOf(take(state, logWith(A, B, A, C, A), 1, { consumer: 1 }))).toEqual([4])
  })

  it("[D23] groups of which nothing is left are forgotten", () => {
    const log = logWith(...range(1, 3000))
    const state = ordered()
    for (const { offset } of take(state, log, 3000)) acknowledge(state, offset, 1, NOW)
    expect(state.groups?.size).toBe(0)
  })

  it("[D23] a held group that keeps growing does not starve older messages of others", () => {
    const state = ordered()
    take(state, logWith(A, B), 1, { consumer: 1 })
    expect(offsetsOf(take(state, logWith(A, B, A), 1, { consumer: 1 }))).toEqual([1])
    expect(offsetsOf(take(state, logWith(A, B, A), 1, { consumer: 1 }))).toEqual([2])
  })

  it("[D5] [D23] a group whose message did not fit is offered again", () => {
    const log = logOf(3, (offset) => [A, A, B][offset]!, 60)
    const state = ordered()
    expect(offsetsOf(take(state, log, 10, { consumer: 1, maxBytes: 100 }))).toEqual([0])
    expect(offsetsOf(take(state, log, 10, { consumer: 1, maxBytes: 100 }))).toEqual([1])
    expect(offsetsOf(take(state, log, 10, { consumer: 2, maxBytes: 100 }))).toEqual([2])
  })

  it("[D23] what a consumer holds is known after a load", () => {
    const storage = new Storage()
    const log = logWith(A, A, A, B)
    const state = storage.load("ordered")
    take(state, log, 1, { consumer: 1 })
    storage.apply(state.takeChanges(1)!)
    expect(offsetsOf(take(storage.load("ordered"), log, 1, { consumer: 2 }))).toEqual([3])
    const loaded = storage.load("ordered")
    expect(offsetsOf(take(loaded, log, 2, { consumer: 1 }))).toEqual([1, 2])
    release(loaded, 0, 1, NO_FAULT, NOW)
    expect(offsetsOf(take(loaded, log, 4, { consumer: 2 }))).toEqual([0, 1, 2, 3])
  })
})

describe("look-ahead", () => {
  it("[D24] goes page by page, only when nothing in the window is free, and reads each key hash once", () => {
    const reads: [number, number][] = []
    const plain = logOf(2500, (offset) => (offset < 1030 ? A : 200 + offset))
    const log: LogView = { ...plain, keyHashes: (from, to) => (reads.push([from, to]), plain.keyHashes(from, to)) }
    const state = ordered()
    take(state, log, 1)
    expect(state.window.end).toBe(PAGE_OFFSETS)
    expect(offsetsOf(take(state, log, 2))).toEqual([1030, 1031])
    expect(state.window.end).toBe(2 * PAGE_OFFSETS)
    take(state, log, 2000)
    expect(take(state, log, 1)).toEqual([])
    expect(reads).toEqual([
      [0, PAGE_OFFSETS],
      [PAGE_OFFSETS, 2 * PAGE_OFFSETS],
      [2 * PAGE_OFFSETS, 2500],
    ])
  })

  it("[D24] ends at MAX_LOOK_AHEAD_OFFSETS live offsets", () => {
    const blocked = MAX_LOOK_AHEAD_OFFSETS + 2 * PAGE_OFFSETS
    const log = logOf(blocked + 1, (offset) => (offset < blocked ? A : B))
    const state = ordered()
    take(state, log, 1)
    expect(take(state, log, 1)).toEqual([])
    expect(state.window.end).toBeGreaterThanOrEqual(MAX_LOOK_AHEAD_OFFSETS)
    expect(state.window.end).toBeLessThan(MAX_LOOK_AHEAD_OFFSETS + PAGE_OFFSETS)
  })

  it("[D22] [D24] done offsets do not count: one message that waits in front never stops the rest", () => {
    const log = logOf(MAX_LOOK_AHEAD_OFFSETS + 5000)
    const state = ordered()
    take(state, log, 1)
    for (let seq = 1, done = 1; done < log.endOffset; seq++) {
      const leases = take(state, log, 5000)
      expect(leases.length).toBeGreaterThan(0)
      for (const { offset, attempt } of leases) acknowledge(state, offset, attempt, NOW)
      done += leases.length
      state.takeChanges(seq)
      state.takeFinished()
    }
    expect(state.counts).toEqual({ available: 0, delayed: 0, inFlight: 1 })
    expect(state.window.pages.size).toBe(2)
  })
})
