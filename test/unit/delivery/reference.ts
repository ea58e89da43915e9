import { PAGE_OFFSETS } from "../../../src/core/limits.ts"

export type Status =
  | { readonly kind: "available" }
  | { readonly kind: "delayed"; readonly at: number }
  | { readonly kind: "inFlight"; readonly consumer: number; readonly at: number }
  | { readonly kind: "done" }

export interface Message {
  readonly group: number
  readonly bytes: number
  readonly status: Status
  readonly attempt: number
  readonly count: number
  readonly firstAt: number
}

export interface Request {
  readonly consumer: number
  readonly maxMessages: number
  readonly untilAt: number
  readonly maxDeliveries: number | null
  readonly maxBytes: number
}

export interface Left {
  readonly offset: number
  readonly reason: "max_deliveries" | "rejected"
  readonly deliveryCount: number
  readonly firstDeliveredAt: number
  readonly error: string | null
}

interface Taken {
  readonly offset: number
  readonly attempt: number
  readonly deliveryCount: number
  readonly firstDeliveredAt: number
}

type Outcome = "settled" | "receipt_expired" | "invalid_receipt"

const AVAILABLE: Status = { kind: "available" }
const DONE: Status = { kind: "done" }

/** Delivery by the letter of docs/spec/delivery.md over a plain array: no pages, no indexes, no summaries. */
export class Reference {
  readonly ordered: boolean
  messages: Message[] = []
  end = 0
  finished: number[] = []

  constructor(ordered: boolean) {
    this.ordered = ordered
  }

  append(group: number, bytes: number): void {
    this.messages.push({ group, bytes, status: AVAILABLE, attempt: 0, count: 0, firstAt: 0 })
  }

  get start(): number {
    const first = this.messages.findIndex(({ status }) => status.kind !== "done")
    return first === -1 ? this.end : Math.min(first, this.end)
  }

  get counts(): { available: number; delayed: number; inFlight: number } {
    const counts = { available: 0, delayed: 0, inFlight: 0, done: 0 }
    for (let offset = 0; offset < this.end; offset++) counts[this.messages[offset]!.status.kind]++
    const { available, delayed, inFlight } = counts
    return { available, delayed, inFlight }
  }

  get nextDeadlineAt(): number | null {
    let next: number | null = null
    for (const { status } of this.messages) {
      if (status.kind !== "inFlight" && status.kind !== "delayed") continue
      if (next === null || status.at < next) next = status.at
    }
    return next
  }

  get holders(): Set<number> {
    const held = this.messages.map(({ status }) => (status.kind === "inFlight" ? status.consumer : 0))
    return new Set(held.filter((consumer) => consumer !== 0))
  }

  acquire(request: Request, now: number): { leases: Taken[]; departures: Left[] } {
    const result = { leases: [] as Taken[], departures: [] as Left[] }
    let bytes = 0
    for (let offset = this.#pick(request.consumer, null); offset !== null;) {
      const message = this.messages[offset]!
      if (result.leases.length >= request.maxMessages) break
      if (request.maxDeliveries !== null && message.count >= request.maxDeliveries) {
        result.departures.push(this.#leave(offset, "max_deliveries", null))
      } else {
        if (result.leases.length > 0 && bytes + message.bytes > request.maxBytes) break
        bytes += message.bytes
        result.leases.push(this.#lease(offset, request, now))
      }
      if (result.leases.length >= request.maxMessages) break
      offset = this.#pick(request.consumer, offset)
    }
    return result
  }

  acknowledge(offset: number, attempt: number, now: number): Outcome {
    const held = this.#check(offset, attempt, now)
    if (held === "held") this.#finish(offset)
    return held === "held" || held === "done" ? "settled" : held
  }

  release(
    offset: number,
    attempt: number,
    options: { delayMs: number; fault: boolean; maxDeliveries: number | null; error: string | null },
    now: number,
  ): { outcome: Outcome; departure: Left | null } {
    const held = this.#check(offset, attempt, now)
    if (held !== "held") return { outcome: held === "done" ? "receipt_expired" : held, departure: null }
    return { outcome: "settled", departure: this.#giveBack(offset, options, now) }
  }

  reject(
    offset: number,
    attempt: number,
    error: string | null,
    now: number,
  ): { outcome: Outcome; departure: Left | null } {
    const held = this.#check(offset, attempt, now)
    if (held !== "held") return { outcome: held === "done" ? "receipt_expired" : held, departure: null }
    return { outcome: "settled", departure: this.#leave(offset, "rejected", error) }
  }

  extend(offset: number, attempt: number, untilAt: number, now: number): Outcome {
    const held = this.#check(offset, attempt, now)
    if (held !== "held") return held === "done" ? "receipt_expired" : held
    const { status } = this.messages[offset]!
    if (status.kind === "inFlight") this.#set(offset, { status: { ...status, at: untilAt } })
    return "settled"
  }

  releaseConsumer(consumer: number, now: number): number {
    const before = this.counts.inFlight
    if (consumer === 0) return 0
    for (let offset = 0; offset < this.end; offset++) {
      const { status } = this.messages[offset]!
      if (status.kind !== "inFlight" || status.consumer !== consumer) continue
      this.#giveBack(offset, { delayMs: 0, fault: false, maxDeliveries: null, error: null }, now)
    }
    return before - this.counts.inFlight
  }

  expire(maxDeliveries: number | null, now: number): { released: number; departures: Left[] } {
    const before = this.counts.inFlight
    const departures: Left[] = []
    for (let offset = 0; offset < this.end; offset++) {
      const { status } = this.messages[offset]!
      if ((status.kind !== "inFlight" && status.kind !== "delayed") || status.at > now) continue
      if (status.kind === "delayed") {
        this.#set(offset, { status: AVAILABLE })
        continue
      }
      const departure = this.#giveBack(offset, { delayMs: 0, fault: true, maxDeliveries, error: null }, now)
      if (departure) departures.push(departure)
    }
    return { released: before - this.counts.inFlight - departures.length, departures }
  }

  /** What an acquire takes after `previous`, which it took last. */
  #pick(consumer: number, previous: number | null): number | null {
    if (!this.ordered) return this.#availableFrom((previous ?? -1) + 1)
    const next = previous === null ? null : this.#nextOfGroup(previous)
    if (next !== null) return next
    for (;;) {
      const oldest = this.#oldestFree(consumer)
      if (oldest !== null || this.end === this.messages.length) return oldest
      this.end = Math.min(this.messages.length, (Math.floor(this.end / PAGE_OFFSETS) + 1) * PAGE_OFFSETS)
    }
  }

  #availableFrom(from: number): number | null {
    for (let offset = from; offset < this.messages.length; offset++) {
      if (this.messages[offset]!.status.kind === "available") return offset
    }
    return null
  }

  #nextOfGroup(previous: number): number | null {
    const { group } = this.messages[previous]!
    if (group === 0) return null
    for (let offset = previous + 1; offset < this.end; offset++) {
      const message = this.messages[offset]!
      if (message.group !== group || message.status.kind === "done") continue
      return message.status.kind === "available" ? offset : null
    }
    return null
  }

  #oldestFree(consumer: number): number | null {
    const blocked = new Set<number>()
    for (let offset = 0; offset < this.end; offset++) {
      const { status, group } = this.messages[offset]!
      if (status.kind === "done" || (group !== 0 && blocked.has(group))) continue
      if (status.kind === "available") return offset
      const isMine = status.kind === "inFlight" && status.consumer === consumer && consumer !== 0
      if (!isMine) blocked.add(group)
    }
    return null
  }

  #check(offset: number, attempt: number, now: number): "held" | "done" | "receipt_expired" | "invalid_receipt" {
    if (offset >= this.end) return "invalid_receipt"
    const message = this.messages[offset]!
    if (message.status.kind === "done") return "done"
    if (attempt > message.attempt) return "invalid_receipt"
    if (message.status.kind !== "inFlight" || attempt < message.attempt) return "receipt_expired"
    return this.ordered && message.status.at <= now ? "receipt_expired" : "held"
  }

  #lease(offset: number, { consumer, untilAt }: Request, now: number): Taken {
    const { attempt, count, firstAt } = this.messages[offset]!
    const firstDeliveredAt = attempt === 0 ? now : firstAt
    const status: Status = { kind: "inFlight", consumer, at: untilAt }
    this.#set(offset, { status, attempt: attempt + 1, count: count + 1, firstAt: firstDeliveredAt })
    this.end = Math.max(this.end, offset + 1)
    return { offset, attempt: attempt + 1, deliveryCount: count + 1, firstDeliveredAt }
  }

  #giveBack(
    offset: number,
    options: { delayMs: number; fault: boolean; maxDeliveries: number | null; error: string | null },
    now: number,
  ): Left | null {
    const { count, group } = this.messages[offset]!
    const { delayMs, fault, maxDeliveries, error } = options
    if (fault && maxDeliveries !== null && count >= maxDeliveries) return this.#leave(offset, "max_deliveries", error)
    const last = this.ordered && group !== 0 ? this.end : 0
    for (let later = offset + 1; later < last; later++) {
      const other = this.messages[later]!
      if (other.group !== group || other.status.kind !== "inFlight") continue
      this.#set(later, { status: AVAILABLE, count: other.count - 1 })
    }
    const status: Status = delayMs > 0 ? { kind: "delayed", at: now + delayMs } : AVAILABLE
    this.#set(offset, { status, count: fault ? count : count - 1 })
    return null
  }

  #leave(offset: number, reason: Left["reason"], error: string | null): Left {
    const { count, firstAt } = this.messages[offset]!
    this.#finish(offset)
    return { offset, reason, deliveryCount: count, firstDeliveredAt: firstAt, error }
  }

  #finish(offset: number): void {
    this.#set(offset, { status: DONE })
    this.finished.push(offset)
  }

  #set(offset: number, change: Partial<Message>): void {
    this.messages[offset] = { ...this.messages[offset]!, ...change }
  }
}
