import { describe, expect, it } from "vitest"
import { expire } from "../../../src/core/delivery/expire.ts"
import { stateAt } from "../../../src/core/delivery/inspect.ts"
import { reclaim } from "../../../src/core/delivery/reclaim.ts"
import { acknowledge, release } from "../../../src/core/delivery/settle.ts"
import type { DeliveryState } from "../../../src/core/delivery/state.ts"
import { DETACHED } from "../../../src/core/delivery/types.ts"
import { FAULT, newState, NO_FAULT, NOW, take, UNLIMITED, UNTIL } from "./scenario.ts"
import { logOf } from "./storage.ts"

const LOG = logOf(10, () => 1)

/** Offset 0 was handed to a consumer, whose lease has ended. */
function ended(mode: "standard" | "fair" | "ordered" = "standard"): DeliveryState {
  const state = newState(mode)
  take(state, LOG, 1, { consumer: 7 })
  expire(state, UNLIMITED, UNTIL)
  return state
}

describe("a lease that has ended", () => {
  it.each(["standard", "fair"] as const)("[D47] is taken up again under its attempt: %s", (mode) => {
    const state = ended(mode)
    reclaim(state, 0, 1, UNTIL + 9, UNTIL + 4)
    const held = { kind: "in_flight", consumer: DETACHED, untilAt: UNTIL + 9 }
    expect(stateAt(state, 0)).toEqual({ ...held, attempt: 1, deliveryCount: 1, firstDeliveredAt: NOW })
    expect(state.nextDeadlineAt).toBe(UNTIL + 9)
    expect(take(state, LOG, 1, {}, UNTIL + 5)).toMatchObject([{ offset: 1 }])
    expect(acknowledge(state, 0, 1, UNTIL + 5)).toBe("settled")
    expect(state.takeFinished()).toEqual([0])
  })

  it("[D47] is taken up again while its message waits for a retry", () => {
    const state = newState()
    take(state, LOG, 1)
    release(state, 0, 1, { ...FAULT, delayMs: 5 }, NOW)
    reclaim(state, 0, 1, UNTIL, NOW + 1)
    expect(state.counts).toEqual({ available: 0, delayed: 0, inFlight: 1 })
  })

  it("[D47] is over where its message was handed out again, is done or was never under that attempt", () => {
    const state = ended()
    for (const attempt of [0, 2]) reclaim(state, 0, attempt, UNTIL + 9, UNTIL)
    expect(stateAt(state, 0).kind).toBe("available")
    take(state, LOG, 1, { consumer: 8 }, UNTIL)
    reclaim(state, 0, 1, UNTIL + 9, UNTIL)
    expect(stateAt(state, 0)).toMatchObject({ consumer: 8, attempt: 2 })
    acknowledge(state, 0, 2, UNTIL)
    reclaim(state, 0, 2, UNTIL + 9, UNTIL)
    expect(state.isDone(0)).toBe(true)
    reclaim(state, 5, 1, UNTIL + 9, UNTIL)
    expect(state.window.end).toBe(1)
  })

  it("[D47] counts no less than nothing, given back again and again", () => {
    const state = newState()
    take(state, LOG, 1)
    release(state, 0, 1, NO_FAULT, NOW)
    reclaim(state, 0, 1, UNTIL, NOW)
    release(state, 0, 1, NO_FAULT, NOW)
    expect(state.deliveryCountOf(0)).toBe(0)
  })

  it("[D47] is over in ordered mode", () => {
    const state = ended("ordered")
    reclaim(state, 0, 1, UNTIL + 9, UNTIL)
    expect(stateAt(state, 0).kind).toBe("available")
  })
})
