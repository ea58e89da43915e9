import { MAX_FAIR_LOOK_AHEAD_PAGES, MAX_LOOK_AHEAD_OFFSETS, PAGE_OFFSETS } from "../limits.ts"
import { AVAILABLE } from "./cells.ts"
import type { Groups } from "./groups.ts"
import type { Page } from "./page.ts"
import { isSpent } from "./settle.ts"
import { cover } from "./cover.ts"
import { type DeliveryState, finish, hashAt } from "./state.ts"
import type { Tenants } from "./tenants.ts"
import type { AcquireRequest, Departure, ExpiryCheck, Lease, LogView } from "./types.ts"
import type { Place } from "./window.ts"

const NOTHING_EXPIRES: ExpiryCheck = { isExpired: () => false, max: 0 }

/** What an acquire came to: leases in log order per group, and messages that had no delivery left or were too old. */
export interface Acquired {
  readonly leases: Lease[]
  readonly departures: Departure[]
}

/**
 * Leases up to `maxMessages` available offsets to a consumer: oldest first, in ordered mode one group
 * after the other, in fair mode those of noisy tenants last. Leases that have run out are not looked at: expire first.
 */
export function acquire(
  state: DeliveryState,
  request: AcquireRequest,
  log: LogView,
  now: number,
  expiry: ExpiryCheck = NOTHING_EXPIRES,
): Acquired {
  const taking = new Taking(state, request, log, now, expiry)
  if (state.groups) takeByGroup(state, state.groups, taking)
  else if (state.tenants) takeByTenant(state, state.tenants, taking)
  else takeInOrder(state, taking)
  return { leases: taking.leases, departures: taking.departures }
}

class Taking implements Acquired {
  readonly leases: Lease[] = []
  readonly departures: Departure[] = []
  readonly expiry: ExpiryCheck
  readonly state: DeliveryState
  readonly request: AcquireRequest
  readonly log: LogView
  readonly now: number
  #bytes = 0
  #isFull = false
  #expired = 0

  constructor(state: DeliveryState, request: AcquireRequest, log: LogView, now: number, expiry: ExpiryCheck) {
    this.expiry = expiry
    this.state = state
    this.request = request
    this.log = log
    this.now = now
  }

  get isFull(): boolean {
    return this.#isFull || this.leases.length >= this.request.maxMessages
  }

  /** Whether the message at `offset` fits, or leaves; the first that does neither ends the acquire. */
  hasRoomFor(offset: number): boolean {
    if (this.expiry.isExpired(offset)) return !this.isFull
    if (this.leases.length > 0 && this.#bytes + this.log.lengthOf(offset) > this.request.maxBytes) this.#isFull = true
    return !this.isFull
  }

  /** Leases one available offset, or lets it leave; false where it did not fit. */
  take(offset: number): boolean {
    const place = this.state.window.find(offset) as Place
    const { cells } = place.page
    const { consumer, untilAt } = this.request
    const count = cells.count[place.index]!
    if (isSpent(place, this.request)) return this.#letGo(place, "max_deliveries")
    if (this.expiry.isExpired(offset)) return this.#letGo(place, "expired")
    if (!this.hasRoomFor(offset)) return false
    this.#bytes += this.log.lengthOf(offset)
    this.state.window.lease(place, consumer, untilAt, this.now)
    this.state.byKey?.leased(offset, hashAt(place), consumer)
    this.leases.push({
      offset,
      attempt: cells.attempt[place.index]!,
      deliveryCount: count + 1,
      firstDeliveredAt: cells.firstAt[place.index]!,
    })
    return true
  }

  #letGo(place: Place, reason: "max_deliveries" | "expired"): boolean {
    const others = this.departures.length - this.#expired
    const isOver = reason === "expired" ? this.#expired >= this.expiry.max : others >= this.request.maxDepartures
    if (isOver) {
      this.#isFull = true
      return false
    }
    if (reason === "expired") this.#expired++
    const { cells, firstOffset } = place.page
    const [deliveryCount, firstDeliveredAt] = [cells.count[place.index]!, cells.firstAt[place.index]!]
    this.departures.push({ offset: firstOffset + place.index, reason, deliveryCount, firstDeliveredAt, error: null })
    finish(this.state, place)
    return true
  }
}

function takeInOrder(state: DeliveryState, taking: Taking): void {
  const { window } = state
  for (let page = window.firstAvailable; page && !taking.isFull; page = window.firstAvailable) {
    takeFromPage(page, taking)
  }
  if (!taking.isFull) passGap(state, taking.log)
  // an offset that does not fit stays outside the window: nothing is stored for it
  while (!taking.isFull && window.end < taking.log.endOffset && taking.hasRoomFor(window.end)) {
    window.extend(window.end + 1, null)
    taking.take(window.end - 1)
    if (!taking.isFull) passGap(state, taking.log)
  }
}

/** Moves the window's end to the next record that is there. */
function passGap({ window }: DeliveryState, { gaps }: LogView): void {
  if (gaps) window.pass(gaps.firstFrom(window.end))
}

function takeFromPage(page: Page, taking: Taking): void {
  const { kind } = page.cells
  for (let index = kind.indexOf(AVAILABLE); index !== -1 && index < page.used; index = kind.indexOf(AVAILABLE, index)) {
    if (taking.isFull || !taking.take(page.firstOffset + index)) return
  }
}

function takeByGroup(state: DeliveryState, groups: Groups, taking: Taking): void {
  // what came behind the window since may belong to a group that is taken now
  if (!taking.isFull && state.window.end % PAGE_OFFSETS !== 0) growByPage(state, taking.log)
  while (!taking.isFull) {
    const picked = groups.pick(taking.request.consumer)
    if (!picked) {
      if (!lookAhead(state, taking.log)) return
      continue
    }
    let next: number | null = picked.offset
    while (next !== null && !taking.isFull && taking.take(next)) next = groups.nextOf(picked.key)
    groups.putBack(picked.key)
  }
}

function takeByTenant(state: DeliveryState, tenants: Tenants, taking: Taking): void {
  tenants.advance(taking.now)
  let pagesAhead = 0
  while (!taking.isFull) {
    const quiet = tenants.oldestQuiet
    const offset = quiet ?? tenants.nextNoisy
    if (offset === null) {
      if (!growByPage(state, taking.log)) return
    } else if (quiet === null && pagesAhead < MAX_FAIR_LOOK_AHEAD_PAGES && lookAhead(state, taking.log)) {
      pagesAhead++
    } else if (!taking.take(offset)) return
  }
}

/** Looks at the next page of the log, to find something free there; false at the end, or far enough ahead. */
function lookAhead(state: DeliveryState, log: LogView): boolean {
  const { available, delayed, inFlight } = state.counts
  return available + delayed + inFlight < MAX_LOOK_AHEAD_OFFSETS && growByPage(state, log)
}

/** Takes the rest of a page's offsets into the window; false where the log ends. */
function growByPage(state: DeliveryState, log: LogView): boolean {
  passGap(state, log)
  const from = state.window.end
  if (from >= log.endOffset) return false
  cover(state, Math.min(log.endOffset, (Math.floor(from / PAGE_OFFSETS) + 1) * PAGE_OFFSETS), log)
  return true
}
