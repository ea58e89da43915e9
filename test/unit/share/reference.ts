import { retryDelayMs } from "../../../src/core/queue/retry-delay.ts"
import type { ShareSettings } from "../../../src/core/stream/share/commands.ts"
import type { Received } from "./scene-records.ts"

/** A record as the reference has it: what became of one offset in one group. */
interface Cell {
  kind: "available" | "delayed" | "locked" | "done"
  attempt: number
  count: number
  firstAt: number
  /** End of the lock, or of the delay. */
  at: number
}

/** The log as both groups see it, observed from outside. */
export interface ReferenceLog {
  /** Keys of all records that were ever appended, null for none. */
  readonly keys: (string | null)[]
  /** Offsets that have a record. */
  present: ReadonlySet<number>
  startOffset: number
}

/** A dead letter, or what was dropped. */
export interface Left {
  readonly offset: number
  readonly reason: string
  readonly deliveryCount: number
}

/** A share group as plain arrays: every operation looks at everything. */
export class ReferenceShare {
  readonly left: Left[] = []
  accepted = 0
  delivered = 0
  settings: ShareSettings
  readonly #log: ReferenceLog
  readonly #cells: Cell[] = []
  readonly #initialOffset: number
  #lookedTo = 0

  constructor(log: ReferenceLog, settings: ShareSettings, initialOffset: number) {
    this.#log = log
    this.settings = settings
    this.#initialOffset = initialOffset
  }

  /** Offsets of this kind that a reader of the group could tell. */
  count(kind: Cell["kind"]): number {
    return this.#log.keys.filter((_, offset) => this.#cell(offset).kind === kind).length
  }

  /** Whether a record is there and not done. */
  get remaining(): number[] {
    return [...this.#log.present].filter((offset) => this.#cell(offset).kind !== "done")
  }

  receive(maxMessages: number, lockMs: number | null, now: number): Omit<Received, "appendedAt">[] {
    this.expire(now)
    const most = Math.min(maxMessages, this.settings.maxLocks - this.count("locked"))
    const taken =
      this.settings.ordering === "key" ? this.#takeByKey(most, lockMs, now) : this.#takeInOrder(most, lockMs, now)
    this.delivered += taken.length
    return taken.map((offset) => {
      const { attempt, count, firstAt } = this.#cell(offset)
      return { offset, attempt, deliveryCount: count, firstDeliveredAt: firstAt, body: `r${offset}` }
    })
  }

  /** Settles a range of offsets under one attempt; the outcome as the scene writes it. */
  settle(
    kind: "ack" | "nack" | "fault-free" | "reject" | "extend" | "undelivered",
    range: { readonly offset: number; readonly attempt: number; readonly count: number },
    ms: number | null,
    now: number,
  ): string {
    const offsets = Array.from({ length: range.count }, (_, index) => range.offset + index)
    const isBackward = kind === "nack" || kind === "fault-free" || kind === "undelivered"
    if (isBackward) offsets.reverse()
    const leftBefore = this.left.length
    const outcomes = offsets.map((offset) => this.#settleOne(kind, offset, range.attempt, ms, now))
    const gone = this.left.splice(leftBefore).sort((a, b) => a.offset - b.offset)
    this.left.push(...gone)
    if (outcomes.every((outcome) => outcome === "invalid")) return "invalid_receipt"
    const settled = outcomes.filter((outcome) => outcome === "settled").length
    return `${settled}/${outcomes.length - settled}`
  }

  /** Ends what is due, and takes what the log start has passed. */
  expire(now: number): void {
    for (const offset of this.#log.keys.keys()) {
      const cell = this.#cell(offset)
      if (cell.at > now) continue
      if (cell.kind === "delayed") cell.kind = "available"
      else if (cell.kind === "locked") this.#giveBack(offset, { delayMs: 0, fault: true }, now)
    }
    for (let offset = 0; offset < this.#log.startOffset; offset++) {
      const cell = this.#cell(offset)
      if (cell.kind !== "locked") cell.kind = "done"
    }
  }

  #takeInOrder(most: number, lockMs: number | null, now: number): number[] {
    const taken: number[] = []
    for (const offset of this.#log.keys.keys()) {
      if (taken.length >= most) break
      if (this.#cell(offset).kind === "available" && this.#take(offset, lockMs, now)) taken.push(offset)
    }
    return taken
  }

  #takeByKey(most: number, lockMs: number | null, now: number): number[] {
    const taken: number[] = []
    if (most > 0) this.#look()
    for (let key = this.#nextKey(taken); key && taken.length < most; key = this.#nextKey(taken)) {
      for (const offset of key) {
        if (taken.length >= most || this.#cell(offset).kind !== "available") break
        if (this.#take(offset, lockMs, now)) taken.push(offset)
      }
    }
    return taken
  }

  /** Looks at all that was appended since: what has no record by then never stood before others of its key. */
  #look(): void {
    for (; this.#lookedTo < this.#log.keys.length; this.#lookedTo++) {
      if (!this.#log.present.has(this.#lookedTo)) this.#cell(this.#lookedTo).kind = "done"
    }
  }

  /** The offsets that are not done of the free key with the oldest one. */
  #nextKey(taken: readonly number[]): number[] | null {
    const byKey = new Map<string, number[]>()
    for (const [offset, key] of this.#log.keys.entries()) {
      if (this.#cell(offset).kind === "done") continue
      const name = key ?? `only ${offset}`
      byKey.set(name, [...(byKey.get(name) ?? []), offset])
    }
    const free = [...byKey.values()].filter((offsets) => {
      const isHeld = offsets.some((offset) => this.#cell(offset).kind === "locked" || taken.includes(offset))
      return !isHeld && this.#cell(offsets[0]!).kind === "available"
    })
    return free.sort((a, b) => a[0]! - b[0]!)[0] ?? null
  }

  /** Locks an available offset, or lets it go where it has no record or no delivery left. */
  #take(offset: number, lockMs: number | null, now: number): boolean {
    const cell = this.#cell(offset)
    if (this.#isSpent(cell, true)) {
      this.#leave(offset, "max_deliveries")
      return false
    }
    if (!this.#log.present.has(offset)) {
      cell.kind = "done"
      return false
    }
    if (cell.attempt === 0) cell.firstAt = now
    cell.kind = "locked"
    cell.attempt++
    cell.count++
    cell.at = now + (lockMs ?? this.settings.lockDurationMs)
    return true
  }

  #settleOne(
    kind: Parameters<ReferenceShare["settle"]>[0],
    offset: number,
    attempt: number,
    ms: number | null,
    now: number,
  ): "settled" | "expired" | "invalid" {
    const cell = this.#cell(offset)
    if (cell.kind === "done") return kind === "ack" ? "settled" : "expired"
    if (attempt > cell.attempt) return "invalid"
    const isOver = this.settings.ordering === "key" && cell.at <= now
    if (cell.kind !== "locked" || attempt < cell.attempt || isOver) return "expired"
    switch (kind) {
      case "ack":
        cell.kind = "done"
        this.accepted++
        return "settled"
      case "reject":
        this.#leave(offset, "rejected")
        return "settled"
      case "extend":
        cell.at = now + (ms ?? 0)
        return "settled"
      case "nack":
      case "fault-free": {
        const delayMs = ms ?? retryDelayMs(this.settings.retryDelay, cell.count, 0.5)
        this.#giveBack(offset, { delayMs, fault: kind === "nack" }, now)
        return "settled"
      }
      case "undelivered":
        this.#release(offset, 0, false, now)
        return "settled"
    }
  }

  #giveBack(offset: number, { delayMs, fault }: { delayMs: number; fault: boolean }, now: number): void {
    if (this.#isSpent(this.#cell(offset), fault)) this.#leave(offset, "max_deliveries")
    else this.#release(offset, delayMs, fault, now)
  }

  /** What is given back takes the later locked ones of its key along where order is kept. */
  #release(offset: number, delayMs: number, fault: boolean, now: number): void {
    const { keys } = this.#log
    if (this.settings.ordering === "key" && keys[offset] !== null) {
      for (const [later, key] of keys.entries()) {
        const cell = this.#cell(later)
        if (later <= offset || key !== keys[offset] || cell.kind !== "locked") continue
        cell.kind = "available"
        cell.count--
      }
    }
    const cell = this.#cell(offset)
    cell.kind = delayMs > 0 ? "delayed" : "available"
    cell.at = now + delayMs
    if (!fault) cell.count--
  }

  #leave(offset: number, reason: string): void {
    const cell = this.#cell(offset)
    cell.kind = "done"
    if (this.#log.present.has(offset)) this.left.push({ offset, reason, deliveryCount: cell.count })
  }

  #isSpent({ count, attempt }: Cell, fault: boolean): boolean {
    const { maxDeliveries } = this.settings
    if (maxDeliveries === null) return false
    return (fault && count >= maxDeliveries) || attempt >= maxDeliveries * 10
  }

  #cell(offset: number): Cell {
    const kind = offset < this.#initialOffset ? "done" : "available"
    this.#cells[offset] ??= { kind, attempt: 0, count: 0, firstAt: 0, at: 0 }
    return this.#cells[offset]
  }
}
