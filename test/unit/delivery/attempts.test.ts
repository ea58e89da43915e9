import { describe, expect, it } from "vitest"
import { acquire } from "../../../src/core/delivery/acquire.ts"
import { expire } from "../../../src/core/delivery/expire.ts"
import { release, releaseConsumer } from "../../../src/core/delivery/settle.ts"
import { DETACHED } from "../../../src/core/delivery/types.ts"
import { FAULT, newState, NO_FAULT, NOW, offsetsOf, take, UNLIMITED, UNTIL } from "./scenario.ts"
import { logOf } from "./storage.ts"

const TWICE = { ...UNLIMITED, maxAttempts: 2 }

describe("the limit of attempts", () => {
  it.each([true, false])("[D36] the last release leaves, with fault %s", (fault) => {
    const state = newState()
    const options = { ...FAULT, ...TWICE, fault, error: "why" }
    take(state, logOf(1), 1)
    expect(release(state, 0, 1, options, NOW).departure).toBeNull()
    take(state, logOf(1), 1, {}, NOW + 1)
    expect(release(state, 0, 2, options, NOW).departure).toEqual({
      offset: 0,
      reason: "max_deliveries",
      deliveryCount: fault ? 2 : 1,
      firstDeliveredAt: NOW,
      error: "why",
    })
  })

  it("[D36] so does the lease that expires last, of those that may leave", () => {
    const state = newState()
    const log = logOf(3)
    for (const { offset } of take(state, log, 3)) release(state, offset, 1, NO_FAULT, NOW)
    take(state, log, 3)
    expect(offsetsOf(expire(state, TWICE, UNTIL, 2).departures)).toEqual([0, 1])
    expect(expire(state, { ...UNLIMITED, maxAttempts: 3 }, UNTIL)).toEqual({ released: 1, departures: [] })
  })

  it("[D36] a goodbye lets none leave: the acquire does, instead of delivering it", () => {
    const state = newState()
    const log = logOf(2)
    take(state, log, 1, { consumer: 7 })
    expect(releaseConsumer(state, 7, NOW)).toBe(1)
    const request = { consumer: DETACHED, maxMessages: 1, untilAt: UNTIL, maxDepartures: 9, maxBytes: 9 }
    const { leases, departures } = acquire(state, { ...request, ...UNLIMITED, maxAttempts: 1 }, log, NOW)
    expect(departures).toMatchObject([{ offset: 0, reason: "max_deliveries", deliveryCount: 0 }])
    expect(offsetsOf(leases)).toEqual([1])
  })

  it("[D36] what goes back with another of its group leaves at the acquire", () => {
    const state = newState("ordered")
    const log = logOf(3, () => 5)
    const options = { ...FAULT, ...UNLIMITED, maxAttempts: 2 }
    take(state, log, 2)
    release(state, 0, 1, options, NOW)
    take(state, log, 1)
    // the first leaves, so the second, given back once, goes on
    expect(release(state, 0, 2, options, NOW).departure).toMatchObject({ offset: 0 })
    take(state, log, 2)
    expect(release(state, 2, 1, options, NOW).departure).toBeNull()
    expect(release(state, 1, 2, { ...options, maxAttempts: 3 }, NOW).departure).toBeNull()
    const request = { consumer: DETACHED, maxMessages: 9, untilAt: UNTIL, maxDepartures: 9, maxBytes: 9 }
    const acquired = acquire(state, { ...request, ...TWICE }, log, NOW)
    expect([offsetsOf(acquired.departures), offsetsOf(acquired.leases)]).toEqual([[1], [2]])
  })
})
