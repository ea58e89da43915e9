import { isMillraceError } from "../errors.ts"
import type { Consumer, StopOptions } from "./handler-loop.ts"

/** A consumer whose code is loaded first: whoever only sends never loads it. Where that fails, `onError` is told. */
export function deferConsumer(
  load: () => Promise<Consumer>,
  onError: ((error: unknown, message: null) => void) | undefined,
): Consumer {
  const loaded = load()
  const done = loaded.then(
    (consumer) => consumer.done,
    (error: unknown) => {
      // the client was closed meanwhile: an end like any other
      if (isMillraceError(error, "closed")) return
      if (onError) queueMicrotask(() => onError(error, null))
      throw error
    },
  )
  // whoever never looks at it is told by `onError`
  done.catch(() => {})
  const stop = (options?: StopOptions): Promise<void> => {
    return loaded.then(
      (consumer) => consumer.stop(options),
      () => done,
    )
  }
  return { done, stop, [Symbol.asyncDispose]: () => stop() }
}

/**
 * An iterator whose code is loaded with its first step. Where `isClosed` comes to hold meanwhile, it ends as it would
 * have if it had begun.
 */
export function deferIterator<T>(
  load: () => Promise<AsyncIterableIterator<T>>,
  isClosed: () => boolean,
): AsyncIterableIterator<T> {
  let loaded: Promise<AsyncIterableIterator<T>> | null = null
  let isOver = false
  const first = async (): Promise<AsyncIterableIterator<T>> => {
    const wasClosed = isClosed()
    const iterator = await load()
    isOver ||= !wasClosed && isClosed()
    return iterator
  }
  return {
    async next() {
      if (isOver) return OVER
      loaded ??= first()
      const iterator = await loaded
      return isOver ? OVER : iterator.next()
    },
    async return() {
      isOver = true
      const iterator = await loaded
      return (await iterator?.return?.()) ?? OVER
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

const OVER = { done: true, value: undefined } as const
