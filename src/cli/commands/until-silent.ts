import { isMillraceError } from "../../client/index.ts"

/** What a timer of JavaScript can wait for. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * What comes until nothing came for `silentMs`, or `signal` is aborted. `begin` gets a signal of its own, because the
 * next item can't be waited for any longer only by aborting.
 */
export async function* untilSilent<T>(
  begin: (signal: AbortSignal) => AsyncIterable<T>,
  silentMs: number,
  signal: AbortSignal,
): AsyncGenerator<T, void> {
  const silence = new AbortController()
  const items = begin(AbortSignal.any([signal, silence.signal]))
  const timer = startTimer(silentMs, () => silence.abort())
  try {
    for await (const item of items) {
      timer.stop()
      yield item
      if (signal.aborted) return
      timer.restart()
    }
  } catch (error) {
    const isEnd = silence.signal.aborted || signal.aborted
    if (!isEnd || !isMillraceError(error, "aborted")) throw error
  } finally {
    timer.stop()
  }
}

interface Timer {
  readonly stop: () => void
  readonly restart: () => void
}

function startTimer(afterMs: number, ring: () => void): Timer {
  let timer: NodeJS.Timeout | undefined
  const restart = (): void => {
    if (Number.isFinite(afterMs)) timer = setTimeout(ring, Math.min(afterMs, MAX_TIMER_MS))
  }
  restart()
  return { restart, stop: () => clearTimeout(timer) }
}
