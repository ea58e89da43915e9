import { acquire } from "../delivery/acquire.ts"
import { type Consumer, Consumers, creditOf } from "../delivery/consumers.ts"
import { expire } from "../delivery/expire.ts"
import { releaseConsumer } from "../delivery/settle.ts"
import type { DeliveryState } from "../delivery/state.ts"
import { type Departure, DETACHED, type Lease } from "../delivery/types.ts"
import type { Failure } from "../errors.ts"
import { MAX_DEPARTURES_PER_COMMIT, MAX_IN_FLIGHT, MAX_RECEIVE_BYTES, MAX_STORED_BYTES } from "../limits.ts"
import type { Submissions } from "../log/submission.ts"
import type { Delivery } from "../log/types.ts"
import { err, ok, type Result } from "../result.ts"
import type { QueueChanges } from "./changes.ts"
import type { QueueStatistics, ReceiveRequest, SendResult, Settlement } from "./commands.ts"
import { encodeCounters, type QueueCounters } from "./counters.ts"
import { deadLetterFrame } from "./dead-letter.ts"
import type { QueueLog } from "./queue-log.ts"
import type { QueueSettings } from "./settings.ts"
import { settle } from "./settlement.ts"

/** A subscription of this queue. */
export interface QueueConsumer extends Consumer {
  /** What its leases are held under: its id, or DETACHED for a waiting HTTP receive. */
  readonly holder: number
  /** null takes the queue's own. */
  readonly visibilityTimeoutMs: number | null
}

/** Messages for one subscription, to be pushed after the commit. */
export interface Push {
  readonly consumer: number
  readonly deliveries: readonly Delivery[]
}

/** Who this queue is. */
export interface QueueIdentity {
  /** Name within the namespace, for the headers of dead letters. */
  readonly name: string
  readonly incarnation: number
  readonly shard: number
  /** Object name of another queue of the namespace. */
  readonly targetOf: (queue: string) => string
}

/** What a queue is made of; see `store/queue-store.ts` for how it is loaded. */
export interface QueueParts {
  readonly identity: QueueIdentity
  readonly settings: QueueSettings
  readonly counters: QueueCounters
  readonly delivery: DeliveryState
  readonly log: QueueLog
  /** Outbox rows that wait for their target. */
  readonly forwarding: number
  readonly random: () => number
}

/**
 * One queue: the policy over a log and a delivery state. Commands change it in memory; `takeChanges`
 * says what their commit stores. If that fails the whole object is thrown away and loaded again.
 */
export class Queue {
  readonly identity: QueueIdentity
  readonly delivery: DeliveryState
  readonly consumers = new Consumers<QueueConsumer>()
  readonly random: () => number
  settings: QueueSettings
  /** Outbox rows that wait for their target. */
  forwarding: number
  readonly #counters: QueueCounters
  readonly #log: QueueLog
  #changes: QueueChanges["moves"] = { outbox: [], taken: [] }
  #departuresLeft = MAX_DEPARTURES_PER_COMMIT

  constructor(parts: QueueParts) {
    this.identity = parts.identity
    this.settings = parts.settings
    this.delivery = parts.delivery
    this.random = parts.random
    this.forwarding = parts.forwarding
    this.#counters = parts.counters
    this.#log = parts.log
  }

  /** Appends a batch; ids in its order. */
  send(batch: Submissions): Result<readonly SendResult[], Failure> {
    if (this.#counters.liveBytes + batch.frameBytes > MAX_STORED_BYTES) return err({ code: "storage_full" })
    const results: SendResult[] = []
    for (let index = 0; index < batch.count; index++) {
      const start = batch.positions[index]!
      const frame = batch.frames.subarray(start, start + batch.lengths[index]!)
      results.push(this.#append(frame, batch.keyHashes[index]!))
    }
    this.#counters.sent += batch.count
    return ok(results)
  }

  /** Takes the frames that another queue moved here and that were not taken before. */
  accept(
    batch: Submissions,
    seqs: readonly number[],
    source: { name: string; incarnation: number; seq: number },
  ): number {
    let highest = source.seq
    for (let index = 0; index < batch.count; index++) {
      if (seqs[index]! <= highest) continue
      const start = batch.positions[index]!
      this.#append(batch.frames.subarray(start, start + batch.lengths[index]!), batch.keyHashes[index]!)
      highest = seqs[index]!
    }
    if (highest > source.seq)
      this.#changes.taken.push({ source: source.name, incarnation: source.incarnation, seq: highest })
    return highest
  }

  /** Leases messages to an HTTP receive. */
  receive(request: ReceiveRequest, now: number): readonly Delivery[] {
    return this.#deliver(DETACHED, request.maxMessages, MAX_RECEIVE_BYTES, request.visibilityTimeoutMs, now)
  }

  /** Settles one receipt; null is success. */
  settle(settlement: Settlement, now: number): Failure | null {
    const { failure, departure, acknowledged } = settle(this, settlement, now)
    if (departure) this.#depart([departure], now)
    else this.#countFinished()
    if (acknowledged) this.#counters.acknowledged++
    return failure
  }

  /** Ends what has run out; due messages become available. */
  expire(now: number): void {
    const { nextDeadlineAt } = this.delivery
    if (nextDeadlineAt === null || nextDeadlineAt > now) return
    const { maxDeliveries } = this.settings
    this.#depart(expire(this.delivery, maxDeliveries, now, this.#departuresLeft).departures, now)
  }

  /** Gives back what a consumer holds, without fault. */
  giveBack(holder: number, now: number): void {
    releaseConsumer(this.delivery, holder, now)
  }

  /** Leases messages to the consumers that wait, in turn and within their credit. */
  serve(now: number): readonly Push[] {
    const waiting = this.#waiting
    if (waiting === 0 || this.consumers.all.length === 0) return []
    const pushes: Push[] = []
    this.consumers.share(waiting, (consumer, maxMessages) => {
      const bytes = Math.min(consumer.grantedBytes - consumer.sentBytes, MAX_RECEIVE_BYTES)
      const timeoutMs = consumer.visibilityTimeoutMs
      const deliveries = this.#deliver(
        consumer.holder,
        Math.min(maxMessages, creditOf(consumer)),
        bytes,
        timeoutMs,
        now,
      )
      consumer.sentMessages += deliveries.length
      for (const { frame } of deliveries) consumer.sentBytes += frame.length
      if (deliveries.length > 0) pushes.push({ consumer: consumer.id, deliveries })
      return deliveries.length
    })
    return pushes
  }

  /** Forgets outbox rows that their target has taken. */
  forwarded(count: number): void {
    this.forwarding -= count
  }

  /** What the commit `seq` stores. */
  takeChanges(seq: number, now: number): QueueChanges {
    const rows = this.#log.takeRows(now, this.#counters.lastAppendedAt)
    if (rows.length > 0) this.#counters.lastAppendedAt = this.#appendTime(now)
    const deletedRows = this.#log.takeDeletions((offset) => this.delivery.isDone(offset))
    const delivery = this.delivery.takeChanges(seq)
    const moves = this.#changes
    this.#changes = { outbox: [], taken: [] }
    this.#departuresLeft = MAX_DEPARTURES_PER_COMMIT
    this.#log.shrink()
    return { seq, rows, deletedRows, delivery, moves, counters: encodeCounters(this.#counters) }
  }

  statistics(): QueueStatistics {
    const { available, delayed, inFlight } = this.delivery.counts
    const { window } = this.delivery
    const { liveBytes, sent, delivered, acknowledged, deadLettered, dropped } = this.#counters
    const start = window.start
    return {
      ready: available + this.#log.endOffset - window.end,
      inFlight,
      delayed,
      bytes: liveBytes,
      oldestAt: start < this.#log.endOffset ? this.#log.appendedAt(start) : null,
      sent,
      delivered,
      acknowledged,
      deadLettered,
      dropped,
      forwarding: this.forwarding,
    }
  }

  #append(frame: Uint8Array, keyHash: number): number {
    const messageId = this.#counters.nextMessageId++
    this.#counters.liveBytes += frame.length
    this.#log.append({ frame, keyHash, messageId })
    return messageId
  }

  #deliver(
    holder: number,
    maxMessages: number,
    maxBytes: number,
    visibilityTimeoutMs: number | null,
    now: number,
  ): readonly Delivery[] {
    this.expire(now)
    const room = MAX_IN_FLIGHT - this.delivery.counts.inFlight
    const { leases, departures } = acquire(
      this.delivery,
      {
        consumer: holder,
        maxMessages: Math.min(maxMessages, room),
        untilAt: now + (visibilityTimeoutMs ?? this.settings.visibilityTimeoutMs),
        maxDeliveries: this.settings.maxDeliveries,
        maxDepartures: this.#departuresLeft,
        maxBytes,
      },
      this.#log,
      now,
    )
    this.#depart(departures, now)
    this.#counters.delivered += leases.length
    return leases.map((lease) => this.#delivery(lease, now))
  }

  #delivery(lease: Lease, now: number): Delivery {
    const { entry, frame } = this.#log.frameAt(lease.offset, this.#appendTime(now))
    return { ...lease, messageId: entry?.messageId ?? 0, appendedAt: entry?.appendedAt ?? 0, frame }
  }

  /** Messages that nobody could process go to the dead-letter queue through the outbox, or are dropped. */
  #depart(departures: readonly Departure[], now: number): void {
    const target = this.settings.deadLetterQueue
    this.#departuresLeft = Math.max(0, this.#departuresLeft - departures.length)
    for (const departure of departures) {
      if (target === null) {
        this.#counters.dropped++
        continue
      }
      const { entry, frame } = this.#log.frameAt(departure.offset, this.#appendTime(now))
      const messageId = `${this.identity.incarnation}-${this.identity.shard}-${entry?.messageId ?? 0}`
      this.#changes.outbox.push({
        seq: ++this.#counters.outboxSeq,
        target: this.identity.targetOf(target),
        keyHash: entry?.keyHash ?? 0,
        frame: deadLetterFrame(frame, { source: this.identity.name, messageId }, departure, now),
      })
      this.#counters.deadLettered++
      this.forwarding++
    }
    this.#countFinished()
  }

  #countFinished(): void {
    for (const offset of this.delivery.takeFinished()) this.#counters.liveBytes -= this.#log.finished(offset)
  }

  get #waiting(): number {
    const { window } = this.delivery
    return this.delivery.counts.available + this.#log.endOffset - window.end
  }

  #appendTime(now: number): number {
    return Math.max(this.#counters.lastAppendedAt, now)
  }
}
