import { setTimeout as sleep } from "node:timers/promises"
import { Random } from "../../simulation/random.ts"
import type { Door } from "./door.ts"
import type { LoadTarget } from "./load.ts"
import type { Pace } from "./pace.ts"
import type { Recorder } from "./recorder.ts"
import { within } from "./within.ts"

/** Nobody asks again at once: what there is to take by then comes together. */
const REST_MS = 10

/** What is sent comes, and is settled; what is appended is read once or twice. Those who take are not held back. */
export const OPERATIONS_PER_MESSAGE = 3

/** Does something again and again. */
export interface Worker {
  /** Nobody else has it. */
  readonly name: string
  readonly step: () => Promise<void>
}

/** What the parts of a load have in common. */
export class Stage {
  readonly target: LoadTarget
  readonly recorder: Recorder
  readonly door: Door
  readonly #pace: Pace
  readonly #seed: number
  readonly #running: { readonly name: string; readonly done: Promise<void> }[] = []
  readonly #counts = new Map<string, number>()
  #isStopping = false

  constructor(target: LoadTarget, recorder: Recorder, door: Door, pace: Pace, seed: number) {
    this.target = target
    this.recorder = recorder
    this.door = door
    this.#pace = pace
    this.#seed = seed
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  /** The same for the same seed and name. */
  random(name: string): Random {
    let mixed = this.#seed
    for (const character of name) mixed = Math.imul(mixed ^ character.codePointAt(0)!, 0x01000193)
    return new Random(mixed)
  }

  /** A text that nobody had before. */
  fresh(prefix: string): string {
    const count = this.#counts.get(prefix) ?? 0
    this.#counts.set(prefix, count + 1)
    return `${prefix}-${count}`
  }

  freshOnes(prefix: string, count: number): string[] {
    return Array.from({ length: count }, () => this.fresh(prefix))
  }

  /** Waits for the turn of so many operations. */
  turn(operations: number): Promise<void> {
    return this.#pace.take(operations)
  }

  /** Has a worker take a step, and another one, until the end. */
  start({ name, step }: Worker): void {
    const run = async (): Promise<void> => {
      while (!this.#isStopping) {
        await step()
        await sleep(REST_MS)
      }
    }
    const running = run()
    this.#running.push({ name, done: running })
    // `stop` tells; until then the others need not go on
    running.catch(() => (this.#isStopping = true))
  }

  /** Resolves when all have taken their last step; rejects with what one of them threw. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all(this.#running.map(({ name, done }) => within(name, done)))
  }
}
