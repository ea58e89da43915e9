import { DONE, IN_FLIGHT } from "./cells.ts"
import { cover } from "./cover.ts"
import { type DeliveryState, finish } from "./state.ts"
import type { LogView } from "./types.ts"
import type { Place } from "./window.ts"

/** What became of an offset that was removed. */
export interface Removed {
  readonly offset: number
  readonly wasInFlight: boolean
  /** 0 where it was never delivered. */
  readonly attempt: number
  readonly deliveryCount: number
  readonly firstDeliveredAt: number
}

/**
 * Makes an offset done, whatever it was; null where it is done already or the log has no such. The later ones of
 * its group stay as they are.
 */
export function remove(state: DeliveryState, offset: number, log: LogView): Removed | null {
  if (offset >= log.endOffset) return null
  cover(state, offset + 1, log)
  const place = state.window.find(offset) as Place | "done"
  if (place === "done") return null
  const { cells } = place.page
  const { index } = place
  if (cells.kind[index] === DONE) return null
  const wasInFlight = cells.kind[index] === IN_FLIGHT
  const [attempt, deliveryCount] = [cells.attempt[index]!, cells.count[index]!]
  const removed = { offset, wasInFlight, attempt, deliveryCount, firstDeliveredAt: cells.firstAt[index]! }
  finish(state, place)
  return removed
}
