import { type Client, connect, isMillraceError, type Message } from "../src/client/index.ts"
import type { Address } from "./http.ts"
import type { Job, Ledger } from "./ledger.ts"
import type { Step } from "./progress.ts"
import { Wire } from "./wire.ts"

/** Messages that a consumer holds at once. */
const PREFETCH = 10
/** Of those that the crashing consumer holds, how many it still acknowledges. */
const LAST_ACKS = 3
const CRASH_AT_MESSAGES = 8

/** Why a worker gives a poison message back. */
export const POISON_ERROR = new Error("no handler for this event")

/** Who works on a queue, and what is written down of it. */
export interface Workplace {
  readonly queue: string
  readonly visibilityTimeoutMs: number
  readonly ledger: Ledger
  readonly step: Step
}

/** A consumer with a client of its own, as if it were a process. */
abstract class Consumer {
  protected readonly broker: Client
  protected readonly wire: Wire
  protected readonly place: Workplace

  constructor(broker: Client, wire: Wire, place: Workplace) {
    this.broker = broker
    this.wire = wire
    this.place = place
  }

  /** Works until it is stopped; rejects where it can't. */
  abstract work(): Promise<void>

  /** Finishes what it has, and says goodbye. */
  async stop(): Promise<void> {
    await this.broker.close()
    this.place.ledger.beyondCredit += this.wire.audit.beyondCredit
  }

  /** Acknowledges a message, and writes it down once that is confirmed. */
  protected async ack(message: Message<unknown>, { number }: Job): Promise<void> {
    await message.ack()
    this.place.ledger.acknowledged(number)
    this.place.step.advance(1)
  }
}

/** Acknowledges what it can handle and gives back what it can't. */
export class Worker extends Consumer {
  override async work(): Promise<void> {
    const { queue, visibilityTimeoutMs, ledger } = this.place
    const broken = Promise.withResolvers<never>()
    const handle = async (message: Message<unknown>): Promise<void> => {
      const job = ledger.delivered(message)
      if (job.poison) throw POISON_ERROR
      await this.ack(message, job)
    }
    const onError = (error: unknown): void => {
      // its time had run out: it is delivered again
      if (error !== POISON_ERROR && !isMillraceError(error, "receipt_expired")) broken.reject(error)
    }
    const options = { concurrency: PREFETCH, prefetch: PREFETCH, visibilityTimeoutMs, onError }
    await Promise.race([this.broker.queue(queue).consume(handle, options).done, broken.promise])
  }
}

/** Collects messages, acknowledges a few, and dies with the others in its hands. */
export class CrashingWorker extends Consumer {
  override async work(): Promise<void> {
    const { queue, visibilityTimeoutMs, ledger } = this.place
    const held: { readonly message: Message<unknown>; readonly job: Job }[] = []
    for await (const message of this.broker.queue(queue).messages({ prefetch: PREFETCH, visibilityTimeoutMs })) {
      held.push({ message, job: ledger.delivered(message) })
      if (held.length < CRASH_AT_MESSAGES) continue
      const good = held.filter(({ job }) => !job.poison)
      await Promise.all(good.slice(0, LAST_ACKS).map(({ message: last, job }) => this.ack(last, job)))
      this.wire.cut()
      ledger.crashed(good.slice(LAST_ACKS).map(({ job }) => job.number))
      return
    }
  }
}

/** A consumer of a kind, connected. */
export async function hire(
  Kind: typeof Worker | typeof CrashingWorker,
  address: Address,
  place: Workplace,
): Promise<Consumer> {
  const wire = new Wire()
  return new Kind(await connect({ ...address, webSocket: wire.webSocket }), wire, place)
}
