import { DELAYED, IN_FLIGHT } from "./cells.ts"
import { giveBack, isSpent, makeDue } from "./settle.ts"
import type { DeliveryState } from "./state.ts"
import type { DeliveryLimits, Departure } from "./types.ts"

/** What an expiry came to. */
export interface Expired {
  /** Leases that ended and whose messages stay: what ran out, and in ordered mode what went back with it. */
  readonly released: number
  readonly departures: Departure[]
}

/**
 * Ends the leases that have run out and makes due what was delayed until `now` or before, oldest first.
 * At most `maxDepartures` messages leave; those beyond stay in flight past their end, for the next expiry.
 */
export function expire(
  state: DeliveryState,
  limits: DeliveryLimits,
  now: number,
  maxDepartures = Number.POSITIVE_INFINITY,
): Expired {
  const { window } = state
  state.tenants?.advance(now)
  const inFlightBefore = window.counts.inFlight
  const options = { delayMs: 0, fault: true, ...limits, error: null }
  const departures: Departure[] = []
  window.deadlines.visitDue(now, (page) => {
    for (let index = 0; index < page.used; index++) {
      const kind = page.cells.kind[index]
      if ((kind !== IN_FLIGHT && kind !== DELAYED) || page.cells.at[index]! > now) continue
      const place = { page, index }
      const leaves = kind === IN_FLIGHT && isSpent(place, limits)
      if (leaves && departures.length >= maxDepartures) continue
      const departure = kind === DELAYED ? makeDue(state, place) : giveBack(state, place, options, now)
      if (departure) departures.push(departure)
    }
  })
  return { released: inFlightBefore - window.counts.inFlight - departures.length, departures }
}
