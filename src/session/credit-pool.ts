import { MAX_CREDIT_BYTES } from "../core/limits.ts"

/**
 * Bytes that the subscriptions of one socket have been granted, or were delivered, and that have not left the Worker.
 * One may hold as much as all of them leave free: a busy one gets half, and a newcomer always finds some.
 */
export class CreditPool {
  #heldBytes = 0

  /** What a subscription that holds `heldBytes` of them now may hold. */
  shareBytes(heldBytes: number): number {
    return Math.floor((MAX_CREDIT_BYTES - (this.#heldBytes - heldBytes)) / 2)
  }

  /** Takes note that a subscription holds so much more, or less. */
  add(bytes: number): void {
    this.#heldBytes += bytes
  }
}
