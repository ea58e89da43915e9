import { MillraceError } from "../errors.ts"
import type { ReadOptions } from "../topic-reader.ts"
import { type ConsumeOptions, DEFAULT_CONCURRENCY, DEFAULT_LEASE_MS, type LeaseOptions } from "./consume-options.ts"

/** What the broker grants a subscription at most. */
export const MAX_PREFETCH = 10_000
/** Likewise, in bytes. */
export const MAX_CREDIT_BYTES = 1024 * 1024

/** The longest that the broker leases for. */
const MAX_LEASE_MS = 12 * 60 * 60 * 1000

/** Refuses what is no integer from 1 to `max`. Throws MillraceError `invalid_field`. */
export function checkCount(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  throw new MillraceError("invalid_field", `${name} must be an integer from 1 to ${max}, and is ${value}`)
}

/** Refuses what can't be, before anything is loaded. Throws MillraceError `invalid_field`. */
export function checkConsume(options: Pick<ConsumeOptions<never>, "concurrency" | keyof LeaseOptions>): void {
  checkCount("concurrency", options.concurrency ?? DEFAULT_CONCURRENCY, MAX_PREFETCH)
  checkLeases(options)
}

/** Likewise where there are no handlers. */
export function checkLeases({ prefetch = 1, visibilityTimeoutMs = DEFAULT_LEASE_MS }: LeaseOptions): void {
  checkCount("prefetch", prefetch, MAX_PREFETCH)
  checkCount("visibilityTimeoutMs", visibilityTimeoutMs, MAX_LEASE_MS)
}

/** Likewise of a reader. */
export function checkRead({ prefetch, from, partition }: ReadOptions): void {
  checkCount("prefetch", prefetch ?? 1, MAX_PREFETCH)
  if (typeof from === "number" && partition === undefined) {
    throw new MillraceError("invalid_field", "An offset is of one partition: name it, or give offsets for each.")
  }
}
