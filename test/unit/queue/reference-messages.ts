import { DETACHED } from "../../../src/core/delivery/types.ts"
import { PAGE_OFFSETS } from "../../../src/core/limits.ts"
import type { QueueSettings } from "../../../src/core/queue/settings.ts"
import { emptyQueue, type Message, type Plain, type Reason, type Sent, type Taken } from "./reference-data.ts"

/** How late a sweep of what has expired may be. */
const SWEEP_MS = 10_000

/** How a message goes back: with its own delay, counted or not, and whether it may have been its last delivery. */
interface GivingBack {
  readonly delayMs: number
  readonly fault: boolean
  readonly mayLeave: boolean
  readonly error: string | null
}

/** What an acquire may take at most. */
interface Portion {
  readonly holder: number
  readonly maxMessages: number
  readonly maxBytes: number
  readonly until: number
}

/** The messages of a queue in one array, and what can happen to them. */
export class ReferenceMessages {
  settings: QueueSettings
  /** Whether the queue under test has let go of an offset: the letter leaves open when what is too old goes. */
  isGone: (offset: number) => boolean = () => false
  /** What it handed out last: the letter leaves the order of tenants open. */
  given: readonly number[] = []
  data: Plain = emptyQueue()

  constructor(settings: QueueSettings) {
    this.settings = settings
  }

  get live(): readonly Message[] {
    return this.data.log.filter(({ status }) => status.kind !== "done")
  }

  get bytes(): number {
    return [...this.live, ...this.data.scheduled].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get endOffset(): number {
    return this.data.base + this.data.log.length
  }

  at(offset: number): Message | undefined {
    return this.data.log[offset - this.data.base]
  }

  isHeldBack({ appendedAt }: Message, now: number): boolean {
    return this.settings.delayMs > 0 && appendedAt + this.settings.delayMs > now
  }

  isExpired(message: Message, now: number): boolean {
    return this.#expiresAt(message) <= now
  }

  /** When a message that is not in flight must be gone. */
  sweptAt(message: Message): number {
    return Math.max(this.#expiresAt(message), message.backAt) + SWEEP_MS
  }

  append(message: Sent & { readonly id: number; readonly ttlUntil: number }, now: number): void {
    this.data.lastAppendedAt = Math.max(this.data.lastAppendedAt, now)
    const { id, body, bytes, groupId, ttlUntil } = message
    const [offset, appendedAt] = [this.endOffset, this.data.lastAppendedAt]
    const isNew = { status: { kind: "available" }, attempt: 0, count: 0, firstAt: 0, backAt: 0 } as const
    this.data.log.push({ id, offset, body, bytes, groupId, appendedAt, ttlUntil, ...isNew })
  }

  /** Leases end and delays pass, in order of offsets. */
  endLeases(now: number): void {
    for (const message of this.data.log) {
      const { status } = message
      if (status.kind === "inFlight" && status.until <= now) {
        this.giveBack(message, { delayMs: 0, fault: true, mayLeave: true, error: null }, now)
      } else if (status.kind === "delayed" && status.until <= now) message.status = { kind: "available" }
    }
  }

  /** Scheduled messages enter the log, in order of their times. */
  enterDue(now: number): void {
    const due = this.data.scheduled.filter(({ dueAt }) => dueAt <= now)
    this.data.scheduled = this.data.scheduled.filter(({ dueAt }) => dueAt > now)
    for (const message of due.sort((a, b) => a.dueAt - b.dueAt || a.id - b.id)) this.append(message, now)
  }

  /** Lets go what is too old and gone; answers one that may not be there any more, or null. */
  sweep(now: number): Message | null {
    let kept: Message | null = null
    for (const message of this.live) {
      if (message.status.kind === "inFlight" || !this.isExpired(message, now)) continue
      if (this.isGone(message.offset)) this.leave(message, "expired", null, now)
      else if (this.sweptAt(message) <= now) kept = message
    }
    return kept
  }

  handOut(portion: Portion, now: number): readonly Taken[] {
    return this.settings.fair ? this.#handOutGiven(portion, now) : this.#handOutInOrder(portion, now)
  }

  lease(message: Message, { holder, until }: Pick<Portion, "holder" | "until">, now: number): Taken {
    if (message.attempt === 0) message.firstAt = now
    message.attempt++
    message.count++
    message.status = { kind: "inFlight", holder, until }
    this.data.totals.delivered++
    const { id, body, offset, attempt, count, firstAt, appendedAt } = message
    return { id, body, offset, attempt, deliveryCount: count, firstDeliveredAt: firstAt, appendedAt }
  }

  giveBack(message: Message, { delayMs, fault, mayLeave, error }: GivingBack, now: number): void {
    if (mayLeave && this.#hasNoDeliveryLeft(message, fault)) return this.leave(message, "max_deliveries", error, now)
    for (const later of this.live) {
      const isBehind = later.offset > message.offset && later.groupId === message.groupId && message.groupId !== null
      if (this.isOrdered && isBehind && later.status.kind === "inFlight") this.#makeAvailable(later, null, false, now)
    }
    this.#makeAvailable(message, delayMs > 0 ? now + delayMs : null, fault, now)
  }

  leave(message: Message, reason: Reason, error: string | null, now: number): void {
    const { id, offset, body, groupId, count, firstAt } = message
    this.finish(message)
    const isDropped =
      this.settings.deadLetterQueue === null ||
      (reason === "expired" && this.settings.onExpiry === "drop") ||
      (reason === "overflow" && this.settings.overflow !== "dead-letter")
    if (reason === "expired") this.data.totals.expired++
    else if (isDropped) this.data.totals.dropped++
    if (isDropped) return
    this.data.totals.deadLettered++
    const history = { deliveryCount: count, firstDeliveredAt: firstAt }
    this.data.departed.push({ id, offset, body, groupId, reason, ...history, error, leftAt: now })
  }

  /** Ends a message's life, whatever it was. */
  finish(message: Message): void {
    message.status = { kind: "done" }
    // to remove something the queue looks at the rest of its page
    if (message.offset >= this.data.seenEnd) this.data.seenEnd = Math.min(this.endOffset, pageEnd(message.offset))
  }

  get isOrdered(): boolean {
    return this.settings.ordering === "fifo"
  }

  isEligible(message: Message, now: number): boolean {
    return message.status.kind === "available" && !this.isHeldBack(message, now)
  }

  #handOutInOrder(portion: Portion, now: number): readonly Taken[] {
    const taken: Taken[] = []
    let bytes = 0
    for (let last: Message | null = null; taken.length < portion.maxMessages && !this.#isInFlightFull();) {
      const next = this.#pick(portion.holder, last, now)
      if (!next) break
      if (this.#hasNoDeliveryLeft(next, true)) this.leave(next, "max_deliveries", null, now)
      else if (this.isExpired(next, now)) this.leave(next, "expired", null, now)
      else {
        if (taken.length > 0 && bytes + next.bytes > portion.maxBytes) break
        bytes += next.bytes
        taken.push(this.lease(next, portion, now))
      }
      last = next
    }
    return taken
  }

  /** Judges what was handed out: tenants in any order, each oldest first, and nothing held back without need. */
  #handOutGiven(portion: Portion, now: number): readonly Taken[] {
    const taken: Taken[] = []
    const isWanted = (message: Message): boolean =>
      this.isEligible(message, now) && !this.#hasNoDeliveryLeft(message, true) && !this.isExpired(message, now)
    const next = (groupId: string | null): Message | undefined =>
      this.live.find((message) => message.groupId === groupId && isWanted(message))
    while (taken.length < portion.maxMessages && this.given.length > 0 && !this.#isInFlightFull()) {
      const message = this.at(this.given[0]!)!
      if (next(message.groupId) !== message) throw new Error(`delivered ${message.offset} before others of its tenant`)
      this.given = this.given.slice(1)
      taken.push(this.lease(message, portion, now))
    }
    const couldTakeMore = taken.length < portion.maxMessages && !this.#isInFlightFull()
    if (couldTakeMore && this.live.some(isWanted)) throw new Error("held back messages")
    for (const message of this.live) {
      if (!this.isEligible(message, now) || !this.isGone(message.offset)) continue
      this.leave(message, this.#hasNoDeliveryLeft(message, true) ? "max_deliveries" : "expired", null, now)
    }
    return taken
  }

  #makeAvailable(message: Message, until: number | null, fault: boolean, now: number): void {
    message.status = until === null ? { kind: "available" } : { kind: "delayed", until }
    message.backAt = now
    if (!fault) message.count--
  }

  #isInFlightFull(): boolean {
    return this.live.filter(({ status }) => status.kind === "inFlight").length >= this.settings.maxInFlight
  }

  #hasNoDeliveryLeft({ count, attempt }: Message, fault: boolean): boolean {
    const { maxDeliveries, maxAttempts } = this.settings
    const limit = maxAttempts ?? (maxDeliveries === null ? Infinity : maxDeliveries * 10)
    return (fault && count >= (maxDeliveries ?? Infinity)) || attempt >= limit
  }

  #expiresAt({ appendedAt, ttlUntil }: Message): number {
    const ownEnd = ttlUntil === 0 ? Infinity : Math.max(ttlUntil, appendedAt)
    return Math.min(appendedAt + this.settings.retentionMs, ownEnd)
  }

  /** What a consumer gets after `last`: in order the next of its group, else the oldest message that nothing blocks. */
  #pick(holder: number, last: Message | null, now: number): Message | null {
    if (!this.isOrdered) return this.live.find((message) => this.isEligible(message, now)) ?? null
    const heldBack = this.data.log.find((message) => this.#isUnseen(message) && this.isHeldBack(message, now))
    const end = heldBack?.offset ?? this.endOffset
    const { seenEnd } = this.data
    if (last === null && seenEnd % PAGE_OFFSETS > 0)
      this.data.seenEnd = Math.max(seenEnd, Math.min(end, pageEnd(seenEnd)))
    const isNext = ({ groupId, offset }: Message): boolean => groupId === last?.groupId && offset > last.offset
    const next = last?.groupId === null ? null : this.#seen.find(isNext)
    if (next && this.isEligible(next, now)) return next
    for (;;) {
      const oldest = this.#oldestFree(holder, now)
      if (oldest || end <= this.data.seenEnd) return oldest
      this.data.seenEnd = Math.min(end, pageEnd(this.data.seenEnd))
    }
  }

  #isUnseen({ offset }: Message): boolean {
    return offset >= this.data.seenEnd
  }

  get #seen(): readonly Message[] {
    return this.live.filter((message) => !this.#isUnseen(message))
  }

  #oldestFree(holder: number, now: number): Message | null {
    const blocked = new Set<string>()
    for (const message of this.#seen) {
      const { groupId, status } = message
      if (groupId !== null && blocked.has(groupId)) continue
      if (this.isEligible(message, now)) return message
      const isMine = status.kind === "inFlight" && status.holder === holder && holder !== DETACHED
      if (!isMine && groupId !== null) blocked.add(groupId)
    }
    return null
  }
}

/** Where the page of an offset ends. */
function pageEnd(offset: number): number {
  return (Math.floor(offset / PAGE_OFFSETS) + 1) * PAGE_OFFSETS
}
