import type { Identity } from "./batch.ts"
import type { Connection } from "./connection.ts"
import type { MillraceError } from "./errors.ts"
import { Lane } from "./lane.ts"
import { openProducer } from "./producer-ids.ts"

/** Queues whose lanes are remembered while nothing is on its way. */
const MAX_LANES = 1_000
/** A publish holds one row of the broker's log or less, and a burst of the smallest messages all that one may hold. */
const MAX_BATCH_BYTES = 256 * 1024

/** What a client publishes to queues: a lane each, and one producer id for all of them. */
export class QueueLanes {
  readonly #connection: Connection
  readonly #lanes = new Map<string, Lane>()
  #identity: Promise<Identity> | null = null

  constructor(connection: Connection) {
    this.#connection = connection
    connection.closing.addEventListener("abort", () => this.#reject(connection.closing.reason as MillraceError))
  }

  /** The lane of a queue. */
  of(queue: string): Lane {
    const known = this.#lanes.get(queue)
    if (known) return known
    if (this.#lanes.size >= MAX_LANES) this.#forgetIdle()
    const lane = new Lane({
      connection: this.#connection,
      maxBatchBytes: MAX_BATCH_BYTES,
      target: () => ({ queue }),
      identify: (isFresh) => (isFresh ? openProducer(this.#connection) : this.#shared()),
      fenced: (error) => lane.reject(error),
      sealed: () => {},
      quiet: () => {},
    })
    this.#lanes.set(queue, lane)
    return lane
  }

  /** Resolves when everything that was given to the lanes is over. */
  async flush(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.drain()))
  }

  /** Also what only lingers has nobody to go to any more. */
  #reject(error: MillraceError): void {
    for (const lane of this.#lanes.values()) lane.reject(error)
  }

  /** Lanes begun later count anew, and so need another id. */
  #forgetIdle(): void {
    for (const [queue, lane] of this.#lanes) if (lane.isIdle) this.#lanes.delete(queue)
    this.#identity = null
  }

  #shared(): Promise<Identity> {
    this.#identity ??= openProducer(this.#connection).catch((error: unknown) => {
      this.#identity = null
      throw error
    })
    return this.#identity
  }
}
