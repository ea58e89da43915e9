import fc from "fast-check"
import { expect, it } from "vitest"
import { acquire } from "../../../src/core/delivery/acquire.ts"
import { expire } from "../../../src/core/delivery/expire.ts"
import { stateAt } from "../../../src/core/delivery/inspect.ts"
import { remove } from "../../../src/core/delivery/remove.ts"
import { acknowledge, extend, reject, release, releaseConsumer } from "../../../src/core/delivery/settle.ts"
import type { DeliveryState } from "../../../src/core/delivery/state.ts"
import type { LogView } from "../../../src/core/delivery/types.ts"
import { NOW, range } from "./scenario.ts"
import { logOf, Storage } from "./storage.ts"

const step = fc.record({
  operation: fc.constantFrom(
    "acquire",
    "acquire",
    "acquire",
    "ack",
    "release",
    "reject",
    "extend",
    "remove",
    "goodbye",
  ),
  appended: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3000 })),
  many: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1500 })),
  from: fc.nat(10_000),
  stride: fc.integer({ min: 1, max: 37 }),
  waitMs: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 400_000 })),
  consumer: fc.constantFrom(0, 1, 2),
  delayMs: fc.constantFrom(0, 0, 200),
  fault: fc.boolean(),
  maxBytes: fc.constantFrom(50, 1_000_000),
  limits: fc.record({ maxDeliveries: fc.constantFrom(null, 2), maxAttempts: fc.constantFrom(null, 4) }),
  isReloaded: fc.boolean(),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface Side {
  state: DeliveryState
  readonly storage: Storage
}

it.each([
  ["one tenant", 7],
  ["messages of no tenant", 0],
] as const)(
  "[D37] in fair mode %s alone are delivered as in standard mode",
  (_, tenant) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const sides: Side[] = (["standard", "fair"] as const).map((mode) => {
          const storage = new Storage()
          return { state: storage.load(mode), storage }
        })
        let [now, end] = [NOW, 0]
        const receipts: [number, number][] = []
        for (const [index, each] of steps.entries()) {
          now += each.waitMs
          end += each.appended
          const log = logOf(end, () => tenant, 7)
          const [standard, fair] = sides.map((side) => apply(side, each, { log, now, receipts, seq: index + 1 }))
          expect(fair).toEqual(standard)
          receipts.push(...standard!.leases)
        }
        for (let offset = 0; offset < end; offset++) {
          const [standard, fair] = sides.map(({ state }) => JSON.stringify(stateAt(state, offset)))
          if (fair !== standard) expect(`${offset}: ${fair}`).toBe(`${offset}: ${standard}`)
        }
      }),
      { numRuns: 60 },
    )
  },
  120_000,
)

interface Seen {
  readonly leases: readonly [number, number][]
  readonly [detail: string]: unknown
}

interface Scene {
  readonly log: LogView
  readonly now: number
  readonly receipts: readonly [number, number][]
  readonly seq: number
}

/** Everything that can be seen of one step, but how far the window reaches. */
function apply(side: Side, each: Step, { log, now, receipts, seq }: Scene): Seen {
  const { state } = side
  const chosen = receipts
    .filter((_, index) => index >= each.from % 500 && index % each.stride === 0)
    .slice(0, each.many)
  const expired = expire(state, each.limits, now)
  const seen = { expired, ...operate(state, each, chosen, log, now) }
  const finished = [...state.takeFinished()].sort((a, b) => a - b)
  const changes = state.takeChanges(seq)
  if (changes) side.storage.apply(changes)
  if (each.isReloaded) side.state = side.storage.load(state.tenants ? "fair" : "standard")
  const { counts, window, nextDeadlineAt } = side.state
  const ready = counts.available + log.endOffset - window.end
  const { delayed, inFlight } = counts
  return { ...seen, finished, ready, delayed, inFlight, nextDeadlineAt, start: window.start }
}

function operate(
  state: DeliveryState,
  each: Step,
  chosen: readonly [number, number][],
  log: LogView,
  now: number,
): Seen {
  const { operation, consumer, delayMs, fault, limits } = each
  if (operation === "goodbye") return { leases: [], released: releaseConsumer(state, consumer, now) }
  if (operation === "remove") {
    return {
      leases: [],
      removed: range(0, each.many % 9).map((at) => remove(state, (each.from + at * 3) % (log.endOffset + 1), log)),
    }
  }
  if (operation === "acquire") {
    const request = { consumer, maxMessages: each.many, untilAt: now + 500, maxBytes: each.maxBytes, ...limits }
    const { leases, departures } = acquire(state, { ...request, maxDepartures: 5 }, log, now)
    return {
      taken: leases,
      leases: leases.map(({ offset, attempt }): [number, number] => [offset, attempt]),
      departures,
    }
  }
  const options = { delayMs, fault, ...limits, error: "why" }
  return {
    leases: [],
    settled: chosen.map(([offset, attempt]) => {
      if (operation === "ack") return acknowledge(state, offset, attempt, now)
      if (operation === "extend") return extend(state, offset, attempt, now + 100, now)
      if (operation === "reject") return reject(state, offset, attempt, null, now)
      return release(state, offset, attempt, options, now)
    }),
  }
}
