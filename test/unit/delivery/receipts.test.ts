import { describe, expect, it } from "vitest"
import { expire } from "../../../src/core/delivery/expire.ts"
import { acknowledge, extend, reject, release } from "../../../src/core/delivery/settle.ts"
import type { DeliveryState } from "../../../src/core/delivery/state.ts"
import type { SettleOutcome } from "../../../src/core/delivery/types.ts"
import { FAULT, newState, NO_FAULT, NOW, offsetsOf, take, TIMEOUT_MS, UNTIL, UNLIMITED } from "./scenario.ts"
import { logOf } from "./storage.ts"

const LOG = logOf(10, () => 1)

type Settle = (state: DeliveryState, attempt: number, now: number, offset: number) => SettleOutcome

const operations: Record<"ack" | "nack" | "reject" | "extend", Settle> = {
  ack: (state, attempt, now, offset) => acknowledge(state, offset, attempt, now),
  nack: (state, attempt, now, offset) => release(state, offset, attempt, FAULT, now).outcome,
  reject: (state, attempt, now, offset) => reject(state, offset, attempt, "no", now).outcome,
  extend: (state, attempt, now, offset) => extend(state, offset, attempt, UNTIL, now),
}

interface Situation {
  readonly name: string
  readonly attempt: number
  readonly ordered?: boolean
  readonly now?: number
  readonly offset?: number
  readonly ack: SettleOutcome
  readonly others: SettleOutcome
  readonly prepare: (state: DeliveryState) => void
}

function once(state: DeliveryState): void {
  take(state, LOG, 1)
}

function twice(state: DeliveryState): void {
  once(state)
  release(state, 0, 1, FAULT, NOW)
  once(state)
}

function returned(state: DeliveryState): void {
  once(state)
  release(state, 0, 1, FAULT, NOW)
}

function delayed(state: DeliveryState): void {
  once(state)
  release(state, 0, 1, { ...FAULT, delayMs: 5 }, NOW)
}

function done(state: DeliveryState): void {
  once(state)
  acknowledge(state, 0, 1, NOW)
}

const refused = (outcome: "receipt_expired" | "invalid_receipt"): Pick<Situation, "ack" | "others"> => {
  return { ack: outcome, others: outcome }
}
const EXPIRED = refused("receipt_expired")
const INVALID = refused("invalid_receipt")
const SETTLED = { ack: "settled", others: "settled" } as const

const situations: readonly Situation[] = [
  { name: "in flight, current", attempt: 1, prepare: once, ...SETTLED },
  { name: "in flight again, current", attempt: 2, prepare: twice, ...SETTLED },
  { name: "in flight past its deadline, standard", attempt: 1, now: UNTIL + 1, prepare: once, ...SETTLED },
  {
    name: "in flight just before its deadline, ordered",
    attempt: 1,
    ordered: true,
    now: UNTIL - 1,
    prepare: once,
    ...SETTLED,
  },
  { name: "in flight at its deadline, ordered", attempt: 1, ordered: true, now: UNTIL, prepare: once, ...EXPIRED },
  { name: "in flight, earlier attempt", attempt: 1, prepare: twice, ...EXPIRED },
  { name: "in flight, attempt never given", attempt: 2, prepare: once, ...INVALID },
  { name: "available, last attempt", attempt: 1, prepare: returned, ...EXPIRED },
  { name: "available, attempt never given", attempt: 2, prepare: returned, ...INVALID },
  { name: "delayed, last attempt", attempt: 1, prepare: delayed, ...EXPIRED },
  { name: "delayed, attempt never given", attempt: 2, prepare: delayed, ...INVALID },
  { name: "looked at, never delivered", attempt: 1, ordered: true, offset: 4, prepare: once, ...INVALID },
  { name: "done, its attempt", attempt: 1, prepare: done, ack: "settled", others: "receipt_expired" },
  { name: "done, any attempt", attempt: 9, prepare: done, ack: "settled", others: "receipt_expired" },
  { name: "beyond the end, standard", attempt: 1, offset: 1, prepare: once, ...INVALID },
  { name: "beyond the end of the log", attempt: 1, offset: 10, ordered: true, prepare: once, ...INVALID },
]

describe.each(situations)("[D7] $name", ({ attempt, ordered, now, offset, prepare, ...expected }) => {
  it.each(["ack", "nack", "reject", "extend"] as const)("[D7] %s", (operation) => {
    const state = newState(ordered ? "ordered" : "standard")
    prepare(state)
    state.takeChanges(1)
    const outcome = operations[operation](state, attempt, now ?? NOW, offset ?? 0)
    expect(outcome).toBe(operation === "ack" ? expected.ack : expected.others)
    const isUnchanged = state.takeChanges(2) === null
    const isDone = state.isDone(offset ?? 0)
    expect(isUnchanged).toBe(outcome !== "settled" || (operation === "ack" && prepare === done))
    expect(isDone).toBe(prepare === done || (outcome === "settled" && (operation === "ack" || operation === "reject")))
  })
})

describe("settling", () => {
  it("[D7] a receipt from an earlier delivery cannot acknowledge a later one", () => {
    const state = newState()
    take(state, LOG, 1)
    expire(state, UNLIMITED, UNTIL)
    const [second] = take(state, LOG, 1, { consumer: 2 }, UNTIL)
    expect(second).toMatchObject({ offset: 0, attempt: 2, deliveryCount: 2, firstDeliveredAt: NOW })
    expect(acknowledge(state, 0, 1, UNTIL)).toBe("receipt_expired")
    expect(acknowledge(state, 0, 2, UNTIL)).toBe("settled")
  })

  it("[D8] acknowledging makes done, twice is settled twice and finished once", () => {
    const state = newState()
    take(state, LOG, 2)
    expect(acknowledge(state, 1, 1, NOW)).toBe("settled")
    expect(acknowledge(state, 1, 1, NOW)).toBe("settled")
    expect(state.takeFinished()).toEqual([1])
    expect(state.counts).toEqual({ available: 0, delayed: 0, inFlight: 1 })
    expect([state.window.start, state.window.end]).toEqual([0, 2])
  })

  it("[D9] in standard mode a lease that has run out counts until an expiry ends it", () => {
    const state = newState()
    take(state, LOG, 2)
    expect(acknowledge(state, 0, 1, UNTIL + 1000)).toBe("settled")
    expect(extend(state, 1, 1, UNTIL + 5000, UNTIL + 1000)).toBe("settled")
    expect(expire(state, UNLIMITED, UNTIL + 4999).released).toBe(0)
    expect(expire(state, UNLIMITED, UNTIL + 5000).released).toBe(1)
    expect(acknowledge(state, 1, 1, UNTIL + 5000)).toBe("receipt_expired")
  })

  it("[D10] a release with a delay comes back when it is due and not before", () => {
    const state = newState()
    take(state, LOG, 1)
    release(state, 0, 1, { ...FAULT, delayMs: 100 }, NOW)
    expect(state.counts).toEqual({ available: 0, delayed: 1, inFlight: 0 })
    expect(state.nextDeadlineAt).toBe(NOW + 100)
    expire(state, UNLIMITED, NOW + 99)
    expect(offsetsOf(take(state, LOG, 1))).toEqual([1])
    expire(state, UNLIMITED, NOW + 100)
    expect(take(state, LOG, 1, {}, NOW + 100)).toMatchObject([{ offset: 0, attempt: 2, deliveryCount: 2 }])
  })

  it("[D6] [D10] a release without fault gives the delivery back, and not the attempt", () => {
    const state = newState()
    for (const attempt of [1, 2, 3]) {
      expect(take(state, LOG, 1)).toMatchObject([{ offset: 0, attempt, deliveryCount: 1, firstDeliveredAt: NOW }])
      release(state, 0, attempt, NO_FAULT, NOW)
      expect(state.deliveryCountOf(0)).toBe(0)
    }
  })

  it("[D11] an extension moves the end later and earlier", () => {
    const state = newState()
    take(state, LOG, 1)
    expect(extend(state, 0, 1, UNTIL + 7, NOW)).toBe("settled")
    expect(state.nextDeadlineAt).toBe(UNTIL + 7)
    expect(extend(state, 0, 1, NOW + 1, NOW)).toBe("settled")
    expect(state.nextDeadlineAt).toBe(NOW + 1)
    expect(expire(state, UNLIMITED, NOW + 1).released).toBe(1)
  })

  it("[D12] a reject leaves at once and says why", () => {
    const state = newState()
    take(state, LOG, 1)
    release(state, 0, 1, FAULT, NOW)
    take(state, LOG, 1, {}, NOW + TIMEOUT_MS)
    expect(reject(state, 0, 2, "not a number", NOW)).toEqual({
      outcome: "settled",
      departure: { offset: 0, reason: "rejected", deliveryCount: 2, firstDeliveredAt: NOW, error: "not a number" },
    })
    expect(state.isDone(0)).toBe(true)
    expect(state.takeFinished()).toEqual([0])
  })
})
