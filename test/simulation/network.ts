import type { Random } from "./random.ts"
import type { Scheduler } from "./scheduler.ts"

/** What is thrown where an object ends in the middle of what it does: nobody is answered. */
export class Crash extends Error {}

/** How badly messages fare. */
export interface Weather {
  /** Of a message to be lost. */
  readonly loss: number
  /** Of a request to arrive twice. */
  readonly repeat: number
  /** Of a message to take much longer than others. */
  readonly delay: number
  readonly maxDelayMs: number
}

export const CALM: Weather = { loss: 0, repeat: 0, delay: 0, maxDelayMs: 0 }
const USUAL_DELAY_MS = 20

/** Carries requests and answers, or loses them on the way. */
export class Network {
  weather: Weather = CALM
  readonly #scheduler: Scheduler
  readonly #random: Random

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler
    this.#random = random
  }

  /**
   * Has `serve` called somewhere else, and `done` here with what it answers; with null where nothing has come back
   * within `timeoutMs`, which says nothing of whether it was served, or will be.
   */
  call<T>(serve: () => T, done: (answer: T | null) => void, timeoutMs: number): void {
    let isDone = false
    const settle = (answer: T | null): void => {
      if (isDone) return
      isDone = true
      done(answer)
    }
    this.#scheduler.after(timeoutMs, () => settle(null))
    const arrive = (): void => this.#carry(() => this.#serve(serve, settle))
    arrive()
    if (this.#random.chance(this.weather.repeat)) arrive()
  }

  #serve<T>(serve: () => T, settle: (answer: T | null) => void): void {
    try {
      const answer = serve()
      this.#carry(() => settle(answer))
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      this.#carry(() => settle(null))
    }
  }

  #carry(arrive: () => void): void {
    const { loss, delay, maxDelayMs } = this.weather
    if (this.#random.chance(loss)) return
    const most = this.#random.chance(delay) ? maxDelayMs : USUAL_DELAY_MS
    this.#scheduler.after(this.#random.between(0, most), arrive)
  }
}
