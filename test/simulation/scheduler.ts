import { EventHeap, type Timed } from "./event-heap.ts"
import type { Random } from "./random.ts"

const STARTED_AT = 1_000_000

interface Event extends Timed {
  readonly run: () => void
}

/** Runs events one after the other under a clock that jumps from each to the next. */
export class Scheduler {
  #now = STARTED_AT
  readonly #random: Random
  readonly #events = new EventHeap<Event>()

  constructor(random: Random) {
    this.#random = random
  }

  get now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): void {
    this.at(this.#now + ms, run)
  }

  at(at: number, run: () => void): void {
    this.#events.push({ at: Math.max(at, this.#now), tie: this.#random.next(), run })
  }

  /** Runs everything until `ms` from now; the clock ends there. */
  run(ms: number): void {
    const until = this.#now + ms
    for (let { first } = this.#events; first && first.at <= until; { first } = this.#events) {
      this.#events.removeFirst()
      this.#now = first.at
      first.run()
    }
    this.#now = until
  }
}
