import type { ShareSettings, ShareSettlement } from "../../src/core/stream/share/commands.ts"
import { Violation, type Trace } from "./ledger.ts"
import type { PartitionLedger, SimRecord } from "./sim-partition.ts"

/** A record as it was handed out. */
export interface Handed extends SimRecord {
  readonly attempt: number
  readonly deliveryCount: number
}

/** What became of one record, from what its partition did. */
interface Fate {
  readonly record: SimRecord
  attempt: number
  /** Deliveries that count, with the last one. */
  deliveries: number
  /** When the lock ends, or null. */
  lockedUntil: number | null
  outcome: "accepted" | "rejected" | "worn out" | "missing" | null
}

/** Keeps account of the records of share groups, and throws a Violation where what happens to one must not be. */
export class ShareLedger implements PartitionLedger {
  readonly #settings: ShareSettings
  readonly #trace: Trace
  readonly #fates = new Map<string, Fate[]>()

  constructor(settings: ShareSettings, trace: Trace) {
    this.#settings = settings
    this.#trace = trace
  }

  appended(partition: string, record: SimRecord): void {
    this.#trace(`${partition} appends ${record.key}:${record.number} at ${record.offset}`)
    this.#of(partition).push({ record, attempt: 0, deliveries: 0, lockedUntil: null, outcome: null })
  }

  /** A consumer group is none of this ledger's business. */
  readonly granted = (): void => {}
  readonly committed = (): void => {}
  readonly compare = (): void => {}

  /** Locks that have run out end, and what the log start has passed is done unless it is locked. */
  expire(partition: string, now: number, startOffset: number): void {
    for (const fate of this.#of(partition)) {
      if (fate.lockedUntil !== null && fate.lockedUntil <= now) this.#comeBack(partition, fate, true)
      const isPassed = fate.record.offset < startOffset && fate.lockedUntil === null
      if (isPassed && fate.outcome === null) this.#end(fate, "missing")
    }
  }

  /** A partition has locked records for a member. */
  handedOut(partition: string, handed: readonly Handed[], lockedUntil: number, now: number, startOffset: number): void {
    const batch = new Set(handed.map(({ offset }) => offset))
    for (const { offset, attempt, deliveryCount } of handed) {
      const fate = this.#of(partition)[offset]
      const what = `${partition}@${offset} for the ${attempt}th time`
      if (!fate || offset < startOffset) violated(`${what}: it is not there`)
      this.#trace(`${partition} hands out ${fate.record.key}:${fate.record.number} at ${offset}, attempt ${attempt}`)
      if (fate.outcome !== null) violated(`${what}: it was ${fate.outcome}`)
      if (fate.lockedUntil !== null) violated(`${what}: it is locked until ${fate.lockedUntil}, at ${now}`)
      if (attempt !== fate.attempt + 1) violated(`${what}: the last was the ${fate.attempt}th`)
      if (deliveryCount > (this.#settings.maxDeliveries ?? deliveryCount))
        violated(`${what}: delivery ${deliveryCount}`)
      if (this.#settings.ordering === "key") this.#expectFirst(partition, fate, batch, startOffset)
      Object.assign(fate, { attempt, deliveries: deliveryCount, lockedUntil })
    }
    const locks = this.#of(partition).filter((fate) => fate.lockedUntil !== null).length
    if (locks > this.#settings.maxLocks) violated(`${partition}: ${locks} are locked`)
  }

  /** A partition has settled a receipt of one record, or said that it has expired. */
  settled(partition: string, settlement: ShareSettlement, isSettled: boolean, now: number): void {
    const { kind, receipt } = settlement
    const fate = this.#of(partition)[receipt.offset]!
    this.#trace(
      `${partition} ${isSettled ? "settles" : "refuses"} ${kind} of ${receipt.offset}, attempt ${receipt.attempt}`,
    )
    if (!isSettled || fate.outcome !== null) return
    if (receipt.attempt !== fate.attempt) {
      violated(
        `${partition}@${receipt.offset}: ${kind} of attempt ${receipt.attempt} counted in attempt ${fate.attempt}`,
      )
    }
    switch (kind) {
      case "ack":
        return this.#end(fate, "accepted")
      case "reject":
        return this.#end(fate, "rejected")
      case "nack":
        return this.#comeBack(partition, fate, settlement.fault)
      case "undelivered":
        return this.#comeBack(partition, fate, false)
      case "extend":
        fate.lockedUntil = now + settlement.lockDurationMs
    }
  }

  /** Of the last delivery of a record. */
  attemptOf(partition: string, offset: number): number {
    return this.#of(partition)[offset]!.attempt
  }

  /** How many records of a partition were accepted, and how many left undone. */
  counts(partition: string): { readonly accepted: number; readonly left: number } {
    const fates = this.#of(partition)
    const accepted = fates.filter(({ outcome }) => outcome === "accepted").length
    return { accepted, left: fates.filter(({ outcome }) => outcome !== null).length - accepted }
  }

  /** The first record that came to no end, or null; the log start has passed those before `startOffset`. */
  lost(partition: string, startOffset: number): SimRecord | null {
    return (
      this.#of(partition).find(({ record, outcome }) => outcome === null && record.offset >= startOffset)?.record ??
      null
    )
  }

  #end(fate: Fate, outcome: Fate["outcome"]): void {
    fate.outcome = outcome
    fate.lockedUntil = null
  }

  /** A record is to be delivered again, or has been often enough. */
  #comeBack(partition: string, fate: Fate, isFault: boolean): void {
    const { maxDeliveries, ordering } = this.#settings
    if (isFault && maxDeliveries !== null && fate.deliveries >= maxDeliveries) return this.#end(fate, "worn out")
    fate.lockedUntil = null
    if (ordering !== "key") return
    // the later ones of its key come back with it, without fault
    for (const later of this.#of(partition).slice(fate.record.offset + 1)) {
      if (later.record.key === fate.record.key) later.lockedUntil = null
    }
  }

  /** Every earlier record of the key is done, or handed out with this one. */
  #expectFirst(partition: string, { record }: Fate, batch: ReadonlySet<number>, startOffset: number): void {
    for (const { record: earlier, outcome } of this.#of(partition).slice(startOffset, record.offset)) {
      if (earlier.key !== record.key || outcome !== null || batch.has(earlier.offset)) continue
      violated(`${partition}: ${record.key}:${record.number} came while ${earlier.number} is not done`)
    }
  }

  #of(partition: string): Fate[] {
    const fates = this.#fates.get(partition) ?? []
    this.#fates.set(partition, fates)
    return fates
  }
}

function violated(what: string): never {
  throw new Violation(what)
}
