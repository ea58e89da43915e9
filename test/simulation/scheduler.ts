import type { Random } from "./random.ts"

const STARTED_AT = 1_000_000

interface Event {
  readonly at: number
  /** Orders what happens at the same instant. */
  readonly tie: number
  readonly run: () => void
}

/** Runs events one after the other under a clock that jumps from each to the next. */
export class Scheduler {
  #now = STARTED_AT
  readonly #random: Random
  /** A heap: no event is before its parent. */
  readonly #events: Event[] = []

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
    const event = { at: Math.max(at, this.#now), tie: this.#random.next(), run }
    const events = this.#events
    let index = events.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(event, events[parent]!)) break
      events[index] = events[parent]!
      index = parent
    }
    events[index] = event
  }

  /** Runs everything until `ms` from now; the clock ends there. */
  run(ms: number): void {
    const until = this.#now + ms
    for (let first = this.#events[0]; first && first.at <= until; first = this.#events[0]) {
      this.#removeFirst()
      this.#now = first.at
      first.run()
    }
    this.#now = until
  }

  #removeFirst(): void {
    const events = this.#events
    const last = events.pop()!
    if (events.length === 0) return
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      if (left >= events.length) break
      const right = left + 1
      const child = right < events.length && isBefore(events[right]!, events[left]!) ? right : left
      if (!isBefore(events[child]!, last)) break
      events[index] = events[child]!
      index = child
    }
    events[index] = last
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.tie < other.tie)
}
