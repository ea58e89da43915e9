/** Calls that wait a moment for what a later commit brings. */
export class Waits {
  readonly #waiting = new Set<{ readonly isDone: () => boolean; readonly end: () => void }>()

  /** Resolves once `isDone`, which is asked after each commit, or when the time is over. */
  async until(isDone: () => boolean, timeoutMs: number): Promise<void> {
    if (isDone()) return
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(wait)
        resolve()
      }
      const timer = setTimeout(end, timeoutMs)
      const wait = { isDone, end }
      this.#waiting.add(wait)
    })
  }

  /** Asks all of them. */
  check(): void {
    for (const { isDone, end } of this.#waiting) if (isDone()) end()
  }
}
