/** Lets many wait until something may have changed. */
export class Wakeup {
  readonly #waiters: (() => void)[] = []

  /** Resolves with the next `wake`. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** Something may have changed. */
  wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}
