import { acquire } from "../../../src/core/delivery/acquire.ts"
import type { DeliveryState } from "../../../src/core/delivery/state.ts"
import {
  type AcquireRequest,
  type DeliveryLimits,
  type DeliveryMode,
  DETACHED,
  type Lease,
  type LogView,
  type ReleaseOptions,
} from "../../../src/core/delivery/types.ts"
import { Storage } from "./storage.ts"

export const NOW = 1_700_000_000_000
export const TIMEOUT_MS = 30_000
export const UNTIL = NOW + TIMEOUT_MS

/** As many deliveries as it takes. */
export const UNLIMITED: DeliveryLimits = { maxDeliveries: null, maxAttempts: null }

/** Given back at once, and counted. */
export const FAULT: ReleaseOptions = { delayMs: 0, fault: true, ...UNLIMITED, error: null }
/** Given back at once, and not counted. */
export const NO_FAULT: ReleaseOptions = { ...FAULT, fault: false }

/** A new state without a limit of deliveries. */
export function newState(mode: DeliveryMode = "standard"): DeliveryState {
  return new Storage().load(mode)
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
    ...UNLIMITED,
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
