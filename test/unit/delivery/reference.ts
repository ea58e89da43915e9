import assert from "node:assert/strict"
import type { DeliveryLimits, DeliveryMode } from "../../../src/core/delivery/types.ts"
import { PAGE_OFFSETS } from "../../../src/core/limits.ts"
import type { Left, Message, Options, Request, Status, Taken } from "./reference-types.ts"

interface Released {
  readonly outcome: Outcome
  readonly departure: Left | null
}

type Outcome = "settled" | "receipt_expired" | "invalid_receipt"

const AVAILABLE: Status = { kind: "available" }
const DONE: Status = { kind: "done" }

const AT_ONCE: Options = { delayMs: 0, fault: true, maxDeliveries: null, maxAttempts: null, error: null }

/** Delivery by the letter of docs/spec/delivery.md over a plain array: no pages, no indexes, no summaries. */
export class Reference {
  readonly mode: DeliveryMode
  messages: Message[] = []
  end = 0
  finished: number[] = []

  constructor(mode: DeliveryMode) {
    this.mode = mode
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
    if (this.mode === "ordered" && request.maxMessages > 0 && this.end % PAGE_OFFSETS !== 0) this.#growByPage()
    for (let offset = this.#pick(request.consumer, null); offset !== null;) {
      const message = this.messages[offset]!
      if (result.leases.length >= request.maxMessages) break
      if (isSpent(message, request)) {
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

  cover(end: number): void {
    this.end = Math.max(this.end, end)
  }

  remove(offset: number): (Taken & { readonly wasInFlight: boolean }) | null {
    this.cover(offset + 1)
    const { status, attempt, count, firstAt } = this.messages[offset]!
    if (status.kind === "done") return null
    this.#finish(offset)
    const wasInFlight = status.kind === "inFlight"
    return { offset, wasInFlight, attempt, deliveryCount: count, firstDeliveredAt: firstAt }
  }

  postpone(offset: number, dueAt: number): void {
    const isAvailable = offset < this.end && this.messages[offset]!.status.kind === "available"
    if (isAvailable) this.#set(offset, { status: { kind: "delayed", at: dueAt } })
  }

  /** What is neither in flight nor done. */
  get waiting(): number[] {
    const kinds = new Set(["available", "delayed"])
    return [...this.messages.keys()].filter((offset) => kinds.has(this.messages[offset]!.status.kind))
  }

  /** Takes one available offset, whatever its turn. */
  takeOne(offset: number, request: Request, now: number): Taken | Left {
    const message = this.messages[offset]!
    assert.equal(message.status.kind, "available")
    return isSpent(message, request) ? this.#leave(offset, "max_deliveries", null) : this.#lease(offset, request, now)
  }

  acknowledge(offset: number, attempt: number, now: number): Outcome {
    const held = this.#check(offset, attempt, now)
    if (held === "held") this.#finish(offset)
    return held === "held" || held === "done" ? "settled" : held
  }

  release(offset: number, attempt: number, options: Options, now: number): Released {
    const held = this.#check(offset, attempt, now)
    if (held !== "held") return { outcome: held === "done" ? "receipt_expired" : held, departure: null }
    return { outcome: "settled", departure: this.#giveBack(offset, options, now) }
  }

  reject(offset: number, attempt: number, error: string | null, now: number): Released {
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

  reclaim(offset: number, attempt: number, untilAt: number): void {
    const message = offset < this.end ? this.messages[offset]! : null
    const isGivenBack = message?.status.kind === "available" || message?.status.kind === "delayed"
    if (this.mode === "ordered" || !isGivenBack || attempt === 0 || message.attempt !== attempt) return
    this.#set(offset, { status: { kind: "inFlight", consumer: 0, at: untilAt } })
  }

  /** Gives back what a consumer holds but for `kept`, attempts by offset. */
  releaseOthers(consumer: number, kept: ReadonlyMap<number, number>, now: number): number {
    const before = this.counts.inFlight
    if (consumer === 0) return 0
    for (let offset = 0; offset < this.end; offset++) {
      const { status, attempt } = this.messages[offset]!
      if (status.kind !== "inFlight" || status.consumer !== consumer || kept.get(offset) === attempt) continue
      this.#giveBack(offset, { ...AT_ONCE, fault: false }, now)
    }
    return before - this.counts.inFlight
  }

  expire(limits: DeliveryLimits, now: number): { released: number; departures: Left[] } {
    const before = this.counts.inFlight
    const departures: Left[] = []
    for (let offset = 0; offset < this.end; offset++) {
      const { status } = this.messages[offset]!
      if ((status.kind !== "inFlight" && status.kind !== "delayed") || status.at > now) continue
      if (status.kind === "delayed") {
        this.#set(offset, { status: AVAILABLE })
        continue
      }
      const departure = this.#giveBack(offset, { ...AT_ONCE, ...limits }, now)
      if (departure) departures.push(departure)
    }
    return { released: before - this.counts.inFlight - departures.length, departures }
  }

  /** What an acquire takes after `previous`, which it took last. */
  #pick(consumer: number, previous: number | null): number | null {
    if (this.mode !== "ordered") return this.#availableFrom((previous ?? -1) + 1)
    const next = previous === null ? null : this.#nextOfGroup(previous)
    if (next !== null) return next
    for (;;) {
      const oldest = this.#oldestFree(consumer)
      if (oldest !== null || this.end === this.messages.length) return oldest
      this.#growByPage()
    }
  }

  #growByPage(): void {
    this.end = Math.min(this.messages.length, (Math.floor(this.end / PAGE_OFFSETS) + 1) * PAGE_OFFSETS)
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
    return this.mode === "ordered" && message.status.at <= now ? "receipt_expired" : "held"
  }

  #lease(offset: number, { consumer, untilAt }: Request, now: number): Taken {
    const { attempt, count, firstAt } = this.messages[offset]!
    const firstDeliveredAt = attempt === 0 ? now : firstAt
    const status: Status = { kind: "inFlight", consumer, at: untilAt }
    this.#set(offset, { status, attempt: attempt + 1, count: count + 1, firstAt: firstDeliveredAt })
    this.end = Math.max(this.end, offset + 1)
    return { offset, attempt: attempt + 1, deliveryCount: count + 1, firstDeliveredAt }
  }

  #giveBack(offset: number, options: Options, now: number): Left | null {
    const { count, group } = this.messages[offset]!
    const { delayMs, fault, error } = options
    const limits = fault ? options : { ...options, maxDeliveries: null }
    if (isSpent(this.messages[offset]!, limits)) return this.#leave(offset, "max_deliveries", error)
    const last = this.mode === "ordered" && group !== 0 ? this.end : 0
    for (let later = offset + 1; later < last; later++) {
      const other = this.messages[later]!
      if (other.group !== group || other.status.kind !== "inFlight") continue
      this.#set(later, { status: AVAILABLE, count: Math.max(0, other.count - 1) })
    }
    const status: Status = delayMs > 0 ? { kind: "delayed", at: now + delayMs } : AVAILABLE
    this.#set(offset, { status, count: fault ? count : Math.max(0, count - 1) })
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

function isSpent({ attempt, count }: Message, { maxDeliveries, maxAttempts }: DeliveryLimits): boolean {
  return (maxDeliveries !== null && count >= maxDeliveries) || (maxAttempts !== null && attempt >= maxAttempts)
}
