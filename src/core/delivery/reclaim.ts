import { AVAILABLE, DELAYED } from "./cells.ts"
import { makeDue } from "./settle.ts"
import { type DeliveryState, hashAt } from "./state.ts"
import { DETACHED } from "./types.ts"
import type { Place } from "./window.ts"

/**
 * Puts an offset whose lease has ended back in flight under that lease's attempt, detached, until `untilAt`. Nothing
 * happens where it was handed out again or is done, and in ordered mode.
 */
export function reclaim(state: DeliveryState, offset: number, attempt: number, untilAt: number, now: number): void {
  const place = state.groups ? "done" : state.window.find(offset)
  if (typeof place === "string" || !isGivenBack(place, attempt)) return
  state.tenants?.advance(now)
  if (place.page.cells.kind[place.index] === DELAYED) makeDue(state, place)
  state.window.resume(place, untilAt)
  state.byKey?.leased(offset, hashAt(place), DETACHED)
}

function isGivenBack({ page: { cells }, index }: Place, attempt: number): boolean {
  const kind = cells.kind[index]
  return (kind === AVAILABLE || kind === DELAYED) && attempt > 0 && cells.attempt[index] === attempt
}
