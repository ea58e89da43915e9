import type { Operation, SentMessage, Settle } from "../../support/checkers/history.ts"
import { gotDead } from "./build.ts"
import type { Chance } from "./chance.ts"

const VISIBILITY_MS = 5_000
export const MAX_DELIVERIES = 3
export const DEDUP_WINDOW_MS = 20_000

interface Stored extends SentMessage {
  readonly id: string
  availableAt: number
  attempt: number
  deliveryCount: number
  /** Until when somebody has it. */
  leasedUntil: number | null
  done: boolean
}

interface Receipt {
  readonly message: Stored
  readonly attempt: number
  readonly client: string
}

/** A queue that does one thing after the other, rightly; its clients hear late of it, or not at all. */
export class ReferenceQueue {
  readonly operations: Operation[] = []
  private readonly stored: Stored[] = []
  private readonly receipts: Receipt[] = []
  private readonly dead: Stored[] = []
  private readonly remembered = new Map<string, { id: string; until: number }>()
  private sends = 0

  private readonly chance: Chance
  private readonly fifo: boolean

  constructor(chance: Chance, fifo: boolean) {
    this.chance = chance
    this.fifo = fifo
  }

  step(now: number): void {
    this.expire(now)
    const what = this.chance.below(10)
    if (what < 3) this.send(now)
    else if (what < 6) this.receive(now, this.chance.answer(now))
    else if (this.receipts.length > 0) this.settle(now)
  }

  /** Takes what is left, until nothing comes any more; answers when that was. */
  drain(from: number): number {
    let now = from
    for (let round = 0; round < 10; round++) {
      now += 6_000
      for (;;) {
        this.expire(now)
        const answer = { calledAt: now - 1, answeredAt: now + 1 }
        const taken = this.receive(now, answer)
        if (taken.length === 0) break
        for (const receipt of taken) this.apply("ack", receipt, 0, now, { calledAt: now + 2, answeredAt: now + 4 })
        now += 10
      }
    }
    for (const { value, deliveryCount, availableAt, group } of this.dead) {
      this.operations.push(gotDead(value, Math.max(now, availableAt), "max_deliveries", deliveryCount, { group }))
    }
    const acks = this.dead.map(({ value }) => `dead/${value}`)
    for (const receipt of acks) this.operations.push(this.told("ack", receipt, "dead", 0, now + 20, now + 30, "ok"))
    return now + 5_000
  }

  private send(now: number): void {
    const repeated = this.sends > 0 && this.chance.chance(0.2)
    const number = repeated ? this.chance.below(this.sends) : this.sends++
    const group = this.fifo ? `g${number % 3}` : null
    const delayMs = !this.fifo && number % 5 === 0 ? 1_000 : 0
    const sent = { value: `v${number}`, group, dedupId: `d${number}`, delayMs }
    const answer = this.chance.answer(now)
    const known = this.remembered.get(sent.dedupId)
    const id = known && known.until > now ? known.id : `id-${this.stored.length}`
    if (id !== known?.id) {
      this.remembered.set(sent.dedupId, { id, until: now + DEDUP_WINDOW_MS })
      const fresh = { attempt: 0, deliveryCount: 0, leasedUntil: null, done: false }
      this.stored.push({ ...sent, id, availableAt: now + delayMs, ...fresh })
    }
    const results = answer.answeredAt === null ? null : [{ id }]
    this.operations.push({ kind: "send", client: "sender", queue: "q", ...answer, messages: [sent], results })
  }

  private receive(now: number, answer: { calledAt: number; answeredAt: number | null }): Receipt[] {
    const client = `r${this.chance.below(3)}`
    const taken = this.available(now)
    const asked = { client, queue: "q", waitMs: 0 }
    if (taken.length === 0 || answer.answeredAt === null)
      this.operations.push({ kind: "empty-receive", ...asked, ...answer })
    return taken.map((message) => {
      message.attempt++
      message.deliveryCount++
      message.leasedUntil = now + VISIBILITY_MS
      const receipt = { message, attempt: message.attempt, client }
      if (answer.answeredAt === null) return receipt
      this.receipts.push(receipt)
      this.operations.push({
        kind: "delivered",
        client,
        queue: "q",
        value: message.value,
        id: message.id,
        receipt: textOf(receipt),
        deliveryCount: message.deliveryCount,
        group: message.group,
        leasedAfter: answer.calledAt,
        answeredAt: answer.answeredAt,
        visibilityTimeoutMs: VISIBILITY_MS,
        deadLetter: null,
      })
      return receipt
    })
  }

  private available(now: number): Stored[] {
    const blocked = new Set(this.stored.filter(({ leasedUntil }) => leasedUntil !== null).map(({ group }) => group))
    const taken: Stored[] = []
    for (const message of this.stored) {
      if (message.done || message.leasedUntil !== null || taken.length === 2) continue
      if (this.fifo && blocked.has(message.group)) continue
      if (message.availableAt <= now) taken.push(message)
      // those behind it in its group wait with it
      else blocked.add(message.group)
    }
    return taken
  }

  private settle(now: number): void {
    const receipt = this.receipts[this.chance.below(this.receipts.length)]!
    const kind = (["ack", "ack", "nack", "extend"] as const)[this.chance.below(4)]!
    this.apply(kind, receipt, kind === "ack" ? 0 : this.chance.below(3_000), now, this.chance.answer(now))
  }

  private apply(
    kind: Settle["kind"],
    receipt: Receipt,
    ms: number,
    now: number,
    { calledAt, answeredAt }: { calledAt: number; answeredAt: number | null },
  ): void {
    const { message, attempt } = receipt
    const current = !message.done && message.leasedUntil !== null && message.attempt === attempt
    const ok = current || (message.done && kind === "ack")
    if (current && kind === "ack") {
      message.done = true
      message.leasedUntil = null
    } else if (current && kind === "extend") message.leasedUntil = now + ms
    else if (current) this.giveBack(message, now + ms)
    const result = answeredAt === null ? null : ok ? "ok" : "receipt_expired"
    this.operations.push(this.told(kind, textOf(receipt), "q", ms, calledAt, answeredAt, result))
  }

  private told(
    kind: Settle["kind"],
    receipt: string,
    queue: string,
    ms: number,
    calledAt: number,
    answeredAt: number | null,
    result: string | null,
  ): Settle {
    return { kind, client: "settler", queue, receipt, ms, calledAt, answeredAt, result }
  }

  private expire(now: number): void {
    for (const message of this.stored) {
      if (message.leasedUntil !== null && message.leasedUntil <= now) this.giveBack(message, now)
    }
  }

  private giveBack(message: Stored, availableAt: number): void {
    message.leasedUntil = null
    message.availableAt = availableAt
    if (message.deliveryCount >= MAX_DELIVERIES) {
      message.done = true
      this.dead.push(message)
    }
    if (!this.fifo) return
    for (const later of this.stored.slice(this.stored.indexOf(message) + 1)) {
      if (later.group !== message.group || later.leasedUntil === null) continue
      later.leasedUntil = null
      later.deliveryCount--
    }
  }
}

function textOf({ message, attempt }: Receipt): string {
  return `${message.id}/${attempt}`
}
