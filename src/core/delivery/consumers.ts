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

/** The consumers of one delivery state, served in turn. */
export class Consumers<T extends Consumer> {
  readonly #ring: T[] = []
  #turn = 0

  get all(): readonly T[] {
    return this.#ring
  }

  add(consumer: T): void {
    this.#ring.push(consumer)
  }

  find(id: number): T | undefined {
    return this.#ring.find((consumer) => consumer.id === id)
  }

  remove(id: number): void {
    const at = this.#ring.findIndex((consumer) => consumer.id === id)
    if (at === -1) return
    this.#ring.splice(at, 1)
    if (at < this.#turn) this.#turn--
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
    const inTurn = [...this.#ring.slice(this.#turn), ...this.#ring.slice(0, this.#turn)]
    const willing = inTurn.filter((consumer) => creditOf(consumer) > 0)
    let left = available
    for (const [at, consumer] of willing.entries()) {
      const portion = Math.min(creditOf(consumer), Math.ceil(left / (willing.length - at)))
      if (portion === 0) continue
      const served = serve(consumer, portion)
      if (served > 0) this.#turn = this.#ring.indexOf(consumer) + 1
      left -= served
    }
    return available - left
  }
}
