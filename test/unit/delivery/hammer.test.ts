import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { acquire } from "../../../src/core/delivery/acquire.ts"
import { acknowledge, release } from "../../../src/core/delivery/settle.ts"
import type { DeliveryState } from "../../../src/core/delivery/state.ts"
import { PAGE_OFFSETS } from "../../../src/core/limits.ts"
import { logOfReference } from "./commands.ts"
import { expectSame } from "./compare.ts"
import { Reference } from "./reference.ts"
import { FAULT, newState, NOW, take, UNLIMITED, UNTIL } from "./scenario.ts"
import { logOf, Storage } from "./storage.ts"

describe("hammered", () => {
  it("[D25] [D28] [D29] random settlements over many pages, committed and loaded each time", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("standard" as const, "ordered" as const),
        fc.integer({ min: 2, max: 8 }),
        fc.nat(),
        hammer,
      ),
      { numRuns: 15 },
    )
  }, 120_000)

  it("[D25] a state that begins inside a page keeps what lies before it done, through the ring too", () => {
    const storage = new Storage()
    const state = storage.load("standard", 1500)
    take(state, logOf(6000), 4000)
    const changes = state.takeChanges(1)!
    expect(changes.ring).not.toBeNull()
    storage.apply(changes)
    const loaded = storage.load("standard", 5999)
    expect(loaded.counts).toEqual({ available: 0, delayed: 0, inFlight: 4000 })
    expect([loaded.window.start, loaded.window.end]).toEqual([1500, 5500])
    expect(loaded.isDone(1499)).toBe(true)
  })
})

/** A hundred scattered commits on a state that is now and then replaced by what was stored of it. */
function hammer(mode: "standard" | "ordered", pages: number, seed: number): void {
  const storage = new Storage()
  const reference = new Reference(mode)
  let state = newState(mode)
  let random = seed >>> 0
  const next = (below: number): number => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((random / 2 ** 32) * below)
  }
  for (let index = 0; index < pages * PAGE_OFFSETS + 700; index++)
    reference.append(mode === "ordered" ? 1 + next(5000) : 0, 1)
  const perPage = 1 + next(60)
  for (let seq = 1; seq <= 100; seq++) {
    settleSome(state, reference, next, perPage)
    const request = { consumer: next(3), maxMessages: next(seq === 1 ? 1 : 300) + pages * 100, untilAt: UNTIL + seq }
    const bounds = { ...UNLIMITED, maxDepartures: Infinity, maxBytes: Infinity }
    const expected = reference.acquire({ ...request, ...bounds }, NOW)
    expect(acquire(state, { ...request, ...bounds }, logOfReference(reference), NOW).leases).toEqual(expected.leases)
    const changes = state.takeChanges(seq)
    if (changes) storage.apply(changes)
    const loaded = storage.load(mode)
    expectSame(state, reference)
    expectSame(loaded, reference)
    if (next(3) === 0) state = loaded
  }
}

/** Settles about `perPage` messages of each page, and now and then all that is left of one. */
function settleSome(
  state: DeliveryState,
  reference: Reference,
  next: (below: number) => number,
  perPage: number,
): void {
  const swept = next(4) === 0 ? next(10) : -1
  for (const [offset, { status, attempt }] of reference.messages.entries()) {
    const isChosen = next(PAGE_OFFSETS) < perPage || Math.floor(offset / PAGE_OFFSETS) === swept
    if (status.kind !== "inFlight" || !isChosen) continue
    const options = { ...FAULT, delayMs: next(2) }
    if (next(10) === 0) {
      expect(release(state, offset, attempt, options, NOW)).toEqual(reference.release(offset, attempt, options, NOW))
    } else {
      expect(acknowledge(state, offset, attempt, NOW)).toBe(reference.acknowledge(offset, attempt, NOW))
    }
  }
}
