import type { Delivered, Lease } from "./lease.ts"
import type { Leases } from "./leases.ts"
import type { NackOptions } from "./outcomes.ts"

/** What can be said of a message or record that one has for a while. */
export interface Settleable {
  /** Names this delivery of it; may be settled over HTTP too. */
  readonly receipt: string
  /** How often it was handed out, from 1; what was given back without fault is not counted. */
  readonly deliveryCount: number
  /** It is done with. Rejects with MillraceError `receipt_expired` where it is somebody else's by now. */
  ack(): Promise<void>
  /** It goes back, to come again. Rejects likewise. */
  nack(options?: NackOptions): Promise<void>
  /** It is kept for `durationMs` from now. Rejects likewise. */
  extend(durationMs: number): Promise<void>
}

/**
 * How its holder settles it.
 * @internal
 */
export class Held<Entry extends Delivered> implements Settleable {
  readonly receipt: string
  readonly deliveryCount: number
  readonly #leases: Leases<Entry>
  readonly #lease: Lease<Entry>

  constructor(leases: Leases<Entry>, lease: Lease<Entry>) {
    this.receipt = lease.receipt
    this.deliveryCount = lease.entry.deliveryCount
    this.#leases = leases
    this.#lease = lease
  }

  ack(): Promise<void> {
    return this.#leases.ack(this.#lease)
  }

  nack(options: NackOptions = {}): Promise<void> {
    return this.#leases.nack(this.#lease, options)
  }

  extend(durationMs: number): Promise<void> {
    return this.#leases.extend(this.#lease, durationMs)
  }
}
