import { describe, expect, it } from "vitest"
import { expire } from "../../../src/core/delivery/expire.ts"
import { acknowledge, release, releaseOthers } from "../../../src/core/delivery/settle.ts"
import { PAGE_OFFSETS } from "../../../src/core/limits.ts"
import { newState, NO_FAULT, NOW, offsetsOf, range, take, UNLIMITED, UNTIL } from "./scenario.ts"
import { logOf, Storage } from "./storage.ts"

const [A, B] = [101, 102]

function attempts(...leases: readonly { readonly offset: number; readonly attempt: number }[]): Map<number, number> {
  return new Map(leases.map(({ offset, attempt }) => [offset, attempt]))
}

describe("leases that go on", () => {
  it("[W55] all but those named go back, without fault and over all pages", () => {
    const log = logOf(3 * PAGE_OFFSETS)
    const state = newState()
    const leases = take(state, log, 3 * PAGE_OFFSETS, { consumer: 7 })
    const kept = leases.filter(({ offset }) => offset % 1000 === 5)
    expect(releaseOthers(state, 7, attempts(...kept), NOW)).toBe(3 * PAGE_OFFSETS - 4)
    expect(state.window.leases.heldBy(7, 0)).toBe(4)
    const again = take(state, log, 3 * PAGE_OFFSETS, { consumer: 8 })
    expect(again).toHaveLength(3 * PAGE_OFFSETS - 4)
    expect(again.every(({ deliveryCount, attempt }) => deliveryCount === 1 && attempt === 2)).toBe(true)
    for (const { offset, attempt } of kept) expect(acknowledge(state, offset, attempt, NOW)).toBe("settled")
  })

  it("[W55] what is kept keeps its deadline, and is stored as it was", () => {
    const storage = new Storage()
    const state = storage.load("standard")
    const log = logOf(3)
    const [first] = take(state, log, 3, { consumer: 7, untilAt: UNTIL + 5 })
    storage.apply(state.takeChanges(1)!)
    releaseOthers(state, 7, attempts(first!), NOW)
    storage.apply(state.takeChanges(2)!)
    const loaded = storage.load("standard")
    expect([...loaded.window.leases.keys()]).toEqual([7])
    expect(loaded.nextDeadlineAt).toBe(UNTIL + 5)
    // nothing is written where nothing goes back
    expect(releaseOthers(loaded, 7, attempts(first!), NOW)).toBe(0)
    expect(loaded.takeChanges(3)).toBeNull()
    expire(loaded, UNLIMITED, UNTIL + 5)
    expect(loaded.deliveryCountOf(0)).toBe(1)
  })

  it("[W55] another attempt and another consumer's are not taken over", () => {
    const log = logOf(3)
    const state = newState()
    const [first] = take(state, log, 1, { consumer: 7 })
    release(state, first!.offset, first!.attempt, NO_FAULT, NOW)
    take(state, log, 1, { consumer: 7 })
    const [other] = take(state, log, 1, { consumer: 8 })
    expect(releaseOthers(state, 7, attempts(first!, other!), NOW)).toBe(1)
    expect([...state.window.leases.keys()]).toEqual([8])
  })

  it("[W55] in ordered mode a group goes back from the first message that is not named", () => {
    const keys = [A, A, A, B, B]
    const log = logOf(keys.length, (offset) => keys[offset]!)
    const state = newState("ordered")
    const leases = take(state, log, 5, { consumer: 7 })
    expect(offsetsOf(leases)).toEqual(range(0, 5))
    const kept = leases.filter(({ offset }) => offset !== 1 && offset !== 4)
    expect(releaseOthers(state, 7, attempts(...kept), NOW)).toBe(3)
    expect(acknowledge(state, 2, 1, NOW)).toBe("receipt_expired")
    // both groups are still the consumer's
    expect(take(state, log, 5, { consumer: 8 })).toEqual([])
    expect(take(state, log, 5, { consumer: 7 })).toMatchObject([
      { offset: 1, attempt: 2, deliveryCount: 1 },
      { offset: 2, attempt: 2, deliveryCount: 1 },
      { offset: 4, attempt: 2, deliveryCount: 1 },
    ])
  })
})
