import type { Random } from "../../simulation/random.ts"
import type { Delivered } from "../checkers/history.ts"
import type { Call } from "./door.ts"
import { habitFor } from "./habits.ts"
import { LONG_LEASE_MS } from "./settings.ts"
import { Settler, type SettlePlace } from "./settler.ts"
import type { Stage, Worker } from "./stage.ts"

const MAX_MESSAGES = 40
const LONG = 0.2

/** Where to receive from, and how. */
export interface ReceivePlace extends SettlePlace {
  /** How long most leases last. */
  readonly leaseMs: number
  /** Whether a receive without an answer is made again, and is answered with the same messages. */
  readonly repeats: boolean
  /** What part of all deliveries is never settled. */
  readonly forgetful: number
  /** What an answer delivers. */
  readonly read: (answer: unknown) => readonly Received[]
}

/** What a receive answers of a message or record. */
export interface Received extends Pick<
  Delivered,
  "value" | "id" | "receipt" | "deliveryCount" | "group" | "deadLetter"
> {}

/** Receives over HTTP, and settles as is its habit. */
export class QueueReceiver implements Worker {
  readonly #stage: Stage
  readonly #place: ReceivePlace
  readonly name: string
  readonly #random: Random
  readonly #settler: Settler

  constructor(stage: Stage, place: ReceivePlace, name: string) {
    this.#stage = stage
    this.#place = place
    this.name = name
    this.#random = stage.random(name)
    this.#settler = new Settler(stage, place, name)
  }

  readonly step = async (): Promise<void> => {
    const messages = await this.receive(this.#random.pick([0, 100, 200, 400]))
    const habits = messages.map(({ value, receipt }) => ({
      receipt,
      habit: habitFor(value, this.#random, this.#place.forgetful),
    }))
    const of = (kind: string) => habits.filter(({ habit }) => habit.kind === kind)
    await Promise.all([
      this.#settler.ack(of("ack").map(({ receipt }) => receipt)),
      this.#settler.nack(of("nack").concat(of("reject"))),
      this.#settler.extendThenAck(of("extend")),
    ])
  }

  /** Receives and acknowledges everything; answers how much it was. */
  async takeAll(waitMs: number): Promise<number> {
    const messages = await this.receive(waitMs)
    await this.#settler.ack(messages.map(({ receipt }) => receipt))
    return messages.length
  }

  async receive(waitMs: number): Promise<readonly Received[]> {
    const { repeats, path, leaseField } = this.#place
    const leaseMs = this.#random.chance(LONG) ? LONG_LEASE_MS : this.#place.leaseMs
    const maxMessages = this.#random.between(1, MAX_MESSAGES)
    const attempt = repeats ? { attemptId: this.#stage.fresh(`${this.name} attempt`) } : {}
    const body = { maxMessages, waitMs, [leaseField]: leaseMs, ...attempt }
    const leasedAfter = this.#stage.recorder.now()
    for (;;) {
      const call = await this.#stage.door.post("receive", `${path}/receive`, body)
      const received = this.#received(call)
      if (received.length === 0) this.#empty(call, waitMs)
      this.#record(received, leaseMs, leasedAfter, call)
      if (call.answer !== null || !repeats) return received
    }
  }

  #received({ answer }: Call): readonly Received[] {
    if (answer === null) return []
    if (answer.status !== 200) throw new Error(`a receive by ${this.name} was refused: ${JSON.stringify(answer)}`)
    return this.#place.read(answer.body)
  }

  #empty({ calledAt, answeredAt }: Call, waitMs: number): void {
    const { queue } = this.#place
    this.#stage.recorder.add({ kind: "empty-receive", client: this.name, queue, calledAt, answeredAt, waitMs })
  }

  #record(received: readonly Received[], leaseMs: number, leasedAfter: number, { answeredAt }: Call): void {
    const { queue } = this.#place
    const seen = { kind: "delivered", client: this.name, queue, leasedAfter, visibilityTimeoutMs: leaseMs } as const
    for (const one of received) this.#stage.recorder.add({ ...seen, ...one, answeredAt: answeredAt! })
  }
}
