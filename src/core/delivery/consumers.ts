/** A subscription that wants messages. Credit is absolute: totals since it began, never a delta. */
export interface Consumer {
  readonly id: number
  grantedMessages: number
  grantedBytes: number
  sentMessages: number
  sentBytes: number
}

/** Messages that may still be pushed to a consumer; none once its bytes are used up. */
export function creditOf(consumer: Consumer): number {
  return consumer.sentBytes < consumer.grantedBytes ? Math.max(0, consumer.grantedMessages - consumer.sentMessages) : 0
}

/** The consumers of one delivery state, served in turn. There may be many thousands, of which most have nothing to do. */
export class Consumers<T extends Consumer> {
  readonly #ring: T[] = []
  readonly #byId = new Map<number, T>()
  #turn = 0

  get all(): readonly T[] {
    return this.#ring
  }

  add(consumer: T): void {
    this.#ring.push(consumer)
    this.#byId.set(consumer.id, consumer)
  }

  find(id: number): T | undefined {
    return this.#byId.get(id)
  }

  remove(id: number): void {
    const consumer = this.#byId.get(id)
    if (!consumer) return
    const at = this.#ring.indexOf(consumer)
    this.#byId.delete(id)
    this.#ring.splice(at, 1)
    if (at < this.#turn) this.#turn--
  }

  /** Gives the turn to the one at this part of the ring, in [0, 1): whose it was is forgotten with the memory. */
  turnTo(part: number): void {
    this.#turn = Math.floor(part * this.#ring.length)
  }

  /**
   * Serves `available` messages: each consumer with credit gets an equal share, the next round begins
   * after the one that was served last. `serve` answers how many it took, having added them to the
   * consumer's totals; a round in which nobody took any is the last.
   */
  share(available: number, serve: (consumer: T, maxMessages: number) => number): void {
    let left = available
    for (let taken = left; left > 0 && taken > 0; left -= taken) taken = this.#round(left, serve)
  }

  #round(available: number, serve: (consumer: T, maxMessages: number) => number): number {
    const from = this.#turn
    let [left, willing] = [available, this.#willing(available)]
    for (let passed = 0; passed < this.#ring.length && left > 0; passed++) {
      const at = (from + passed) % this.#ring.length
      const consumer = this.#ring[at]!
      const credit = creditOf(consumer)
      if (credit === 0) continue
      const served = serve(consumer, Math.min(credit, Math.ceil(left / Math.max(willing, 1))))
      if (served > 0) this.#turn = at + 1
      left -= served
      willing--
    }
    return available - left
  }

  /** How many have credit, from the next in turn on: where there is less for them than that, nobody gets more than one. */
  #willing(available: number): number {
    let willing = 0
    for (let passed = 0; passed < this.#ring.length && willing < available; passed++) {
      if (creditOf(this.#ring[(this.#turn + passed) % this.#ring.length]!) > 0) willing++
    }
    return willing
  }
}
