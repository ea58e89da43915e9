import { EventHeap, type Timed } from "../event-heap.ts"

interface Event extends Timed {
  run: (() => void) | null
}

/** What calls something off that was to happen. */
export type CallOff = () => void

/** Whom the loop tells what happens in it. */
export interface LoopHost {
  turnEnded(): void
  /** An event threw, outside any promise. */
  stepFailed(error: unknown): void
}

/** What is still busy by then is busy for ever. */
const MAX_TURNS = 100_000

const realSetImmediate = setImmediate

/**
 * One event after the other under a clock that jumps from each to the next. An event and all the microtasks that follow
 * from it are a turn; nothing else runs meanwhile.
 */
export class Loop {
  /** Virtual milliseconds since the start. */
  now = 0
  turns = 0
  readonly #events = new EventHeap<Event>()
  readonly #host: LoopHost
  #nextTie = 0
  #isClosed = false

  constructor(host: LoopHost) {
    this.#host = host
  }

  after(ms: number, run: () => void): CallOff {
    return this.at(this.now + ms, run)
  }

  at(at: number, run: () => void): CallOff {
    const event: Event = { at: Math.max(at, this.now), tie: this.#nextTie++, run }
    this.#events.push(event)
    return () => {
      event.run = null
    }
  }

  /** Runs everything that happens in the next `ms`, or until `isDone` after a turn. */
  async run(ms: number, isDone: () => boolean = () => false): Promise<void> {
    const until = this.now + ms
    // what was started from outside any event has its turn first
    await drained()
    this.#host.turnEnded()
    for (let { first } = this.#events; first && first.at <= until; { first } = this.#events) {
      if (this.#isClosed || isDone()) return
      this.#events.removeFirst()
      if (first.run === null) continue
      this.now = first.at
      if (++this.turns > MAX_TURNS) throw new Error(`more than ${MAX_TURNS} turns`)
      this.#run(first.run)
      await drained()
      this.#host.turnEnded()
    }
    if (!isDone()) this.now = until
  }

  #run(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#host.stepFailed(error)
    }
  }

  /** Runs nothing more. */
  close(): void {
    this.#isClosed = true
  }
}

/** Resolves once there are no microtasks left. */
function drained(): Promise<void> {
  return new Promise((resolve) => realSetImmediate(resolve))
}
