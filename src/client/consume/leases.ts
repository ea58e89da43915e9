import { isMillraceError, MillraceError } from "../errors.ts"
import type { ServerFrame } from "../frames.ts"
import type { Connection } from "../connection.ts"
import { isPassing } from "../refusals.ts"
import { quietTimeout } from "../timers.ts"
import type { Delivered, Lease, LeaseKind, LeaseTarget } from "./lease.ts"
import type { NackOptions } from "./outcomes.ts"
import { Settler } from "./settler.ts"
import { type Room, Subscription, type Taken } from "./subscription.ts"
import { Waiting } from "./waiting.ts"
import { Wakeup } from "./wakeup.ts"

/** The time of a lease is looked at so often in its course. */
const LOOKS_PER_LEASE = 4
const MIN_LOOK_MS = 10

/** What a consumer has leased, from one subscription or several. */
export class Leases<Entry extends Delivered> {
  /** Something came, or it is over. */
  readonly changed = new Wakeup()
  readonly connection: Connection
  readonly kind: LeaseKind<Entry>
  readonly leaseMs: number
  readonly settler: Settler
  readonly sources: LeaseSource<Entry>[] = []
  readonly #waiting = new Waiting<Lease<Entry>>()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Why it failed; null where it did not. */
  failure: MillraceError | null = null
  /** There is nothing more to be added; may be called twice. */
  onEnd: () => void = () => {}

  /** Throws MillraceError `invalid_field`. */
  constructor(connection: Connection, kind: LeaseKind<Entry>, leaseMs: number) {
    connection.closing.throwIfAborted()
    this.connection = connection
    this.kind = kind
    this.leaseMs = leaseMs
    this.settler = new Settler(connection, () => kind.target)
    this.#lookLater()
  }

  /** Another subscription. */
  add(target: LeaseTarget, room: Room): void {
    const source = new LeaseSource(this, target, room)
    this.sources.push(source)
    source.subscription.open()
  }

  /** The one that waits for longest, without those whose time has passed or whose group is held; or null. */
  take(): Lease<Entry> | null {
    for (;;) {
      const lease = this.#waiting.take()
      if (lease === undefined) return null
      lease.source.subscription.release(0, lease.bytes)
      if (!lease.isOver && lease.expiresAt > Date.now()) return lease
      this.forget(lease)
    }
  }

  /** Something was delivered. */
  came(leases: readonly Lease<Entry>[]): void {
    for (const lease of leases) this.#waiting.add(lease)
    this.changed.wake()
  }

  /** It can't go on. */
  fail(error: MillraceError): void {
    this.failure ??= error
    clearTimeout(this.#timer)
    for (const source of this.sources) for (const lease of source.leases) this.lose(lease, error)
    this.changed.wake()
  }

  /** It is done with. */
  async ack(lease: Lease<Entry>): Promise<void> {
    lease.isSettled = true
    await this.#settle("ack", lease, {})
  }

  /** It goes back. */
  async nack(lease: Lease<Entry>, options: NackOptions): Promise<void> {
    lease.isSettled = true
    this.hold(lease)
    try {
      await this.#settle("nack", lease, { ...options })
    } finally {
      void this.recheck(lease)
    }
  }

  /** Nothing of its group is begun, until `release` or `recheck`. */
  hold(lease: Lease<Entry>): void {
    this.#waiting.hold(lease)
  }

  release(lease: Lease<Entry>): void {
    this.#waiting.release(lease)
    this.changed.wake()
  }

  /**
   * It is not done, and goes or went back. Where there is an order, so did those behind it: which came before the broker
   * knew, and are lost, shows when they are extended. Releases it.
   */
  async recheck(lease: Lease<Entry>): Promise<void> {
    await Promise.allSettled(this.#waiting.behind(lease).map((behind) => this.extend(behind, this.leaseMs)))
    this.release(lease)
  }

  /** It is kept for `durationMs` from now. */
  async extend(lease: Lease<Entry>, durationMs: number): Promise<void> {
    const { timeField } = this.kind
    const receipt = lease.receipt
    // counted from before it was asked for, so that it is over here before it is over there
    const expiresAt = Date.now() + durationMs
    try {
      await this.settler.settle("extend", { receipt, [timeField]: durationMs })
      lease.expiresAt = expiresAt
    } catch (error) {
      if (isMillraceError(error, "receipt_expired")) this.lose(lease, error)
      throw error
    }
  }

  /** Extends what is kept of `leases`, to find out what is lost of it. */
  probe(leases: Iterable<Lease<Entry>>): void {
    for (const lease of leases) if (lease.isKept && !lease.isSettled) this.#keep(lease)
  }

  /** Somebody else may have it now. */
  lose(lease: Lease<Entry>, error: MillraceError): void {
    if (lease.isOver) return
    this.forget(lease)
    lease.onLost(error)
  }

  /** There is nothing more to be done about it. */
  forget(lease: Lease<Entry>): void {
    if (lease.isOver) return
    lease.isOver = true
    lease.source.leases.delete(lease)
    lease.source.subscription.release(1, 0)
  }

  /** Nothing more comes; what waits goes back, what was taken stays. */
  async drain(): Promise<void> {
    this.onEnd()
    await Promise.all(this.sources.map(({ subscription }) => subscription.drain()))
    for (const lease of this.#waiting.takeAll()) {
      // its time may be over by now
      if (!lease.isOver) this.nack(lease, { fault: false, delayMs: 0 }).catch(() => {})
    }
  }

  /** Everything goes back that is not settled. */
  async end(): Promise<void> {
    clearTimeout(this.#timer)
    this.onEnd()
    await Promise.all(this.sources.map(({ subscription }) => subscription.end()))
    this.changed.wake()
  }

  async #settle(kind: "ack" | "nack", lease: Lease<Entry>, options: Readonly<Record<string, unknown>>): Promise<void> {
    try {
      await this.settler.settle(kind, { receipt: lease.receipt, ...options })
    } finally {
      this.forget(lease)
    }
  }

  #lookLater(): void {
    this.#timer = quietTimeout(() => this.#look(), Math.max(MIN_LOOK_MS, this.leaseMs / LOOKS_PER_LEASE))
  }

  #look(): void {
    const now = Date.now()
    for (const { leases, subscription } of this.sources) {
      for (const lease of leases) {
        if (lease.isSettled) continue
        // an answer that is on its way may say that it was kept; without a socket there is none
        if (lease.expiresAt <= now && !(lease.isKept && subscription.isSaid)) this.lose(lease, expiredError())
        else if (lease.isKept && lease.expiresAt - now <= this.leaseMs / 2) this.#keep(lease)
      }
    }
    this.#lookLater()
  }

  #keep(lease: Lease<Entry>): void {
    if (lease.isExtending) return
    lease.isExtending = true
    // what is lost is told by `onLost`; whatever else is tried again with the next look
    this.extend(lease, this.leaseMs).then(
      () => (lease.isExtending = false),
      () => (lease.isExtending = false),
    )
  }
}

function expiredError(): MillraceError {
  return new MillraceError("receipt_expired", "Its time was over before it could be extended.")
}

/** One subscription's part of what is leased. */
export class LeaseSource<Entry extends Delivered> {
  readonly subscription: Subscription
  readonly leases = new Set<Lease<Entry>>()
  readonly place: LeaseTarget
  readonly #owner: Leases<Entry>
  #token: unknown = null
  #named = 0

  constructor(owner: Leases<Entry>, place: LeaseTarget, room: Room) {
    this.place = place
    this.#owner = owner
    this.subscription = new Subscription(owner.connection, this, room)
  }

  target(): Readonly<Record<string, unknown>> {
    const { kind, leaseMs } = this.#owner
    const receipts = [...this.leases].map(({ receipt }) => receipt)
    this.#named = receipts.length
    const resume = this.#token === null ? {} : { resume: { token: this.#token, receipts } }
    return { ...kind.target, ...this.place, [kind.timeField]: leaseMs, ...resume }
  }

  begun(frame: ServerFrame): void {
    this.#token = frame["resume"] ?? null
    if (this.#named > ((frame["held"] as number | undefined) ?? 0)) this.#owner.probe(this.leases)
  }

  delivered(_frame: ServerFrame, batch: Uint8Array): Taken {
    const expiresAt = Date.now() + this.#owner.leaseMs
    const leases = this.#owner.kind.decode(batch).map((entry) => this.#lease(entry, expiresAt))
    this.#owner.came(leases)
    return { count: leases.length, bytes: leases.reduce((sum, { bytes }) => sum + bytes, 0) }
  }

  ended(error: MillraceError): boolean {
    return isPassing(error) || error.code === "share_not_open"
  }

  failed(error: MillraceError): void {
    this.#owner.fail(error)
  }

  #groupOf({ record }: Entry): string | null {
    if (!this.#owner.kind.ordered || record === null || record.key === null) return null
    return [this.place.partition, ...record.key].join()
  }

  #lease(entry: Entry, expiresAt: number): Lease<Entry> {
    const lease: Lease<Entry> = {
      entry,
      receipt: entry.receipt,
      bytes: entry.record?.value.length ?? 0,
      group: this.#groupOf(entry),
      source: this,
      expiresAt,
      isKept: true,
      isExtending: false,
      isSettled: false,
      isOver: false,
      onLost: () => {},
    }
    this.leases.add(lease)
    return lease
  }
}
