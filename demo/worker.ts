import type { Message, MessageDelivery } from "./frames.ts"
import type { Job, Ledger } from "./ledger.ts"
import type { Step } from "./progress.ts"
import type { DemoSocket } from "./socket.ts"

/** Messages that a consumer takes ahead of its work. */
const CREDIT_MESSAGES = 10
/** Of those that the crashing consumer holds, how many it still acknowledges. */
const LAST_ACKS = 3
const CRASH_AT_MESSAGES = 8

/** Why a worker gives a poison message back. */
export const POISON_ERROR = "no handler for this event"

interface Held {
  readonly job: Job
  readonly receipt: string
}

abstract class Consumer {
  protected readonly socket: DemoSocket
  protected readonly ledger: Ledger
  protected sub = 0
  readonly #step: Step
  readonly #broken = Promise.withResolvers<never>()
  #received = 0
  #granted = CREDIT_MESSAGES
  #work: Promise<void> = Promise.resolve()

  constructor(socket: DemoSocket, ledger: Ledger, step: Step) {
    this.socket = socket
    this.ledger = ledger
    this.#step = step
  }

  /** Never resolves. */
  get failed(): Promise<never> {
    return Promise.race([this.socket.failed, this.#broken.promise])
  }

  start(queue: string): void {
    this.sub = this.socket.subscribeQueue(queue, CREDIT_MESSAGES, (delivery) => this.#take(delivery))
  }

  /** Resolves when all that was delivered so far has been dealt with. */
  idle(): Promise<void> {
    return this.#work
  }

  protected abstract handle(held: readonly Held[]): Promise<void>

  protected grantMore(count: number): void {
    this.#granted += count
    this.socket.grant(this.sub, this.#granted)
  }

  protected async ack(held: readonly Held[]): Promise<void> {
    if (held.length === 0) return
    const results = await this.socket.ack(
      this.sub,
      held.map(({ receipt }) => receipt),
    )
    // The others' time had run out: they are delivered again.
    const done = held.filter((_, entry) => "ok" in results[entry]!)
    for (const { job } of done) this.ledger.acknowledged(job.number)
    this.#step.advance(done.length)
  }

  #take({ messages }: MessageDelivery): void {
    this.#received += messages.length
    this.ledger.beyondCredit += Math.max(0, Math.min(messages.length, this.#received - this.#granted))
    const held = messages.map((message: Message) => ({ job: this.ledger.delivered(message), receipt: message.receipt }))
    this.#work = this.#work.then(() => this.handle(held))
    this.#work.catch(this.#broken.reject)
  }
}

/** Acknowledges what it can handle and gives back what it can't. */
export class Worker extends Consumer {
  protected override async handle(held: readonly Held[]): Promise<void> {
    const poison = held.filter(({ job }) => job.poison)
    const good = held.filter(({ job }) => !job.poison)
    const nack = this.#nack(poison)
    await this.ack(good)
    await nack
    this.grantMore(held.length)
  }

  async #nack(held: readonly Held[]): Promise<void> {
    if (held.length === 0) return
    const receipts = held.map(({ receipt }) => receipt)
    await this.socket.nack(this.sub, receipts, POISON_ERROR)
  }
}

/** Collects messages, acknowledges a few, and dies with the others in its hands. */
export class CrashingWorker extends Consumer {
  #held: readonly Held[] = []

  protected override async handle(held: readonly Held[]): Promise<void> {
    this.#held = [...this.#held, ...held]
    if (this.#held.length < CRASH_AT_MESSAGES || this.ledger.crashes > 0) return
    const last = this.#held.filter(({ job }) => !job.poison).slice(0, LAST_ACKS)
    await this.ack(last)
    this.#held = this.#held.filter((one) => !last.includes(one))
    this.socket.terminate()
    this.ledger.crashed(this.#held.filter(({ job }) => !job.poison).map(({ job }) => job.number))
  }
}
