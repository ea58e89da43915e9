import { NOISY_FORGET_MS, NOISY_MIN_IN_FLIGHT, NOISY_MIN_RECENT_MS, NOISY_SHARE } from "../limits.ts"
import { RecentTime } from "./recent-time.ts"
import type { Tenant } from "./tenant.ts"

/** Messages that name no tenant: together they are never noisy. */
export const NO_TENANT = 0

/** What all tenants together have in flight, and which of them has too much of it. At most 18 can be noisy at a time. */
export class Noise {
  readonly #recent = new RecentTime()
  #inFlight = 0
  #beganAt: number | null = null
  #now = 0

  /** The latest time that it was told, or null. */
  get now(): number | null {
    return this.#beganAt === null ? null : this.#now
  }

  /** Says what time it is; time does not go back. */
  advance(now: number): void {
    this.#beganAt ??= now
    this.#now = Math.max(this.#now, now)
  }

  /** Counts `by` messages of a tenant in flight more or less. */
  count(tenant: Tenant, by: 1 | -1): void {
    this.#recentMs(this.#recent, this.#inFlight)
    this.#recentMs(tenant.recent, tenant.inFlight)
    this.#inFlight += by
    tenant.inFlight += by
  }

  /** Whether a tenant has a backlog, was sent to lately, and takes more than its share. */
  isNoisy(tenant: Tenant): boolean {
    const { key, available, inFlight } = tenant
    if (key === NO_TENANT || available === 0 || this.#isForgotten(tenant)) return false
    if (inFlight >= NOISY_MIN_IN_FLIGHT && inFlight > NOISY_SHARE * this.#inFlight) return true
    const recentMs = this.#recentMs(tenant.recent, inFlight)
    return recentMs >= NOISY_MIN_RECENT_MS && recentMs > NOISY_SHARE * this.#recentMs(this.#recent, this.#inFlight)
  }

  #isForgotten({ seenAt }: Tenant): boolean {
    return this.#now - (seenAt ?? this.#beganAt ?? this.#now) >= NOISY_FORGET_MS
  }

  /** What was in flight before anybody said what time it is counts from then on. */
  #recentMs(recent: RecentTime, inFlight: number): number {
    return this.#beganAt === null ? 0 : recent.advance(this.#now, inFlight, this.#beganAt)
  }
}
