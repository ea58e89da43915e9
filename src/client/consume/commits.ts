import type { RecordPlace } from "./records.ts"
import type { Settler } from "./settler.ts"

/** What to commit in one partition. */
export interface OffsetEntry extends RecordPlace {
  readonly epoch: number
  /** Of the next record. */
  readonly offset: number
  readonly metadata?: string
}

/** Commits of one member, one after the other, so that an older one that is said again never undoes a newer one. */
export class Commits {
  readonly #settler: Settler
  #last: Promise<unknown> = Promise.resolve()

  constructor(settler: Settler) {
    this.#settler = settler
  }

  /**
   * Commits what `entries` says when it is its turn. Said again for as long as a partition is away. Rejects with one
   * of what stays, such as `fenced`, and the others are committed all the same; or with what `entries` throws.
   */
  async commit(entries: () => readonly OffsetEntry[]): Promise<void> {
    const settled = this.#last.then(() => {
      return Promise.allSettled(entries().map((entry) => this.#settler.settle("commit", { ...entry })))
    })
    this.#last = settled.catch(() => {})
    for (const outcome of await settled) if (outcome.status === "rejected") throw outcome.reason
  }
}
