import { MAX_LOOK_AHEAD_OFFSETS, PAGE_OFFSETS } from "../limits.ts"
import { AVAILABLE } from "./cells.ts"
import type { Groups } from "./groups.ts"
import type { Page } from "./page.ts"
import { type DeliveryState, finish } from "./state.ts"
import type { AcquireRequest, Departure, Lease, LogView } from "./types.ts"
import type { Place } from "./window.ts"

/** What an acquire came to: leases in log order per group, and messages that had no delivery left. */
export interface Acquired {
  readonly leases: Lease[]
  readonly departures: Departure[]
}

/**
 * Leases up to `maxMessages` available offsets to a consumer: oldest first, in ordered mode one group
 * after the other. Leases that have run out are not looked at: expire first.
 */
export function acquire(state: DeliveryState, request: AcquireRequest, log: LogView, now: number): Acquired {
  const taking = new Taking(state, request, log, now)
  if (state.groups) takeByGroup(state, state.groups, taking)
  else takeInOrder(state, taking)
  return { leases: taking.leases, departures: taking.departures }
}

class Taking implements Acquired {
  readonly leases: Lease[] = []
  readonly departures: Departure[] = []
  readonly state: DeliveryState
  readonly request: AcquireRequest
  readonly log: LogView
  readonly now: number
  #bytes = 0
  #isFull = false

  constructor(state: DeliveryState, request: AcquireRequest, log: LogView, now: number) {
    this.state = state
    this.request = request
    this.log = log
    this.now = now
  }

  get isFull(): boolean {
    return this.#isFull || this.leases.length >= this.request.maxMessages
  }

  /** Whether the message at `offset` fits; the first that does not ends the acquire. */
  hasRoomFor(offset: number): boolean {
    if (this.leases.length > 0 && this.#bytes + this.log.lengthOf(offset) > this.request.maxBytes) this.#isFull = true
    return !this.isFull
  }

  /** Leases one available offset, or lets it leave; false where it did not fit. */
  take(offset: number): boolean {
    const place = this.state.window.find(offset) as Place
    const { cells } = place.page
    const { maxDeliveries, consumer, untilAt } = this.request
    const count = cells.count[place.index]!
    if (maxDeliveries !== null && count >= maxDeliveries) {
      if (this.departures.length >= this.request.maxDepartures) {
        this.#isFull = true
        return false
      }
      const firstDeliveredAt = cells.firstAt[place.index]!
      this.departures.push({ offset, reason: "max_deliveries", deliveryCount: count, firstDeliveredAt, error: null })
      finish(this.state, place, false)
      return true
    }
    if (!this.hasRoomFor(offset)) return false
    this.#bytes += this.log.lengthOf(offset)
    this.state.window.lease(place, consumer, untilAt, this.now)
    this.state.groups?.leased(offset, consumer)
    this.leases.push({
      offset,
      attempt: cells.attempt[place.index]!,
      deliveryCount: count + 1,
      firstDeliveredAt: cells.firstAt[place.index]!,
    })
    return true
  }
}

function takeInOrder(state: DeliveryState, taking: Taking): void {
  const { window } = state
  for (let page = window.firstAvailable; page && !taking.isFull; page = window.firstAvailable) {
    takeFromPage(page, taking)
  }
  // an offset that does not fit stays outside the window: nothing is stored for it
  while (!taking.isFull && window.end < taking.log.endOffset && taking.hasRoomFor(window.end)) {
    window.extend(window.end + 1, null)
    taking.take(window.end - 1)
  }
}

function takeFromPage(page: Page, taking: Taking): void {
  const { kind } = page.cells
  for (let index = kind.indexOf(AVAILABLE); index !== -1 && index < page.used; index = kind.indexOf(AVAILABLE, index)) {
    if (taking.isFull || !taking.take(page.firstOffset + index)) return
  }
}

function takeByGroup(state: DeliveryState, groups: Groups, taking: Taking): void {
  while (!taking.isFull) {
    const picked = groups.pick(taking.request.consumer)
    if (!picked) {
      if (!lookAhead(state, groups, taking.log)) return
      continue
    }
    let next: number | null = picked.offset
    while (next !== null && !taking.isFull && taking.take(next)) next = groups.nextOf(picked.key)
    groups.putBack(picked.key)
  }
}

/** Takes the rest of a page's offsets into the window, to find a free group there; false at the end. */
function lookAhead({ window }: DeliveryState, groups: Groups, log: LogView): boolean {
  const from = window.end
  const { available, delayed, inFlight } = window.counts
  if (from >= log.endOffset || available + delayed + inFlight >= MAX_LOOK_AHEAD_OFFSETS) return false
  const to = Math.min(log.endOffset, (Math.floor(from / PAGE_OFFSETS) + 1) * PAGE_OFFSETS)
  const hashes = log.keyHashes(from, to)
  window.extend(to, hashes)
  for (let offset = from; offset < to; offset++) groups.add(offset, hashes[offset - from]!)
  window.pages.chillBeyond()
  return true
}
