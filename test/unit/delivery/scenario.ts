import { acquire } from "../../../src/core/delivery/acquire.ts"
import type { DeliveryState } from "../../../src/core/delivery/state.ts"
import {
  type AcquireRequest,
  DETACHED,
  type Lease,
  type LogView,
  type ReleaseOptions,
} from "../../../src/core/delivery/types.ts"
import { Storage } from "./storage.ts"

export const NOW = 1_700_000_000_000
export const TIMEOUT_MS = 30_000
export const UNTIL = NOW + TIMEOUT_MS

/** Given back at once, and counted. */
export const FAULT: ReleaseOptions = { delayMs: 0, fault: true, maxDeliveries: null, error: null }
/** Given back at once, and not counted. */
export const NO_FAULT: ReleaseOptions = { ...FAULT, fault: false }

/** A new state without a limit of deliveries. */
export function newState(ordered = false): DeliveryState {
  return new Storage().load(ordered)
}

/** Acquires for TIMEOUT_MS from NOW on, detached and without bounds unless told otherwise. */
export function take(
  state: DeliveryState,
  log: LogView,
  maxMessages: number,
  request: Partial<AcquireRequest> = {},
  now = NOW,
): Lease[] {
  const untilAt = now + TIMEOUT_MS
  const defaults = {
    consumer: DETACHED,
    maxMessages,
    untilAt,
    maxDeliveries: null,
    maxDepartures: Infinity,
    maxBytes: Infinity,
  }
  return acquire(state, { ...defaults, ...request }, log, now).leases
}

export function offsetsOf(leases: readonly { readonly offset: number }[]): number[] {
  return leases.map(({ offset }) => offset)
}

/** The numbers from `from` to before `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}

/** The same shuffle for the same seed. */
export function shuffled<T>(items: readonly T[], seed = 1): T[] {
  const result = [...items]
  let random = seed
  for (let at = result.length - 1; at > 0; at--) {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
    const other = random % (at + 1)
    ;[result[at], result[other]] = [result[other]!, result[at]!]
  }
  return result
}
