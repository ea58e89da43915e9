import type { Context } from "../context.ts"
import { abortedError } from "../errors.ts"
import { DEFAULT_LOOP_PREFETCH, type MessagesOptions } from "./consume-options.ts"
import type { Make } from "./handler-loop.ts"
import { endWith, throwFailure } from "./end-with.ts"
import { iterate, type Source } from "./iterate.ts"
import type { Delivered } from "./lease.ts"
import type { Leases } from "./leases.ts"
import { nackFor } from "./outcomes.ts"

/** What a loop takes its messages from. */
export interface MessageLoopParts<Entry extends Delivered, M> {
  readonly context: Context
  /** Called with the first step; begins to receive. */
  readonly open: (prefetch: number) => Leases<Entry>
  readonly make: Make<Entry, M>
  readonly options: MessagesOptions
}

/** Messages one by one; whoever leaves the loop gives back what is not settled. */
export function messageLoop<Entry extends Delivered, M>(parts: MessageLoopParts<Entry, M>): AsyncIterableIterator<M> {
  return iterate(() => new MessageSource(parts))
}

class MessageSource<Entry extends Delivered, M> implements Source<M> {
  readonly #parts: MessageLoopParts<Entry, M>
  readonly #leases: Leases<Entry>
  readonly #forget: () => void
  #isOver = false

  constructor(parts: MessageLoopParts<Entry, M>) {
    const { context, options, open } = parts
    this.#parts = parts
    this.#leases = open(options.prefetch ?? DEFAULT_LOOP_PREFETCH)
    const { signal } = options
    const abort = (): void => this.#leases.fail(abortedError(signal!))
    this.#forget = endWith(context.connection, signal, () => this.end(), abort)
  }

  async next(): Promise<M | null> {
    const { make, options } = this.#parts
    while (!this.#isOver) {
      throwFailure(this.#leases.failure)
      if (this.#leases.failure !== null) return null
      const lease = this.#leases.take()
      if (lease === null) {
        await this.#leases.changed.wait()
        continue
      }
      lease.isKept = options.autoExtend === true
      try {
        return await make(this.#leases, lease)
      } catch (error) {
        this.#leases.nack(lease, nackFor(error)).catch(() => {})
        if (options.onDecodeError === "throw") throw error
      }
    }
    return null
  }

  async end(): Promise<void> {
    this.#isOver = true
    this.#leases.changed.wake()
    await this.#leases.settler.idle()
    await this.#leases.end()
    this.#forget()
  }
}
