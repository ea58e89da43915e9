import { Batch, type Identity } from "./batch.ts"
import type { Entry } from "./entry.ts"

/** What became of a batch: the broker stored `stored` entries, `left` are to be said again, the others are gone. */
export interface Answer {
  readonly stored: number
  readonly left: readonly Entry[]
  readonly state: "refused" | "gap" | "unknown"
}

/** Entries of a batch that were refused for good: they never had a number in the broker's count of this producer. */
interface Gone {
  readonly order: number
  readonly count: number
  readonly saidOn: number
  readonly identity: Identity | null | undefined
}

/** The batches of a lane that were said, and how they are counted. */
export class Flight {
  /** Who says them; undefined where that must be asked first. */
  identity: Identity | null | undefined
  /** Whether the next identity must be one that was not used here before. */
  isFresh = false
  /** Said and not answered. */
  #unanswered: Batch[] = []
  /** Answered and to be said again, in order; those that may be stored come first. */
  #again: Batch[] = []
  /** What was refused for good since all was answered last. */
  #gone: Gone[] = []
  #isSuspect = false
  #sequence = 0
  #order = 0

  /** How many batches are unanswered. */
  get size(): number {
    return this.#unanswered.length
  }

  /** Whether something of it must be said again before anything else is. */
  get isBroken(): boolean {
    return this.#again.length > 0 || this.#gone.length > 0
  }

  /** Whether of everything that was said it is known whether it is stored. */
  get isQuiet(): boolean {
    return this.size === 0 && this.#again[0]?.state !== "unknown"
  }

  /** What is to be said again next, or undefined. */
  get nextAgain(): Batch | undefined {
    return this.#again[0]
  }

  /** A batch of `entries`, the next in order. */
  begin(entries: readonly Entry[], socket: number): Batch {
    const batch = new Batch(entries, this.#order++, this.#sequence, socket)
    this.#sequence += entries.length
    return this.#said(batch)
  }

  /** The batch that is to be said again next. */
  resume(): Batch {
    return this.#said(this.#again.shift()!)
  }

  /** An answer came. */
  answered(batch: Batch, { stored, left, state }: Answer): void {
    this.#unanswered = this.#unanswered.filter((other) => other !== batch)
    const count = batch.entries.length - stored - left.length
    // what stands behind a refused batch can't be stored, unless the broker has forgotten who counts here
    if (stored > 0 && this.#gone.some(({ order }) => order < batch.order)) this.#isSuspect = true
    const { order, saidOn, identity } = batch
    if (count > 0) this.#gone.push({ order, count, saidOn, identity })
    if (left.length === 0) return
    const isWhole = left.length === batch.entries.length
    const rest = isWhole ? batch : new Batch(left, batch.order, batch.sequence + stored, batch.saidOn)
    rest.identity = batch.identity
    rest.state = state
    this.#again.push(rest)
  }

  /** Nothing is unanswered: counts what is to be said again anew, without what is gone. */
  settle(socket: number): void {
    const gone = this.#gone
    const again = this.#again.sort((a, b) => a.order - b.order)
    this.#gone = []
    // a gap behind nothing that was refused: the broker counts differently
    if (again[0]?.state === "gap" && gone.length === 0) this.#isSuspect = true
    // a copy said on an earlier socket may still arrive, and would be taken for what gets its number now
    if (gone.length > 0 && [...gone, ...again].some(({ saidOn }) => saidOn !== socket)) this.#isSuspect = true
    let mayBeStored = true
    for (const batch of again) {
      mayBeStored &&= batch.state === "unknown"
      if (!mayBeStored) batch.state = "refused"
      // a batch that is to go under another id is counted under that one already
      batch.sequence -= sum(gone.filter(({ order, identity }) => order < batch.order && identity === batch.identity))
    }
    this.#sequence -= sum(gone.filter(({ identity }) => identity === this.identity))
    if (this.#isSuspect) this.#renew()
  }

  /** Gives back all that is known not to be stored. Only when it is quiet. */
  takeBack(socket: number): readonly Entry[] {
    const again = this.#again
    this.#again = []
    this.#sequence = again[0]?.sequence ?? this.#sequence
    if (again.some(({ saidOn }) => saidOn !== socket)) this.#renew()
    return again.flatMap(({ entries }) => entries)
  }

  /** Everything that is to be said again, which now never will be. */
  drop(): readonly Entry[] {
    return this.takeBack(-1)
  }

  #said(batch: Batch): Batch {
    batch.identity ??= this.identity
    batch.state = "said"
    this.#unanswered.push(batch)
    return batch
  }

  /** Goes on under another id, of which the broker knows nothing yet. */
  #renew(): void {
    this.#isSuspect = false
    this.identity = undefined
    this.isFresh = true
    this.#sequence = 0
    for (const batch of this.#again) {
      // what may be stored can only be asked for under the id that it was said under
      if (batch.state === "unknown") continue
      batch.identity = undefined
      batch.sequence = this.#sequence
      this.#sequence += batch.entries.length
    }
  }
}

function sum(gone: readonly { readonly count: number }[]): number {
  return gone.reduce((total, { count }) => total + count, 0)
}
