import { isHeld, stateAt } from "../../delivery/inspect.ts"
import { acknowledge, extend, reject, release } from "../../delivery/settle.ts"
import type { Departure, ReleaseOptions, SettleOutcome } from "../../delivery/types.ts"
import { MAX_SHARE_LOCKS } from "../../limits.ts"
import { retryDelayMs } from "../../queue/retry-delay.ts"
import type { ShareOutcome, ShareReceipt, ShareSettlement } from "./commands.ts"
import type { Share, ShareContext } from "./share.ts"

/** Gives a record back as if it had never been delivered. */
const BACK: ReleaseOptions = { delayMs: 0, fault: false, maxDeliveries: null, maxAttempts: null, error: null }

/** Settles the receipts of one call: each offset of a receipt that can be, and counts the others. */
export class Settling {
  readonly #share: Share
  readonly #context: ShareContext
  readonly #now: number
  /** Offsets that the receipts of the call may still name: in all as many as can be locked. */
  #offsetsLeft = MAX_SHARE_LOCKS
  #departures: Departure[] = []
  #departingBytes = 0

  constructor(share: Share, context: ShareContext, now: number) {
    this.#share = share
    this.#context = context
    this.#now = now
  }

  settle(settlement: ShareSettlement): ShareOutcome {
    const { receipt } = settlement
    if (this.#isForeign(receipt) || receipt.count > this.#offsetsLeft) return { code: "invalid_receipt" }
    this.#offsetsLeft -= receipt.count
    const counted = { settled: 0, receipt_expired: 0, invalid_receipt: 0 }
    for (const offset of inOrder(settlement)) counted[this.#settleOne(settlement, offset)]++
    this.#depart()
    if (counted.invalid_receipt === receipt.count) return { code: "invalid_receipt" }
    return { settled: counted.settled, expired: counted.receipt_expired + counted.invalid_receipt }
  }

  #isForeign({ incarnation, shard, stateId, stateGeneration, count }: ShareReceipt): boolean {
    const { identity } = this.#context
    const { id, generation } = this.#share.stored
    const isOfPartition = incarnation === identity.incarnation && shard === identity.partition
    return !isOfPartition || stateId !== id || stateGeneration !== generation || count < 1
  }

  #settleOne(settlement: ShareSettlement, offset: number): SettleOutcome {
    const { delivery } = this.#share
    const { attempt } = settlement.receipt
    switch (settlement.kind) {
      case "ack":
        return this.#acknowledge(offset, attempt)
      case "nack":
        return this.#nack(settlement, offset)
      case "reject": {
        if (!this.#mayLeave) return this.#comeBack(offset, attempt)
        const { outcome, departure } = reject(delivery, offset, attempt, settlement.error, this.#now)
        this.#note(departure)
        return outcome
      }
      case "extend":
        return extend(delivery, offset, attempt, this.#now + settlement.lockDurationMs, this.#now)
      case "undelivered":
        return release(delivery, offset, attempt, BACK, this.#now).outcome
    }
  }

  #acknowledge(offset: number, attempt: number): SettleOutcome {
    const { delivery, counters } = this.#share
    const doneBefore = delivery.window.finished.length
    const outcome = acknowledge(delivery, offset, attempt, this.#now)
    // a repeated acknowledgement counts once
    if (delivery.window.finished.length > doneBefore) counters.accepted++
    return outcome
  }

  #nack(settlement: Extract<ShareSettlement, { kind: "nack" }>, offset: number): SettleOutcome {
    const { delivery, limits, settings } = this.#share
    const { fault, error, receipt } = settlement
    if (!this.#mayLeave && this.#wouldLeave(offset, receipt.attempt, fault)) {
      return this.#comeBack(offset, receipt.attempt)
    }
    const retryMs = retryDelayMs(settings.retryDelay, delivery.deliveryCountOf(offset), this.#context.random())
    const options = { delayMs: settlement.delayMs ?? retryMs, fault, error, ...limits }
    const { outcome, departure } = release(delivery, offset, receipt.attempt, options, this.#now)
    this.#note(departure)
    return outcome
  }

  /** Whether this commit can carry another dead letter. */
  get #mayLeave(): boolean {
    const { length } = this.#departures
    if (this.#share.settings.deadLetter === null) return true
    return this.#context.deadLetters.hasRoomBesides(length, this.#departingBytes)
  }

  #wouldLeave(offset: number, attempt: number, fault: boolean): boolean {
    const { delivery, limits } = this.#share
    const at = stateAt(delivery, offset)
    if (at.kind !== "in_flight" || at.attempt !== attempt) return false
    const isWornOut = fault && limits.maxDeliveries !== null && at.deliveryCount >= limits.maxDeliveries
    return isWornOut || (limits.maxAttempts !== null && attempt >= limits.maxAttempts)
  }

  /** What can't be carried in this commit is delivered once more, and its receiver is told that it was not settled. */
  #comeBack(offset: number, attempt: number): SettleOutcome {
    const wasHeld = isHeld(this.#share.delivery, offset, attempt)
    const { outcome } = release(this.#share.delivery, offset, attempt, BACK, this.#now)
    return wasHeld && outcome === "settled" ? "receipt_expired" : outcome
  }

  #note(departure: Departure | null): void {
    if (!departure) return
    this.#departures.push(departure)
    this.#departingBytes += this.#context.log.lengthOf(departure.offset)
  }

  #depart(): void {
    const departures = this.#departures.sort((a, b) => a.offset - b.offset)
    this.#departures = []
    this.#departingBytes = 0
    this.#share.depart(departures, this.#now)
  }
}

/** What is given back goes from the end: where order is kept, a record takes the later ones of its key back with it. */
function* inOrder({ kind, receipt: { offset, count } }: ShareSettlement): Generator<number> {
  const isGivenBack = kind === "nack" || kind === "undelivered"
  for (let index = 0; index < count; index++) yield isGivenBack ? offset + count - 1 - index : offset + index
}
