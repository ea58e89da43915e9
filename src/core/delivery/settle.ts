import { AVAILABLE, DONE, IN_FLIGHT } from "./cells.ts"
import { type DeliveryState, finish, hashAt } from "./state.ts"
import type { DeliveryLimits, Departure, ReleaseOptions, SettleOutcome } from "./types.ts"
import type { Place } from "./window.ts"

const NOTHING: ReadonlyMap<number, number> = new Map()

/** What giving a message back came to, with the message's departure if it had no delivery left. */
export interface Released {
  readonly outcome: SettleOutcome
  readonly departure: Departure | null
}

/** The message was processed. Acknowledging what is done already is fine. */
export function acknowledge(state: DeliveryState, offset: number, attempt: number, now: number): SettleOutcome {
  state.tenants?.advance(now)
  const held = findHeld(state, offset, attempt, now)
  if (held === "done") return "settled"
  if (typeof held === "string") return held
  finish(state, held)
  return "settled"
}

/** Gives a message back, to be delivered again after `delayMs`; it leaves where it has no delivery left. */
export function release(
  state: DeliveryState,
  offset: number,
  attempt: number,
  options: ReleaseOptions,
  now: number,
): Released {
  state.tenants?.advance(now)
  const held = findHeld(state, offset, attempt, now)
  if (typeof held === "string") return { outcome: held === "done" ? "receipt_expired" : held, departure: null }
  return { outcome: "settled", departure: giveBack(state, held, options, now) }
}

/** Gives up on a message: it leaves at once. */
export function reject(
  state: DeliveryState,
  offset: number,
  attempt: number,
  error: string | null,
  now: number,
): Released {
  state.tenants?.advance(now)
  const held = findHeld(state, offset, attempt, now)
  if (typeof held === "string") return { outcome: held === "done" ? "receipt_expired" : held, departure: null }
  return { outcome: "settled", departure: depart(state, held, "rejected", error) }
}

/** Moves the end of a lease to `untilAt`. */
export function extend(
  state: DeliveryState,
  offset: number,
  attempt: number,
  untilAt: number,
  now: number,
): SettleOutcome {
  const held = findHeld(state, offset, attempt, now)
  if (typeof held === "string") return held === "done" ? "receipt_expired" : held
  state.window.hold(held, untilAt)
  return "settled"
}

/** Gives back everything that a consumer holds, without fault. Answers how many; DETACHED holds nothing. */
export function releaseConsumer(state: DeliveryState, consumer: number, now: number): number {
  return releaseOthers(state, consumer, NOTHING, now)
}

/**
 * Gives back what a consumer holds, without fault, but for the attempts in `kept`, which are by offset. In ordered mode
 * a kept one goes back all the same where an earlier one of its group does. Answers how many went back.
 */
export function releaseOthers(
  state: DeliveryState,
  consumer: number,
  kept: ReadonlyMap<number, number>,
  now: number,
): number {
  const { window } = state
  state.tenants?.advance(now)
  const inFlightBefore = window.counts.inFlight
  const options = { delayMs: 0, fault: false, maxDeliveries: null, maxAttempts: null, error: null }
  for (const pageNo of window.leases.pagesOf(consumer)) {
    const page = window.pages.get(pageNo)!
    for (let index = 0; index < page.used; index++) {
      const { kind, consumer: holder, attempt } = page.cells
      const isHeld = kind[index] === IN_FLIGHT && holder[index] === consumer
      const isKept = kept.get(page.firstOffset + index) === attempt[index]
      if (isHeld && !isKept) giveBack(state, { page, index }, options, now)
    }
  }
  return inFlightBefore - window.counts.inFlight
}

/** Gives a place in flight back or lets it leave; in ordered mode the later ones of its group go back with it. */
export function giveBack(state: DeliveryState, place: Place, options: ReleaseOptions, now: number): Departure | null {
  const limits = { maxDeliveries: options.fault ? options.maxDeliveries : null, maxAttempts: options.maxAttempts }
  if (isSpent(place, limits)) {
    return depart(state, place, "max_deliveries", options.error)
  }
  const { window, byKey } = state
  const offset = place.page.firstOffset + place.index
  const hash = hashAt(place)
  for (const later of byKey?.heldAfter(offset, hash).reverse() ?? []) {
    window.giveBack(window.find(later) as Place, null, false)
    byKey!.givenBack(later, hash, false)
  }
  const isDelayed = options.delayMs > 0
  window.giveBack(place, isDelayed ? now + options.delayMs : null, options.fault)
  byKey?.givenBack(offset, hash, isDelayed)
  return null
}

/** Whether a place has had as many deliveries as it may. */
export function isSpent({ page, index }: Place, limits: DeliveryLimits): boolean {
  const { count, attempt } = page.cells
  if (limits.maxDeliveries !== null && count[index]! >= limits.maxDeliveries) return true
  return limits.maxAttempts !== null && attempt[index]! >= limits.maxAttempts
}

function depart(state: DeliveryState, place: Place, reason: Departure["reason"], error: string | null): Departure {
  const { page, index } = place
  const deliveryCount = page.cells.count[index]!
  const firstDeliveredAt = page.cells.firstAt[index]!
  finish(state, place)
  return { offset: page.firstOffset + index, reason, deliveryCount, firstDeliveredAt, error }
}

/**
 * The place that a receipt's attempt holds. Until a command or the alarm ends it, a lease that has run
 * out still counts; in ordered mode it does not.
 */
function findHeld(
  state: DeliveryState,
  offset: number,
  attempt: number,
  now: number,
): Place | "done" | "receipt_expired" | "invalid_receipt" {
  const place = state.window.find(offset)
  if (place === "done") return "done"
  if (place === "beyond") return "invalid_receipt"
  const { cells } = place.page
  const kind = cells.kind[place.index]
  if (kind === DONE) return "done"
  if (attempt > cells.attempt[place.index]!) return "invalid_receipt"
  if (kind !== IN_FLIGHT || attempt < cells.attempt[place.index]!) return "receipt_expired"
  if (state.groups && cells.at[place.index]! <= now) return "receipt_expired"
  return place
}

/** Makes a delayed place available. */
export function makeDue(state: DeliveryState, place: Place): null {
  state.window.giveBack(place, null, true)
  state.byKey?.due(place.page.firstOffset + place.index, hashAt(place))
  return null
}

/** Holds an available offset back until `dueAt`, without a delivery. What is not available stays as it is. */
export function postpone(state: DeliveryState, offset: number, dueAt: number): void {
  const place = state.window.find(offset)
  if (typeof place === "string" || place.page.cells.kind[place.index] !== AVAILABLE) return
  state.window.giveBack(place, dueAt, true)
  state.byKey?.postponed(offset, hashAt(place))
}
