/** What an iterator takes from. */
export interface Source<T> {
  /** The next; null where it has ended. Rejects where it ended badly. */
  next(): Promise<T | null>
  /** Ends it: who waits for the next gets null. Resolves when nothing is held any more. */
  end(): Promise<unknown>
}

/**
 * Iterates over a source that is opened with the first step, and ended when the loop is left. Unlike a generator it can
 * be left while a step waits.
 */
export function iterate<T>(open: () => Source<T>): AsyncIterableIterator<T> {
  let source: Source<T> | null = null
  let isOver = false
  const end = async (): Promise<IteratorResult<T>> => {
    isOver = true
    await source?.end()
    return { done: true, value: undefined }
  }
  return {
    async next() {
      if (isOver) return end()
      source ??= open()
      try {
        const value = await source.next()
        return value === null ? await end() : { done: false, value }
      } catch (error) {
        await end()
        throw error
      }
    },
    return: end,
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
