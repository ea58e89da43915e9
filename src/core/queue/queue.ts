import { Consumers } from "../delivery/consumers.ts"
import { expire } from "../delivery/expire.ts"
import type { Leases } from "../delivery/leases.ts"
import { releaseConsumer, releaseOthers } from "../delivery/settle.ts"
import { equalBytes } from "../bytes/equal.ts"
import type { Failure } from "../errors.ts"
import { MAX_DUE_PER_COMMIT } from "../limits.ts"
import type { Submissions } from "../log/submission.ts"
import type { Delivery } from "../log/types.ts"
import type { ProducerBatch, ProducerState } from "../producers/producer-state.ts"
import { Producers } from "../producers/producers.ts"
import type { Result } from "../result.ts"
import type { QueueChanges, ReceiveAttemptRow, RedriveRow } from "./changes.ts"
import type { ProducerReply, QueueStatistics, ReceiveRequest, SendResult, Settlement } from "./commands.ts"
import { encodeCounters } from "./counters.ts"
import { type Push, type QueueConsumer, receive, serve } from "./delivering.ts"
import { Expiry } from "./expiry.ts"
import { type MoveSource, takeIn, takeMoved } from "./intake.ts"
import { Redrives } from "./operator/redrives.ts"
import { takeInFrom } from "./produced.ts"
import { type QueueParts, QueueState } from "./queue-state.ts"
import { ReceiveAttempts } from "./receive-attempts.ts"
import type { ExpirySource } from "./row-source.ts"
import { attemptsLimit, type QueueSettings } from "./settings.ts"
import { settle } from "./settlement.ts"
import { statisticsOf } from "./statistics.ts"

/** When a settlement should be tried again that was too much for one commit. */
const SETTLE_RETRY_MS = 100

/** A queue as it is loaded. */
export interface LoadedQueue extends QueueParts {
  readonly expiries: ExpirySource
  readonly attempts: readonly ReceiveAttemptRow[]
  readonly redrives: readonly RedriveRow[]
  /** In the order of their last batches. */
  readonly producers: readonly ProducerState[]
  readonly random: () => number
}

/**
 * One queue: the policy over a log and a delivery state. Commands change it in memory; `takeChanges`
 * says what their commit stores. If that fails the whole object is thrown away and loaded again.
 */
export class Queue {
  readonly state: QueueState
  readonly consumers = new Consumers<QueueConsumer>()
  readonly redrives: Redrives
  readonly #expiry: Expiry
  readonly #attempts: ReceiveAttempts
  readonly #producers: Producers
  readonly #random: () => number
  #storedCounters: Uint8Array

  constructor(loaded: LoadedQueue) {
    this.state = new QueueState(loaded)
    this.redrives = new Redrives(this.state, loaded.redrives)
    this.#expiry = new Expiry(this.state, loaded.expiries)
    this.#attempts = new ReceiveAttempts(loaded.attempts)
    this.#producers = new Producers(loaded.producers)
    this.#random = loaded.random
    this.#storedCounters = encodeCounters(loaded.counters)
  }

  /** Takes over changed settings. */
  configure(settings: QueueSettings): void {
    const { delayMs } = this.state.settings
    this.state.settings = settings
    this.#expiry.settingsChanged()
    if (settings.delayMs !== delayMs) this.state.heldBack.settingsChanged()
  }

  /** Takes in a batch: an id or a failure for each message, in order. */
  send(batch: Submissions, now: number): Result<readonly SendResult[], Failure> {
    this.#sample(now)
    return takeIn(this.state, batch, now)
  }

  /**
   * Takes in what a producer sends: what it sent before is answered as it was then, the rest is taken in up to the first
   * message that is refused. A failure of the whole has stored nothing, now or before.
   */
  sendBy(producer: ProducerBatch, batch: Submissions, now: number): Result<ProducerReply, Failure> {
    this.#sample(now)
    return takeInFrom(this.state, this.#producers, { producer, batch }, now)
  }

  /** Takes the frames that another queue moved here and that were not taken before; answers the highest sequence. */
  accept(batch: Submissions, seqs: readonly number[], source: MoveSource): number {
    return takeMoved(this.state, batch, seqs, source)
  }

  /** Leases messages to an HTTP receive. */
  receive(request: ReceiveRequest, now: number): Result<readonly Delivery[], Failure> {
    this.#sample(now)
    this.#endLeases(now)
    return receive(this.#delivering, request, now)
  }

  /** Whether as much is in flight as may be. */
  get isFull(): boolean {
    const { delivery, settings } = this.state
    return delivery.counts.inFlight >= settings.maxInFlight
  }

  /** Settles one receipt; null is success. */
  settle(settlement: Settlement, now: number): Failure | null {
    const { state } = this
    // whoever gives up on a message may send it to the dead-letter queue
    const mayMove = settlement.kind === "nack" || settlement.kind === "reject"
    if (mayMove && !state.mayMoveMore) return { code: "overloaded", retryAfterMs: SETTLE_RETRY_MS }
    const { failure, departure, acknowledged } = settle(state, settlement, this.#random, now)
    if (departure) state.depart([departure], now)
    else state.countFinished()
    if (acknowledged) state.counters.acknowledged++
    return failure
  }

  /** Does what is due: leases end, scheduled messages enter the log, old ones leave, idle producers are forgotten, a redrive goes on. */
  expire(now: number): void {
    this.#sample(now)
    this.#endLeases(now)
    for (const message of this.state.schedule.takeDue(now, MAX_DUE_PER_COMMIT)) {
      this.state.append(message.frame, message.keyHash, message.messageId, message.expiresAt)
    }
    this.#expiry.sweep(now)
    this.#producers.sweep(now)
    this.redrives.run(now)
  }

  /** Who holds something. */
  get leases(): Leases {
    return this.state.delivery.window.leases
  }

  /** Gives back what a consumer holds, without fault. */
  giveBack(holder: number, now: number): void {
    releaseConsumer(this.state.delivery, holder, now)
  }

  /** Gives back what a consumer holds beyond `kept`, attempts by offset, without fault. Answers how many leases it keeps. */
  giveBackOthers(holder: number, kept: ReadonlyMap<number, number>, now: number): number {
    // what has run out counts as a delivery, whoever comes for it
    this.#endLeases(now)
    releaseOthers(this.state.delivery, holder, kept, now)
    return this.leases.heldBy(holder, 0)
  }

  /** Leases messages to the consumers that wait, in turn and within their credit. */
  serve(now: number): readonly Push[] {
    return serve(this.#delivering, now)
  }

  /** Forgets outbox rows that their target has taken. */
  forwarded(count: number): void {
    this.state.forwarding -= count
  }

  /** Earliest instant at which the queue has something to do by itself, its outbox aside, or null. */
  get nextDeadlineAt(): number | null {
    const { delivery, heldBack, schedule, dedup } = this.state
    let earliest = Infinity
    const deadlines = [
      delivery.nextDeadlineAt,
      heldBack.nextAt,
      schedule.nextDueAt,
      dedup.nextSweepAt,
      this.#expiry.nextAt,
      this.#attempts.nextSweepAt,
      this.#producers.nextExpiryAt,
      this.redrives.nextAt,
    ]
    for (const at of deadlines) if (at !== null && at < earliest) earliest = at
    return earliest === Infinity ? null : earliest
  }

  /** What the commit `seq` stores. */
  takeChanges(seq: number, now: number): QueueChanges {
    const { state } = this
    const { counters, log, delivery } = state
    const rows = log.takeRows(now, counters.lastAppendedAt)
    if (rows.length > 0) counters.lastAppendedAt = state.appendTime(now)
    for (const { expiresAt } of rows) if (expiresAt !== null) this.#expiry.note(expiresAt)
    const deletedRows = log.takeDeletions((offset) => delivery.isDone(offset))
    const touched = new Set([...rows.map(({ baseOffset }) => baseOffset), ...deletedRows])
    const changes = {
      seq,
      rows,
      deletedRows,
      expiries: this.#expiry.takeChanges(touched),
      delivery: delivery.takeChanges(seq),
      scheduled: state.schedule.takeChanges(),
      dedup: state.dedup.takeChanges(now),
      attempts: this.#attempts.takeChanges(now),
      redrives: this.redrives.takeChanges(),
      producers: this.#producers.takeChanges(),
      moves: state.takeMoves(),
      ...this.#takeCounters(),
    }
    log.shrink()
    return changes
  }

  statistics(now: number): QueueStatistics {
    return statisticsOf(this.state, now)
  }

  get #delivering(): Parameters<typeof receive>[0] {
    const { state, consumers } = this
    return { state, consumers, expiry: this.#expiry, attempts: this.#attempts }
  }

  #takeCounters(): Pick<QueueChanges, "counters" | "countersChanged"> {
    const counters = encodeCounters(this.state.counters)
    const countersChanged = !equalBytes(counters, this.#storedCounters)
    this.#storedCounters = counters
    return { counters, countersChanged }
  }

  #sample(now: number): void {
    this.state.rates.sample(this.state.counters, now)
  }

  #endLeases(now: number): void {
    const { delivery, settings, departuresLeft } = this.state
    const { nextDeadlineAt } = delivery
    if (nextDeadlineAt === null || nextDeadlineAt > now) return
    const limits = { maxDeliveries: settings.maxDeliveries, maxAttempts: attemptsLimit(settings) }
    this.state.depart(expire(delivery, limits, now, departuresLeft).departures, now)
  }
}
