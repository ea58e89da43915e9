import type { Connection } from "../connection.ts"
import { errorOf, type MillraceError } from "../errors.ts"
import { isPassing } from "../refusals.ts"
import { sleep } from "../timers.ts"
import { backoffMs } from "./backoff.ts"
import { Wakeup } from "./wakeup.ts"

/** What may become of a lease, or of a member's place. */
export type SettleKind = "ack" | "nack" | "extend" | "commit"

/** A receipt or an offset, and what goes with it. */
export type Settlement = Readonly<Record<string, unknown>>

interface Waiting {
  readonly entry: Settlement
  readonly resolve: () => void
  readonly reject: (error: MillraceError) => void
  failures: number
}

/** What the broker takes in a frame. Of others than acks it is 256 offsets, or as many texts of errors as fit. */
const MAX_RECEIPTS = 1_000
const MAX_ENTRIES = 200
const LIST = { ack: "receipts", nack: "entries", extend: "entries", commit: "offsets" } as const

/** Settles for one queue, share group or member: what is said in one turn goes as one frame of each kind. */
export class Settler {
  readonly #connection: Pick<Connection, "call" | "closing">
  readonly #target: () => Readonly<Record<string, unknown>>
  readonly #waiting: Record<SettleKind, Waiting[]> = { ack: [], nack: [], extend: [], commit: [] }
  readonly #settled = new Wakeup()
  #unsettled = 0

  /** `target` names the queue, the topic and its share group, or the group and its member. */
  constructor(connection: Pick<Connection, "call" | "closing">, target: () => Readonly<Record<string, unknown>>) {
    this.#connection = connection
    this.#target = target
  }

  /**
   * Resolves when it is done. Said again for as long as the broker is busy or away; so it rejects only with what stays,
   * such as `receipt_expired`, or when the client is over.
   */
  async settle(kind: SettleKind, entry: Settlement): Promise<void> {
    this.#unsettled++
    try {
      await new Promise<void>((resolve, reject) => this.#add(kind, { entry, resolve, reject, failures: 0 }))
    } finally {
      if (--this.#unsettled === 0) this.#settled.wake()
    }
  }

  /** Resolves when everything is done that was said. */
  async idle(): Promise<void> {
    while (this.#unsettled > 0) await this.#settled.wait()
  }

  #add(kind: SettleKind, waiting: Waiting): void {
    const all = this.#waiting[kind]
    if (all.push(waiting) === 1) queueMicrotask(() => this.#flush(kind, all))
  }

  #flush(kind: SettleKind, all: Waiting[]): void {
    while (all.length > 0) void this.#say(kind, all.splice(0, kind === "ack" ? MAX_RECEIPTS : MAX_ENTRIES))
  }

  async #say(kind: SettleKind, said: readonly Waiting[]): Promise<void> {
    const list = said.map(({ entry }) => (kind === "ack" ? entry["receipt"] : entry))
    try {
      const answer = await this.#connection.call({ type: kind, ...this.#target(), [LIST[kind]]: list })
      const results = answer["results"] as readonly { readonly problem?: unknown }[]
      for (const [index, waiting] of said.entries()) {
        const problem = results[index]?.problem
        if (problem === undefined) waiting.resolve()
        else this.#refused(kind, waiting, errorOf(problem))
      }
    } catch (error) {
      for (const waiting of said) this.#refused(kind, waiting, error as MillraceError)
    }
  }

  #refused(kind: SettleKind, waiting: Waiting, error: MillraceError): void {
    const { closing } = this.#connection
    if (!isPassing(error) || closing.aborted) return waiting.reject(error)
    void sleep(backoffMs(waiting.failures++, error.retryAfterMs), closing).then(() => this.#add(kind, waiting))
  }
}
