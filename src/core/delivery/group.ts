import { DETACHED } from "./types.ts"

/** Finished offsets that are kept in front before the array is cut. */
const SLACK = 64

/** The live offsets of one message group: those in flight first, then those that wait, in log order. */
export class Group {
  readonly key: number
  /** Who holds the messages in flight; means nothing while there are none. */
  holder: number = DETACHED
  inFlight = 0
  /** One that was taken out of the middle stays as a gap, `-1 - offset`, until it comes to be the next. */
  #offsets: number[] = []
  /** Offsets before this index are done; the array is cut when half of it is. */
  #head = 0

  constructor(key: number) {
    this.key = key
  }

  /** The offset that is delivered next, or undefined where all are in flight. */
  get next(): number | undefined {
    return this.#offsets[this.#head + this.inFlight]
  }

  get isEmpty(): boolean {
    return this.#head === this.#offsets.length
  }

  /** Adds an offset behind all others. */
  add(offset: number): void {
    this.#offsets.push(offset)
  }

  /** The next is in flight from now on. */
  leaseNext(): void {
    this.inFlight++
    this.#skipGaps()
  }

  /** The last in flight is the next again. */
  giveBackLast(): void {
    this.inFlight--
  }

  /** Takes out an offset, wherever it stands. */
  remove(offset: number): void {
    const at = this.#positionOf(offset)
    const nextAt = this.#head + this.inFlight
    if (at > nextAt) {
      this.#offsets[at] = -1 - offset
      return
    }
    // those before it move up: they are as many as are in flight, those behind it may be 100,000
    this.#offsets.copyWithin(this.#head + 1, this.#head, at)
    this.#head++
    if (at < nextAt) this.inFlight--
    this.#skipGaps()
    if (this.#head > SLACK && this.#head * 2 > this.#offsets.length) {
      this.#offsets = this.#offsets.slice(this.#head)
      this.#head = 0
    }
  }

  /** Offsets in flight behind `offset`. */
  inFlightAfter(offset: number): number[] {
    return this.#offsets.slice(this.#positionOf(offset) + 1, this.#head + this.inFlight)
  }

  #skipGaps(): void {
    const nextAt = this.#head + this.inFlight
    let gaps = 0
    while ((this.#offsets[nextAt + gaps] ?? 0) < 0) gaps++
    if (gaps === 0) return
    this.#offsets.copyWithin(this.#head + gaps, this.#head, nextAt)
    this.#head += gaps
  }

  #positionOf(offset: number): number {
    let [low, high] = [this.#head, this.#offsets.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const found = this.#offsets[middle]!
      if ((found < 0 ? -1 - found : found) < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
