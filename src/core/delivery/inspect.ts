import { PAGE_OFFSETS } from "../limits.ts"
import { AVAILABLE, DELAYED, DONE, IN_FLIGHT } from "./cells.ts"
import type { DeliveryState } from "./state.ts"
import type { LogView } from "./types.ts"

interface Delivered {
  readonly attempt: number
  readonly deliveryCount: number
  readonly firstDeliveredAt: number
}

/** What stands about one offset; attempt 0 was never delivered. */
export type OffsetState =
  | ({ readonly kind: "available" } & Delivered)
  | ({ readonly kind: "delayed"; readonly dueAt: number } & Delivered)
  | ({ readonly kind: "in_flight"; readonly consumer: number; readonly untilAt: number } & Delivered)
  | { readonly kind: "done" }

const UNTOUCHED: OffsetState = { kind: "available", attempt: 0, deliveryCount: 0, firstDeliveredAt: 0 }

/** The state of one offset. */
export function stateAt({ window }: DeliveryState, offset: number): OffsetState {
  const place = window.find(offset)
  if (place === "done") return { kind: "done" }
  if (place === "beyond") return UNTOUCHED
  const { cells } = place.page
  const { index } = place
  // no commit follows on what only looks
  window.pages.chillBeyond()
  const [attempt, deliveryCount] = [cells.attempt[index]!, cells.count[index]!]
  const delivered = { attempt, deliveryCount, firstDeliveredAt: cells.firstAt[index]! }
  switch (cells.kind[index] as 0 | 1 | 2 | 3) {
    case AVAILABLE:
      return { kind: "available", ...delivered }
    case DELAYED:
      return { kind: "delayed", dueAt: cells.at[index]!, ...delivered }
    case IN_FLIGHT:
      return { kind: "in_flight", consumer: cells.consumer[index]!, untilAt: cells.at[index]!, ...delivered }
    case DONE:
      return { kind: "done" }
  }
}

/** Whether an offset is in flight under exactly this attempt. */
export function isHeld(state: DeliveryState, offset: number, attempt: number): boolean {
  const at = stateAt(state, offset)
  return at.kind === "in_flight" && at.attempt === attempt
}

/** Whether anybody but `consumer` has something in flight. */
export function heldByOthers({ window }: DeliveryState, consumer: number): boolean {
  return window.counts.inFlight > window.leases.heldBy(consumer, window.counts.inFlight)
}

/** The offsets of the window from `from` on that are not done, in order. The caller may remove the one it was given. */
export function* liveOffsets({ window }: DeliveryState, from: number): Generator<number> {
  for (const page of window.pages.from(Math.floor(from / PAGE_OFFSETS))) {
    for (let index = page.firstLive(Math.max(0, from - page.firstOffset)); index !== null;) {
      yield page.firstOffset + index
      index = page.firstLive(index + 1)
    }
    window.pages.chillBeyond()
  }
}

/** The lowest offset that is neither in flight nor done, also beyond the window; null where there is none. */
export function oldestNotInFlight({ window }: DeliveryState, log: LogView): number | null {
  for (const page of window.pages.from(0)) {
    if (page.tally[AVAILABLE] + page.tally[DELAYED] === 0) continue
    const { kind } = page.cells
    for (let index = 0; index < page.used; index++) {
      if (kind[index] === AVAILABLE || kind[index] === DELAYED) return page.firstOffset + index
    }
  }
  return window.end < log.endOffset ? window.end : null
}
