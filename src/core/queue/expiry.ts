import { liveOffsets, stateAt } from "../delivery/inspect.ts"
import type { Departure, ExpiryCheck } from "../delivery/types.ts"
import { EXPIRY_SWEEP_MS, MAX_EXPIRED_PER_COMMIT } from "../limits.ts"
import type { QueueState } from "./queue-state.ts"
import type { ExpirySource } from "./row-source.ts"

/** Rows with an expired message that one sweep looks at. */
const MAX_ROWS = 1000

/** Row expiries as a commit changes them. */
export interface RowExpiry {
  readonly baseOffset: number
  /** Earliest expiry among the row's live messages, or null. */
  readonly expiresAt: number | null
}

/**
 * Lets messages go that were kept for too long: by the queue's retention from the front of the log, and by their
 * own time to live wherever they lie. Those in flight are left alone until they come back.
 */
export class Expiry {
  readonly #state: QueueState
  readonly #source: ExpirySource
  /** No message outlives the retention before this instant; null where nobody looked yet. */
  #retentionAt: number | null = null
  /** Earliest time to live among committed rows; undefined where nobody looked since they changed. */
  #ttlAt: number | null | undefined = undefined
  #changed = new Map<number, number | null>()
  /** When an acquire ended at its limit, and more may lie behind; null where none did since. */
  #stoppedAt: number | null = null
  #check = { now: 0, max: 0 }
  #left = MAX_EXPIRED_PER_COMMIT

  constructor(state: QueueState, source: ExpirySource) {
    this.#state = state
    this.#source = source
  }

  /** When to sweep next, or null. A little late, so that one sweep takes many. */
  get nextAt(): number | null {
    if (this.#stoppedAt !== null) return this.#stoppedAt
    this.#ttlAt = this.#ttlAt === undefined ? (this.#source.nextExpiry()?.expiresAt ?? null) : this.#ttlAt
    const earliest = Math.min(this.#ttlAt ?? Infinity, this.#nextRetentionAt() ?? Infinity)
    return earliest === Infinity ? null : earliest + EXPIRY_SWEEP_MS
  }

  /** What an acquire at `now` lets go: where it is dead-lettered, half of what may still leave in this commit. */
  check(now: number): ExpiryCheck {
    const isDeadLettered = this.#state.isDeadLettered("expired")
    const max = isDeadLettered ? Math.ceil(this.#state.departuresLeft / 2) : this.#left
    this.#check = { now, max }
    return { isExpired: (offset) => this.#state.expiryOf(offset) <= now, max }
  }

  /** Takes account of what the acquire let go that was told by `check`: where it was as much as it might, the rest must not wait. */
  left(departures: readonly Departure[]): void {
    const expired = departures.filter(({ reason }) => reason === "expired").length
    this.#left -= expired
    if (expired >= this.#check.max) this.#stoppedAt = this.#check.now
  }

  /** Notes that a row was written with a message that expires at `expiresAt`. */
  note(expiresAt: number): void {
    if (this.#ttlAt === null || (this.#ttlAt !== undefined && expiresAt < this.#ttlAt)) this.#ttlAt = expiresAt
  }

  /** Looks at everything anew: the retention may have been shortened. */
  settingsChanged(): void {
    this.#retentionAt = null
  }

  sweep(now: number): void {
    const { nextAt } = this
    this.#sweepReturned(now)
    if (nextAt === null || nextAt > now) return
    this.#stoppedAt = null
    this.#sweepRetention(now)
    this.#sweepTimesToLive(now)
    // the row that was to expire first may have been deleted long ago
    this.#ttlAt = undefined
  }

  /** What the commit stores, the rows aside that it writes anew or deletes: `touched`, by base offset. */
  takeChanges(touched: ReadonlySet<number>): readonly RowExpiry[] {
    const changes = [...this.#changed]
      .filter(([baseOffset]) => !touched.has(baseOffset))
      .map(([baseOffset, expiresAt]) => ({ baseOffset, expiresAt }))
    if (this.#changed.size > 0) this.#ttlAt = undefined
    this.#changed = new Map()
    this.#left = MAX_EXPIRED_PER_COMMIT
    return changes
  }

  /** Lets one message go; false where this commit can't take any more. */
  #expire(offset: number, now: number): boolean {
    const isFull = this.#left <= 0 || (this.#state.isDeadLettered("expired") && this.#state.departuresLeft === 0)
    if (isFull) return false
    this.#left--
    this.#state.expel(offset, "expired", now)
    return true
  }

  /** What comes back too old goes at once: its row may be marked with the end that its lease was to have. */
  #sweepReturned(now: number): void {
    if (this.#ttlAt === null) return
    const { delivery, log } = this.#state
    for (const offset of delivery.window.returned) {
      const { expiresAt } = log.timesOf(offset)
      if (expiresAt === 0 || expiresAt > now) continue
      const { kind } = stateAt(delivery, offset)
      if (kind === "in_flight" || kind === "done" || this.#expire(offset, now)) continue
      const baseOffset = log.baseOf(offset)
      if (baseOffset !== null) this.#changed.set(baseOffset, expiresAt)
    }
  }

  #nextRetentionAt(): number | null {
    if (this.#state.liveMessages === 0) return null
    const { log, delivery, settings } = this.#state
    const oldest = delivery.window.start
    if (oldest >= log.committedEnd) return null
    // never later than the truth: messages only get younger towards the end
    this.#retentionAt ??= (log.timesOf(oldest).appendedAt ?? 0) + settings.retentionMs
    return this.#retentionAt
  }

  /** Log times never go back: the first message that is young enough ends the sweep. */
  #sweepRetention(now: number): void {
    const { delivery, log, settings } = this.#state
    if ((this.#nextRetentionAt() ?? Infinity) > now) return
    // what is in flight is looked at again with the next sweep, what is too much for this commit with the next commit
    this.#retentionAt = now
    let hasPassed = false
    for (const offset of this.#inOrder(delivery.window.start)) {
      const { appendedAt } = log.timesOf(offset)
      if (appendedAt === null) continue
      if (appendedAt + settings.retentionMs > now) {
        if (!hasPassed) this.#retentionAt = appendedAt + settings.retentionMs
        return
      }
      if (stateAt(delivery, offset).kind === "in_flight") hasPassed = true
      else if (!this.#expire(offset, now)) {
        this.#retentionAt = now - EXPIRY_SWEEP_MS
        return
      }
    }
  }

  /** Committed offsets that are not done. */
  *#inOrder(from: number): Generator<number> {
    const { delivery, log } = this.#state
    yield* liveOffsets(delivery, from)
    for (let offset = delivery.window.end; offset < log.committedEnd; offset++) yield offset
  }

  #sweepTimesToLive(now: number): void {
    for (const baseOffset of this.#source.expired(now, MAX_ROWS)) {
      if (this.#changed.has(baseOffset)) continue
      let next = Infinity
      for (const { offset, expiresAt } of this.#state.log.entriesOf(baseOffset)) {
        if (expiresAt === 0) continue
        const at = stateAt(this.#state.delivery, offset)
        if (at.kind === "done") continue
        if (expiresAt > now) next = Math.min(next, expiresAt)
        else if (at.kind === "in_flight") next = Math.min(next, at.untilAt)
        else if (!this.#expire(offset, now)) return
      }
      this.#changed.set(baseOffset, next === Infinity ? null : next)
    }
  }
}
