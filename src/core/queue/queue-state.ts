import { cover } from "../delivery/cover.ts"
import { remove, type Removed } from "../delivery/remove.ts"
import type { DeliveryState } from "../delivery/state.ts"
import type { Departure, DepartureReason } from "../delivery/types.ts"
import { MAX_DEPARTURES_PER_COMMIT, MAX_OUTBOX_BYTES_PER_COMMIT, MAX_SCAN_PER_COMMIT, PAGE_OFFSETS } from "../limits.ts"
import type { InboxEntry, OutboxEntry, QueueChanges } from "./changes.ts"
import type { QueueCounters } from "./counters.ts"
import { deadLetterFrame } from "./dead-letter.ts"
import type { DedupWindow } from "./dedup/dedup-window.ts"
import { HeldBack } from "./held-back.ts"
import { messageIdText, type QueueIdentity } from "./identity.ts"
import { ScanBudget } from "./operator/scan-budget.ts"
import type { QueueLog } from "./queue-log.ts"
import { Rates } from "./rates.ts"
import type { Schedule } from "./schedule.ts"
import type { QueueSettings } from "./settings.ts"

/** What a queue is made of; see `store/queue-store.ts` for how it is loaded. */
export interface QueueParts {
  readonly identity: QueueIdentity
  readonly settings: QueueSettings
  readonly counters: QueueCounters
  readonly delivery: DeliveryState
  readonly log: QueueLog
  readonly schedule: Schedule
  readonly dedup: DedupWindow
  /** Outbox rows that wait for their target. */
  readonly forwarding: number
}

/**
 * What all operations of a queue work on: log, delivery state, schedule and counters, and the ways in which a
 * message may enter and leave. It keeps them consistent with each other; when and why is up to the operations.
 */
export class QueueState {
  readonly identity: QueueIdentity
  readonly counters: QueueCounters
  readonly delivery: DeliveryState
  readonly log: QueueLog
  readonly schedule: Schedule
  readonly dedup: DedupWindow
  readonly heldBack: HeldBack
  readonly rates = new Rates()
  settings: QueueSettings
  /** Outbox rows that wait for their target. */
  forwarding: number
  /** What the operator's calls may still look at in this commit. */
  scanBudget = new ScanBudget(MAX_SCAN_PER_COMMIT)
  #outbox: OutboxEntry[] = []
  #taken: InboxEntry[] = []
  #departuresLeft = MAX_DEPARTURES_PER_COMMIT
  #outboxBytes = 0
  /** Size of the whole database, as its owner last saw it. */
  databaseBytes = 0

  constructor(parts: QueueParts) {
    this.identity = parts.identity
    this.settings = parts.settings
    this.counters = parts.counters
    this.delivery = parts.delivery
    this.log = parts.log
    this.schedule = parts.schedule
    this.dedup = parts.dedup
    this.forwarding = parts.forwarding
    this.heldBack = new HeldBack(this)
  }

  /** Messages that may still go to another queue in this commit. */
  get departuresLeft(): number {
    return this.#departuresLeft
  }

  /** Whether this commit may move still more on the word of a receiver. */
  get mayMoveMore(): boolean {
    return this.#outboxBytes < MAX_OUTBOX_BYTES_PER_COMMIT
  }

  /** Messages in the log that are not done. */
  get liveMessages(): number {
    const { window, counts } = this.delivery
    return counts.available + counts.delayed + counts.inFlight + this.log.endOffset - window.end
  }

  /** Messages kept, scheduled ones included. */
  get messages(): number {
    return this.liveMessages + this.counters.scheduled
  }

  /** Bytes of all messages kept. */
  get bytes(): number {
    return this.counters.liveBytes + this.counters.scheduledBytes
  }

  /** The timestamp of an append at `now`. */
  appendTime(now: number): number {
    return Math.max(this.counters.lastAppendedAt, now)
  }

  /** Appends a frame to the log under an id that was given to it. */
  append(frame: Uint8Array, keyHash: number, messageId: number, expiresAt: number): void {
    this.counters.liveBytes += frame.length
    this.log.append({ frame, keyHash, messageId, expiresAt })
  }

  /** When the message at `offset` is too old to be delivered, by its own time to live or the queue's retention. */
  expiryOf(offset: number): number {
    const { appendedAt, expiresAt } = this.log.timesOf(offset)
    const retainedUntil = appendedAt === null ? Infinity : appendedAt + this.settings.retentionMs
    return expiresAt === 0 ? retainedUntil : Math.min(expiresAt, retainedUntil)
  }

  /** Ends a message's life wherever it stands, or answers null where it is done. Say where it goes with `depart`. */
  remove(offset: number, now: number): Removed | null {
    this.#cover(offset + 1, now)
    const removed = remove(this.delivery, offset, this.log)
    if (removed) this.countFinished()
    return removed
  }

  /** Removes a message that nobody could process or wanted, for `reason`. */
  expel(offset: number, reason: DepartureReason, now: number): void {
    const removed = this.remove(offset, now)
    if (!removed) return
    const { deliveryCount, firstDeliveredAt } = removed
    this.depart([{ offset, reason, deliveryCount, firstDeliveredAt, error: null }], now)
  }

  /** Whether a message that leaves for `reason` goes to the dead-letter queue. */
  isDeadLettered(reason: DepartureReason): boolean {
    const { deadLetterQueue, onExpiry, overflow } = this.settings
    if (deadLetterQueue === null) return false
    switch (reason) {
      case "expired":
        return onExpiry === "dead-letter"
      case "overflow":
        return overflow === "dead-letter"
      case "max_deliveries":
      case "rejected":
        return true
    }
  }

  /** Messages that are done without having been processed go to the dead-letter queue through the outbox, or are dropped. */
  depart(departures: readonly Departure[], now: number): void {
    for (const departure of departures) {
      if (departure.reason === "expired") this.counters.expired++
      if (!this.isDeadLettered(departure.reason)) {
        if (departure.reason !== "expired") this.counters.dropped++
        continue
      }
      const { entry, frame } = this.log.frameAt(departure.offset, this.appendTime(now))
      const from = { source: this.identity.name, messageId: messageIdText(this.identity, entry?.messageId ?? 0) }
      this.move(this.settings.deadLetterQueue!, deadLetterFrame(frame, from, departure, now), entry?.keyHash ?? 0)
      this.counters.deadLettered++
    }
    this.countFinished()
  }

  /** Hands a frame to another queue of the namespace, exactly once, through the outbox. */
  move(queue: string, frame: Uint8Array, keyHash: number): void {
    const target = this.identity.targetOf(queue)
    this.#outbox.push({ seq: ++this.counters.outboxSeq, target, keyHash, frame })
    this.#departuresLeft = Math.max(0, this.#departuresLeft - 1)
    this.#outboxBytes += frame.length
    this.forwarding++
  }

  /** Notes what was taken from another queue. */
  took(entry: InboxEntry): void {
    this.#taken.push(entry)
  }

  /** The highest sequence that this commit has taken from a source so far, 0 for none. */
  takenNow(source: string, incarnation: number): number {
    const entry = this.#taken.findLast((taken) => taken.source === source && taken.incarnation === incarnation)
    return entry?.seq ?? 0
  }

  /** Takes account of what became done. */
  countFinished(): void {
    for (const offset of this.delivery.takeFinished()) this.counters.liveBytes -= this.log.finished(offset)
  }

  /** What the commit moved from and to other queues; what one commit may do begins anew. */
  takeMoves(): QueueChanges["moves"] {
    const moves = { outbox: this.#outbox, taken: this.#taken }
    this.#outbox = []
    this.#taken = []
    this.#departuresLeft = MAX_DEPARTURES_PER_COMMIT
    this.#outboxBytes = 0
    this.scanBudget = new ScanBudget(MAX_SCAN_PER_COMMIT)
    return moves
  }

  /** Makes the window reach up to `end`; what the queue's delay holds back stays held back inside it. */
  #cover(end: number, now: number): void {
    const from = this.delivery.window.end
    if (end <= from) return
    // key hashes come from headers: those of a page at once, for whoever removes the neighbours next
    const isPaged = this.delivery.byKey !== null
    const to = isPaged ? Math.min(Math.ceil(end / PAGE_OFFSETS) * PAGE_OFFSETS, this.log.endOffset) : end
    const heldFrom = Math.max(from, this.heldBack.end(now))
    cover(this.delivery, to, this.log)
    this.heldBack.delayWithin(heldFrom, to, this.appendTime(now))
  }
}
