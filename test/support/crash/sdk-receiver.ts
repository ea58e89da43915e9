import { setTimeout as sleep } from "node:timers/promises"
import { type Client, isMillraceError, type Settleable } from "../../../src/client/index.ts"
import type { Random } from "../../simulation/random.ts"
import type { Delivered, Settle } from "../checkers/history.ts"
import type { Stage, Worker } from "./stage.ts"

/** How long one loop takes messages: all that is known of a lease is that it began within it. */
const SESSION_MS = 1_500

/** Something that came over a socket and is to be settled. */
export interface Arrived extends Settleable {
  /** What the history keeps of it. */
  readonly seen: Pick<Delivered, "value" | "id" | "group" | "deadLetter">
}

/** Where it comes from. */
export interface ArrivalPlace {
  /** As the history calls it. */
  readonly queue: string
  readonly leaseMs: number
  /** Whether all nacks count as deliveries, as they do over HTTP; else half of them. */
  readonly blames: boolean
  /** Begins to receive. */
  readonly open: (client: Client) => AsyncIterableIterator<Arrived>
}

/** Receives by the client library, in one loop after the other, and settles what comes. */
export class SdkReceiver implements Worker {
  readonly #stage: Stage
  readonly #client: Client
  readonly #place: ArrivalPlace
  readonly name: string
  readonly #random: Random

  constructor(stage: Stage, client: Client, place: ArrivalPlace, name: string) {
    this.#stage = stage
    this.#client = client
    this.#place = place
    this.name = name
    this.#random = stage.random(name)
  }

  readonly step = async (): Promise<void> => {
    const { recorder } = this.#stage
    const session = this.#stage.fresh(this.name)
    const openedAt = recorder.opens(session)
    const loop = this.#place.open(this.#client)
    const settling = new Set<Promise<void>>()
    const endInTime = async (): Promise<void> => {
      await sleep(SESSION_MS)
      recorder.closes(session)
      await loop.return?.()
    }
    const ending = endInTime()
    for await (const arrived of loop) {
      this.#note(arrived, session, openedAt)
      const settled = this.#settle(arrived, session)
      settling.add(settled)
      void settled.finally(() => settling.delete(settled))
    }
    await ending
    await Promise.all(settling)
  }

  #note({ seen, receipt, deliveryCount }: Arrived, client: string, leasedAfter: number): void {
    const { queue, leaseMs } = this.#place
    this.#stage.recorder.add({
      kind: "delivered",
      client,
      queue,
      ...seen,
      receipt,
      deliveryCount,
      leasedAfter,
      answeredAt: this.#stage.recorder.now(),
      visibilityTimeoutMs: leaseMs,
    })
  }

  async #settle(arrived: Arrived, client: string): Promise<void> {
    const { recorder } = this.#stage
    const drawn = this.#random.next()
    const delayMs = this.#random.between(0, 300)
    const calledAt = recorder.now()
    const said = { client, queue: this.#place.queue, receipt: arrived.receipt, calledAt }
    const note = (kind: Settle["kind"], ms: number, result: string | null): void => {
      const answeredAt = result === null ? null : recorder.now()
      recorder.add({ kind, ...said, ms, answeredAt, result })
    }
    if (drawn < 0.03)
      note("nack", delayMs, await outcomeOf(arrived.nack({ delayMs, fault: this.#place.blames || drawn < 0.015 })))
    else if (drawn < 0.035) note("reject", 0, await outcomeOf(arrived.nack({ reject: true })))
    else note("ack", 0, await outcomeOf(arrived.ack(), true))
  }
}

/**
 * What became of it. The client repeats what had no answer: the refusal of a repeat says nothing about the first, but
 * for acknowledgements, whose repeats are taken.
 */
async function outcomeOf(settled: Promise<void>, isSure = false): Promise<string | null> {
  try {
    await settled
    return "ok"
  } catch (error) {
    if (!isMillraceError(error)) throw error
    return isSure && error.problem !== undefined ? error.code : null
  }
}
