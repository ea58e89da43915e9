import type { Context } from "../context.ts"
import { closedError, isMillraceError, type MillraceError } from "../errors.ts"
import { quietTimeout } from "../timers.ts"
import { runTraced } from "../tracing.ts"
import type { ConsumeOptions, HandlerContext } from "./consume-options.ts"
import { endWith } from "./end-with.ts"
import type { Settleable } from "./held.ts"
import type { Delivered, Lease } from "./lease.ts"
import type { Leases } from "./leases.ts"
import { nackFor } from "./outcomes.ts"

/** How long a consumer waits when it stops. */
export interface StopOptions {
  /** Handlers that still run then are aborted, and their messages go back; waits for as long as it takes without. */
  readonly timeoutMs?: number
}

/** Handlers at work. */
export interface Consumer {
  /** Settles when it has stopped. Rejects where it can't go on: the queue is gone, or the client may not receive. */
  readonly done: Promise<void>
  /** Takes nothing more, and resolves when all handlers have ended and what became of their messages is stored. */
  stop(options?: StopOptions): Promise<void>
  /** As `stop`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * What a message is made of.
 * @internal
 */
export type Make<Entry extends Delivered, M> = (leases: Leases<Entry>, lease: Lease<Entry>) => Promise<M>

/**
 * What makes a consumer.
 * @internal
 */
export interface HandlerLoopParts<Entry extends Delivered, M> {
  readonly context: Context
  readonly leases: Leases<Entry>
  readonly make: Make<Entry, M>
  readonly handler: (message: M, context: HandlerContext) => unknown
  readonly concurrency: number
  readonly options: ConsumeOptions<M>
}

/** So long the broker may take to take back what a consumer had that was stopped in a hurry. */
const LAST_WORD_MS = 2_000

/**
 * Runs a handler for each message, so many at once.
 * @internal
 */
export class HandlerLoop<
  Entry extends Delivered,
  M extends Settleable & { readonly headers: Readonly<Record<string, string>> },
> implements Consumer {
  readonly done: Promise<void>
  readonly #parts: HandlerLoopParts<Entry, M>
  readonly #running = new Set<AbortController>()
  readonly #hurry = new AbortController()
  readonly #hurried = new Promise<void>((resolve) => {
    this.#hurry.signal.addEventListener("abort", () => resolve())
  })
  #stopping: Promise<void> | null = null

  constructor(parts: HandlerLoopParts<Entry, M>) {
    this.#parts = parts
    this.#hurry.signal.addEventListener("abort", () => this.#abortAll(closedError("consumer")))
    this.done = this.#work()
    // whoever does not ask for it is told by `onError`
    this.done.catch(() => {})
    const { context, options } = parts
    const stop = (): Promise<void> => this.stop()
    const forget = endWith(context.connection, options.signal, stop, () => void stop().catch(() => {}))
    this.done.then(forget, forget)
  }

  async stop({ timeoutMs }: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#parts.leases.drain()
    this.#parts.leases.changed.wake()
    const late = timeoutMs === undefined ? undefined : setTimeout(() => this.#hurry.abort(), timeoutMs)
    try {
      await this.done
    } finally {
      clearTimeout(late)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #work(): Promise<void> {
    const { leases } = this.#parts
    while (this.#stopping === null && leases.failure === null) {
      this.#begin()
      await leases.changed.wait()
    }
    await Promise.race([this.#stopping, this.#hurried])
    while (this.#running.size > 0 && !this.#hurry.signal.aborted && leases.failure === null) await leases.changed.wait()
    await Promise.race([leases.settler.idle(), this.#hurried])
    // a broker that does not answer takes everything back when it finds that out
    const late = this.#hurried.then(() => new Promise<void>((resolve) => quietTimeout(resolve, LAST_WORD_MS)))
    await Promise.race([leases.end(), late])
    const { failure } = leases
    if (failure === null || isMillraceError(failure, "closed")) return
    this.#tell(failure, null)
    throw failure
  }

  #begin(): void {
    const { leases, concurrency } = this.#parts
    while (this.#running.size < concurrency) {
      const lease = leases.take()
      if (lease === null) return
      leases.hold(lease)
      const controller = new AbortController()
      this.#running.add(controller)
      lease.onLost = (error) => controller.abort(error)
      void this.#handle(lease, controller.signal).finally(() => {
        this.#running.delete(controller)
        if (controller.signal.aborted) void leases.recheck(lease)
        else leases.release(lease)
      })
    }
  }

  async #handle(lease: Lease<Entry>, signal: AbortSignal): Promise<void> {
    const { context, leases, make, handler } = this.#parts
    let message: M | null = null
    try {
      const made = await make(leases, lease)
      message = made
      await runTraced(context.tracing, made, () => handler(made, { signal }))
      // one that was aborted may have ended for that: its message comes again
      if (!lease.isSettled && !signal.aborted) this.#settle(leases.ack(lease), message)
    } catch (error) {
      if (signal.aborted) return
      this.#tell(error, message)
      if (!lease.isSettled) this.#settle(leases.nack(lease, nackFor(error)), message)
    }
  }

  /** The next handler does not wait for it. */
  #settle(settled: Promise<void>, message: M | null): void {
    settled.catch((error: unknown) => this.#tell(error, message))
  }

  /** In a turn of its own: what the caller's function throws is the caller's. */
  #tell(error: unknown, message: M | null): void {
    const { onError } = this.#parts.options
    if (onError) queueMicrotask(() => onError(error, message))
  }

  #abortAll(error: MillraceError): void {
    for (const controller of this.#running) controller.abort(error)
    this.#parts.leases.changed.wake()
  }
}
