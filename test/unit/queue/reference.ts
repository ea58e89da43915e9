import { DETACHED } from "../../../src/core/delivery/types.ts"
import type { Consumer, Message, Numbers, Refusal, Sent, Settling, Taken } from "./reference-data.ts"
import { ReferenceMessages } from "./reference-messages.ts"

/** How long a receive can be repeated. */
const ATTEMPT_MS = 5 * 60 * 1000

interface Wanted {
  readonly maxMessages: number
  readonly visibilityTimeoutMs: number | null
  readonly attemptId: string | null
}

/** Messages pushed to one subscription. */
interface TakenBy {
  readonly consumer: number
  readonly messages: readonly Taken[]
}

/**
 * A queue by the letter of docs/spec/queue.md and delivery.md over plain arrays: no window, no rows, no
 * indexes, no counters that could drift.
 */
export class Reference extends ReferenceMessages {
  send(messages: readonly Sent[], now: number): readonly (number | "queue_full")[] | "queue_paused" {
    if (this.settings.sendingPaused) return "queue_paused"
    let isRefused = false
    return messages.map((message) => {
      if (isRefused && this.repeatedId(message, now) === null) return "queue_full"
      const outcome = this.take(message, now)
      isRefused ||= outcome === "queue_full"
      return outcome
    })
  }

  /** Takes one message, or answers its repeat. */
  take(message: Sent, now: number): number | "queue_full" {
    const id = this.repeatedId(message, now)
    if (id === null) return this.#makeRoom(message.bytes, now) ? this.#takeIn(message, now) : "queue_full"
    this.data.totals.deduplicated++
    return id
  }

  /** The id of the message that was sent with the same deduplication id, or null. */
  repeatedId({ dedupKey }: Sent, now: number): number | null {
    return this.data.dedup.find(({ key, until }) => key === dedupKey && until > now)?.id ?? null
  }

  /** Another queue's messages, under sequences from `firstSeq` on. */
  accept(messages: readonly Sent[], firstSeq: number, now: number): number {
    for (const [index, message] of messages.entries()) {
      if (firstSeq + index <= this.data.takenSeq) continue
      this.append({ ...message, id: this.data.nextId++, ttlUntil: 0 }, now)
      this.data.takenSeq = firstSeq + index
    }
    return this.data.takenSeq
  }

  receive({ maxMessages, visibilityTimeoutMs, attemptId }: Wanted, now: number): readonly Taken[] | "consumer_active" {
    this.endLeases(now)
    const isTaken = this.data.consumers.some(({ holder }) => holder !== DETACHED) || this.#isHeldByOthers(DETACHED)
    if (this.settings.singleActiveConsumer && isTaken) return "consumer_active"
    if (this.settings.deliveryPaused) return []
    const until = now + (visibilityTimeoutMs ?? this.settings.visibilityTimeoutMs)
    const repeated = attemptId === null ? null : this.#repeated(attemptId, until, now)
    if (repeated) return repeated
    const taken = this.handOut({ holder: DETACHED, maxMessages, maxBytes: Infinity, until }, now)
    if (attemptId !== null && taken.length > 0) this.data.attempts[attemptId] = { until: now + ATTEMPT_MS, taken }
    return taken
  }

  settle({ kind, offset, attempt, delayMs, fault, error, forMs }: Settling, now: number): Refusal | null {
    const message = this.at(offset)
    if (offset < this.data.base) return kind === "ack" ? null : "receipt_expired"
    if (!message) return "invalid_receipt"
    if (message.status.kind === "done") return kind === "ack" ? null : "receipt_expired"
    if (attempt > message.attempt) return "invalid_receipt"
    if (message.status.kind !== "inFlight" || attempt < message.attempt) return "receipt_expired"
    if (this.isOrdered && message.status.until <= now) return "receipt_expired"
    switch (kind) {
      case "ack":
        message.status = { kind: "done" }
        this.data.totals.acknowledged++
        return null
      case "nack": {
        const waitMs = delayMs ?? this.#retryDelayMs(message.count)
        this.giveBack(message, { delayMs: waitMs, fault, mayLeave: true, error }, now)
        return null
      }
      case "undelivered":
        this.giveBack(message, { delayMs: 0, fault: false, mayLeave: false, error: null }, now)
        return null
      case "reject":
        this.leave(message, "rejected", error, now)
        return null
      case "extend":
        message.status = { ...message.status, until: now + forMs }
        return null
    }
  }

  /** Deletes one message by its id, or cancels it. */
  remove(id: number, now: number): "message_in_flight" | "missing" | null {
    const scheduled = this.data.scheduled.find((one) => one.id === id)
    const message = this.live.find((one) => one.id === id)
    if (message?.status.kind === "inFlight") return "message_in_flight"
    if (!scheduled && (!message || this.isExpired(message, now))) return "missing"
    this.#purge([id])
    return null
  }

  /** Deletes what waits, what is in flight, or what is scheduled, of one group or of all; answers how many. */
  purge(what: "waiting" | "in_flight" | "scheduled", groupId: string | null): number {
    const { scheduled } = this.data
    const isThere = ({ status }: Message): boolean => (status.kind === "inFlight") === (what === "in_flight")
    const there = what === "scheduled" ? scheduled : this.live.filter(isThere)
    const meant = there.filter((message) => groupId === null || message.groupId === groupId)
    return this.#purge(meant.map(({ id }) => id))
  }

  /** Ends a subscription: what it holds goes back. */
  unsubscribe(id: number, now: number): void {
    const position = this.data.consumers.findIndex((one) => one.id === id)
    if (position === -1) return
    for (const message of this.live) {
      if (!isHeldBy(message, id)) continue
      this.giveBack(message, { delayMs: 0, fault: false, mayLeave: false, error: null }, now)
    }
    this.data.consumers.splice(position, 1)
    if (position < this.data.turn) this.data.turn--
  }

  /** What subscriptions get: equal shares in turn among those with credit, until nobody takes any. */
  serve(now: number): readonly TakenBy[] {
    if (this.settings.deliveryPaused) return []
    if (this.settings.singleActiveConsumer) return this.#serveActive(now)
    const pushes: TakenBy[] = []
    let left = this.numbers(now).ready
    for (let hasTaken = true; hasTaken && left > 0;) {
      const round = this.#serveRound(this.data.consumers, left, now)
      pushes.push(...round)
      hasTaken = round.length > 0
      for (const { messages } of round) left -= messages.length
    }
    return pushes
  }

  numbers(now: number): Numbers {
    const { live } = this
    const count = (kind: Message["status"]["kind"]): number => live.filter(({ status }) => status.kind === kind).length
    const ready = live.filter((message) => this.isEligible(message, now)).length
    return {
      ready,
      inFlight: count("inFlight"),
      delayed: count("delayed") + count("available") - ready,
      scheduled: this.data.scheduled.length,
      bytes: this.bytes,
      oldestAt: live[0]?.appendedAt ?? null,
      forwarding: this.data.departed.length,
      ...this.data.totals,
    }
  }

  /** When something is due by itself at the latest, or null. */
  nextDeadlineAt(now: number): number | null {
    const times = this.live.flatMap((message) => {
      const { status, appendedAt } = message
      if (status.kind === "inFlight") return [status.until]
      const delayedUntil = status.kind === "delayed" ? [status.until] : []
      const heldBackUntil = this.isHeldBack(message, now) ? [appendedAt + this.settings.delayMs] : []
      return [...delayedUntil, ...heldBackUntil, this.sweptAt(message)]
    })
    const earliest = Math.min(...times, ...this.data.scheduled.map(({ dueAt }) => dueAt))
    return earliest === Infinity ? null : earliest
  }

  #purge(ids: readonly number[]): number {
    this.data.scheduled = this.data.scheduled.filter(({ id }) => !ids.includes(id))
    for (const message of this.live) if (ids.includes(message.id)) this.finish(message)
    this.data.totals.removed += ids.length
    return ids.length
  }

  #takeIn(message: Sent, now: number): number {
    const id = this.data.nextId++
    const ownTime = message.delayMs > 0 ? now + message.delayMs : message.deliverAt
    const entersAt = ownTime - this.settings.delayMs
    const ttlUntil = (from: number): number => (message.ttlMs === 0 ? 0 : from + message.ttlMs)
    if (entersAt > now) this.data.scheduled.push({ ...message, id, dueAt: entersAt, ttlUntil: ttlUntil(entersAt) })
    else this.append({ ...message, id, ttlUntil: ttlUntil(Math.max(now, this.data.lastAppendedAt)) }, now)
    const { dedupKey } = message
    const until = now + this.settings.dedupWindowMs
    if (dedupKey !== null && until > now) this.data.dedup.unshift({ key: dedupKey, id, until })
    this.data.totals.sent++
    return id
  }

  #makeRoom(bytes: number, now: number): boolean {
    const { maxMessages, maxBytes, overflow } = this.settings
    const isFull = (): boolean =>
      this.live.length + this.data.scheduled.length + 1 > (maxMessages ?? Infinity) ||
      this.bytes + bytes > (maxBytes ?? Infinity)
    while (isFull()) {
      const oldest = this.live.find(({ status }) => status.kind !== "inFlight")
      if (overflow === "reject" || bytes > (maxBytes ?? Infinity) || !oldest) return false
      this.leave(oldest, "overflow", null, now)
    }
    return true
  }

  #repeated(attemptId: string, until: number, now: number): readonly Taken[] | null {
    const before = this.data.attempts[attemptId]
    if (!before || before.until <= now) return null
    const held = before.taken.map(({ offset }) => this.at(offset)!)
    for (const [index, { status, attempt }] of held.entries()) {
      if (status.kind !== "inFlight" || attempt !== before.taken[index]!.attempt) return null
    }
    for (const message of held) if (message.status.kind === "inFlight") message.status = { ...message.status, until }
    return before.taken
  }

  #retryDelayMs(count: number): number {
    const { retryDelay } = this.settings
    switch (retryDelay.kind) {
      case "constant":
        return retryDelay.delayMs
      case "linear":
        return Math.min(retryDelay.stepMs * count, retryDelay.maxMs)
      case "exponential": {
        let waitMs = retryDelay.baseMs
        for (let delivery = 1; delivery < count; delivery++) waitMs *= 2
        return Math.round(Math.min(waitMs, retryDelay.maxMs) * (1 - retryDelay.jitter / 2))
      }
    }
  }

  /** All to the one that joined first, once nobody else holds anything. */
  #serveActive(now: number): readonly TakenBy[] {
    const [first] = [...this.data.consumers].sort((a, b) => a.joinedAt - b.joinedAt || a.id - b.id)
    if (!first || this.#isHeldByOthers(first.holder)) return []
    return this.#serveRound([first], this.numbers(now).ready, now)
  }

  #serveRound(consumers: readonly Consumer[], ready: number, now: number): readonly TakenBy[] {
    const { turn } = this.data
    const inTurn = [...consumers.slice(turn), ...consumers.slice(0, turn)].filter((one) => creditOf(one) > 0)
    const pushes: TakenBy[] = []
    let left = ready
    for (const [index, consumer] of inTurn.entries()) {
      const share = Math.min(creditOf(consumer), Math.ceil(left / (inTurn.length - index)))
      const messages = share === 0 ? [] : this.#push(consumer, share, now)
      if (messages.length === 0) continue
      if (!this.settings.singleActiveConsumer) this.data.turn = consumers.indexOf(consumer) + 1
      pushes.push({ consumer: consumer.id, messages })
      left -= messages.length
    }
    return pushes
  }

  #push(consumer: Consumer, maxMessages: number, now: number): readonly Taken[] {
    const { holder, grantedBytes, sentBytes } = consumer
    const until = now + this.settings.visibilityTimeoutMs
    const messages = this.handOut({ holder, maxMessages, maxBytes: grantedBytes - sentBytes, until }, now)
    consumer.sentMessages += messages.length
    for (const { offset } of messages) consumer.sentBytes += this.at(offset)!.bytes
    return messages
  }

  #isHeldByOthers(holder: number): boolean {
    return this.live.some(({ status }) => status.kind === "inFlight" && status.holder !== holder)
  }
}

function isHeldBy({ status }: Message, holder: number): boolean {
  return status.kind === "inFlight" && status.holder === holder
}

function creditOf({ grantedMessages, sentMessages, grantedBytes, sentBytes }: Consumer): number {
  return sentBytes < grantedBytes ? Math.max(0, grantedMessages - sentMessages) : 0
}
