import { DETACHED } from "./types.ts"

/** Finished offsets that are kept in front before the array is cut. */
const SLACK = 64

/** The live offsets of one message group: those in flight first, then those that wait, in log order. */
export class Group {
  readonly key: number
  offsets: number[] = []
  inFlight = 0
  /** Who holds the messages in flight; means nothing while there are none. */
  holder: number = DETACHED
  /** Offsets before this index are done; the array is cut when half of it is. */
  #head = 0

  constructor(key: number) {
    this.key = key
  }

  /** The offset that is delivered next, or undefined where all are in flight. */
  get next(): number | undefined {
    return this.offsets[this.#head + this.inFlight]
  }

  get isEmpty(): boolean {
    return this.#head === this.offsets.length
  }

  /** Takes out an offset: one in flight, or the next. */
  remove(offset: number): void {
    // those before it move up: they are as many as are in flight, those behind it may be 100,000
    let at = this.offsets.indexOf(offset, this.#head)
    for (; at > this.#head; at--) this.offsets[at] = this.offsets[at - 1]!
    this.#head++
    if (this.#head > SLACK && this.#head * 2 > this.offsets.length) {
      this.offsets = this.offsets.slice(this.#head)
      this.#head = 0
    }
  }

  /** Offsets in flight behind `offset`. */
  inFlightAfter(offset: number): number[] {
    return this.offsets.slice(this.#head, this.#head + this.inFlight).filter((other) => other > offset)
  }
}
