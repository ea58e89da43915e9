import { acquire } from "../../delivery/acquire.ts"
import { type Consumer, Consumers, creditOf } from "../../delivery/consumers.ts"
import { expire } from "../../delivery/expire.ts"
import { liveOffsets, stateAt } from "../../delivery/inspect.ts"
import { remove } from "../../delivery/remove.ts"
import type { DeliveryState } from "../../delivery/state.ts"
import type { DeliveryChanges, DeliveryLimits, DeliveryMode, Departure, Lease } from "../../delivery/types.ts"
import { MAX_MISSING_PER_COMMIT, MAX_RECEIVE_BYTES } from "../../limits.ts"
import type { Delivery } from "../../log/types.ts"
import { deadLetterFrame } from "../../queue/dead-letter.ts"
import { attemptsLimit } from "../../queue/settings.ts"
import type { ShareDeadLetter } from "../../group/settings.ts"
import type { ShareSettings, ShareStatistics, ShareTerms } from "./commands.ts"
import { encodeShareCounters, type ShareCounters } from "./counters.ts"
import type { DeadLetters } from "./dead-letters.ts"
import type { ShareLog } from "./share-log.ts"

/** A share group as it is stored. */
export interface StoredShare extends ShareTerms {
  /** That of its delivery state. */
  readonly id: number
  /** Where its window began. */
  readonly initialOffset: number
}

/** A share group as it is loaded. */
export interface LoadedShare {
  readonly stored: StoredShare
  readonly delivery: DeliveryState
  readonly counters: ShareCounters
}

/** Who a partition is to those who settle, and to those who get its dead letters. */
export interface ShareIdentity {
  /** Name of the topic. */
  readonly topic: string
  readonly incarnation: number
  /** Among the partitions of its topic. */
  readonly partition: number
  /** How the outbox names where a dead letter goes. */
  readonly targetOf: (deadLetter: ShareDeadLetter) => string
}

/** What all share groups of a partition have in common. */
export interface ShareContext {
  readonly identity: ShareIdentity
  readonly log: ShareLog
  readonly deadLetters: DeadLetters
  /** In [0, 1). */
  readonly random: () => number
}

/** A subscription of a share group. */
export interface ShareConsumer extends Consumer {
  /** Id of the group's state. */
  readonly share: number
  /** What its locks are held under: its id, or DETACHED for a waiting HTTP receive. */
  readonly holder: number
  /** Null takes the group's own. */
  readonly lockDurationMs: number | null
}

/** Records for one subscription, to be pushed after the commit. */
export interface SharePush {
  readonly consumer: number
  readonly deliveries: readonly Delivery[]
}

/** What is handed out at most. */
export interface SharePortion {
  readonly holder: number
  readonly maxMessages: number
  readonly maxBytes: number
  readonly lockDurationMs: number | null
}

/**
 * One share group in one partition: a delivery state over the partition's log, which keeps its records. It is undisturbed
 * by whoever else reads there, and holds up neither trim nor retention nor compaction: what has no record is passed over.
 */
export class Share {
  readonly delivery: DeliveryState
  readonly counters: ShareCounters
  readonly consumers = new Consumers<ShareConsumer>()
  #stored: StoredShare
  readonly #context: ShareContext
  /** Offsets before it are done, but for those that were locked when the log start moved there. */
  #retiredTo = 0
  #missingLeft = MAX_MISSING_PER_COMMIT
  /** Whether a commit came to an end of what it may do, so that the next must not wait. */
  #isStopped = false

  constructor({ stored, delivery, counters }: LoadedShare, context: ShareContext) {
    this.#stored = stored
    this.delivery = delivery
    this.counters = counters
    this.#context = context
  }

  get stored(): StoredShare {
    return this.#stored
  }

  get settings(): ShareSettings {
    return this.#stored.settings
  }

  /** How often a record may be delivered. */
  get limits(): DeliveryLimits {
    const { maxDeliveries } = this.settings
    return { maxDeliveries, maxAttempts: attemptsLimit({ maxDeliveries, maxAttempts: null }) }
  }

  /** When it has something to do by itself, or null. */
  get nextDeadlineAt(): number | null {
    return this.#isStopped ? 0 : this.delivery.nextDeadlineAt
  }

  get statistics(): ShareStatistics {
    const { window, counts } = this.delivery
    const { log, deadLetters } = this.#context
    const { endOffset } = log
    const { delivered, accepted, deadLettered, dropped, missing } = this.counters
    const available = counts.available + Math.max(0, endOffset - window.end)
    const states = { available, delayed: counts.delayed, locked: counts.inFlight }
    const left = { accepted, deadLettered, dropped, missing, forwarding: deadLetters.forwarding }
    return { startOffset: window.start, endOffset, ...states, delivered, ...left }
  }

  /** Takes over newer settings; the order is as it was chosen. Answers whether there was anything new. */
  learn({ version, settings }: ShareTerms): boolean {
    if (version <= this.#stored.version) return false
    const { ordering } = this.settings
    this.#stored = { ...this.#stored, version, settings: { ...settings, ordering } }
    return true
  }

  /** Locks records for whoever asks. */
  handOut({ holder, maxMessages, maxBytes, lockDurationMs }: SharePortion, now: number): Delivery[] {
    const { delivery, settings } = this
    const { log, deadLetters } = this.#context
    const maxDepartures = settings.deadLetter ? deadLetters.left : MAX_MISSING_PER_COMMIT
    const request = {
      consumer: holder,
      maxMessages: Math.min(maxMessages, this.#freeLocks),
      untilAt: now + (lockDurationMs ?? settings.lockDurationMs),
      ...this.limits,
      maxDepartures,
      maxBytes,
    }
    const missing = { isExpired: (offset: number) => !log.has(offset), max: this.#missingLeft }
    const { leases, departures } = acquire(delivery, request, log, now, missing)
    const lost = departures.filter(({ reason }) => reason === "expired").length
    this.#isStopped ||= lost === missing.max || departures.length - lost === maxDepartures
    this.#missingLeft -= lost
    this.depart(departures, now)
    this.counters.delivered += leases.length
    return leases.map((lease) => this.#deliveryOf(lease))
  }

  /** Locks records for the subscriptions that wait, in turn and within their credit. */
  serve(now: number): SharePush[] {
    const pushes: SharePush[] = []
    for (let taken = 1; taken > 0 && this.consumers.all.length > 0;) {
      taken = 0
      this.consumers.share(this.#waiting, (consumer, maxMessages) => {
        const deliveries = this.#push(consumer, maxMessages, now)
        if (deliveries.length > 0) pushes.push({ consumer: consumer.id, deliveries })
        taken += deliveries.length
        return deliveries.length
      })
    }
    return pushes
  }

  /** Ends locks that have run out, makes due what was delayed, and passes over what was trimmed. */
  expire(now: number): void {
    const { deadLetters } = this.#context
    this.#isStopped = false
    const maxDepartures = this.settings.deadLetter ? deadLetters.left : MAX_MISSING_PER_COMMIT
    this.depart(expire(this.delivery, this.limits, now, maxDepartures).departures, now)
    this.#retire()
  }

  /** Records that are done without having been accepted go to the dead-letter target, or are dropped. */
  depart(departures: readonly Departure[], now: number): void {
    const { identity, log, deadLetters } = this.#context
    const { deadLetter } = this.settings
    for (const departure of departures) {
      const { offset, reason } = departure
      if (reason === "expired" || !log.has(offset)) this.counters.missing++
      else if (deadLetter === null) this.counters.dropped++
      else {
        const { entry, frame } = log.frameAt(offset)
        const from = { source: identity.topic, messageId: `${identity.partition}/${offset}` }
        const wrapped = deadLetterFrame(frame, from, departure, now)
        deadLetters.add(identity.targetOf(deadLetter), wrapped, entry?.keyHash ?? 0)
        this.counters.deadLettered++
      }
    }
  }

  /** What the commit `seq` stores of the delivery state, or null for nothing. */
  takeChanges(seq: number): { readonly changes: DeliveryChanges; readonly counters: Uint8Array } | null {
    this.#countPassed()
    this.#missingLeft = MAX_MISSING_PER_COMMIT
    this.delivery.takeFinished()
    const changes = this.delivery.takeChanges(seq)
    if (!changes) return null
    this.counters.outboxSeq = this.#context.deadLetters.outboxSeq
    return { changes, counters: encodeShareCounters(this.counters) }
  }

  get #freeLocks(): number {
    return Math.max(0, this.settings.maxLocks - this.delivery.counts.inFlight)
  }

  /** Records that could be handed out, as far as a look at one row tells. */
  get #waiting(): number {
    const { counts, window } = this.delivery
    return Math.min(this.#freeLocks, counts.available + this.#context.log.countFrom(window.end))
  }

  #push(consumer: ShareConsumer, wanted: number, now: number): Delivery[] {
    const { holder, lockDurationMs } = consumer
    const maxMessages = Math.min(wanted, creditOf(consumer))
    const maxBytes = Math.min(consumer.grantedBytes - consumer.sentBytes, MAX_RECEIVE_BYTES)
    const deliveries = this.handOut({ holder, maxMessages, maxBytes, lockDurationMs }, now)
    consumer.sentMessages += deliveries.length
    for (const { frame } of deliveries) consumer.sentBytes += frame.length
    return deliveries
  }

  #deliveryOf({ offset, attempt, deliveryCount, firstDeliveredAt }: Lease): Delivery {
    const { entry, frame } = this.#context.log.frameAt(offset)
    const appendedAt = entry?.appendedAt ?? 0
    return { offset, messageId: offset, appendedAt, attempt, deliveryCount, firstDeliveredAt, frame }
  }

  /** Makes done what the log start has passed, but for what is locked: that goes when it comes back. */
  #retire(): void {
    const { startOffset } = this.#context.log
    const { window } = this.delivery
    for (const offset of window.returned) {
      if (offset < startOffset && !this.#miss(offset)) this.#retiredTo = 0
    }
    if (this.#retiredTo >= startOffset) return
    window.pass(startOffset)
    for (const offset of window.start < startOffset ? liveOffsets(this.delivery, window.start) : []) {
      if (offset >= startOffset) break
      if (!this.#miss(offset)) return
    }
    this.#retiredTo = startOffset
  }

  /** Makes an offset done that has no record, unless it is locked; false where this commit can't take any more. */
  #miss(offset: number): boolean {
    const { kind } = stateAt(this.delivery, offset)
    if (kind === "in_flight" || kind === "done") return true
    if (this.#missingLeft === 0) {
      this.#isStopped = true
      return false
    }
    this.#missingLeft--
    remove(this.delivery, offset, this.#context.log)
    this.counters.missing++
    return true
  }

  #countPassed(): void {
    const { window } = this.delivery
    this.counters.missing += window.passed
    window.passed = 0
  }
}

/** What order a share group's records are delivered in. */
export function deliveryModeOf({ ordering }: ShareSettings): DeliveryMode {
  return ordering === "key" ? "ordered" : "standard"
}
