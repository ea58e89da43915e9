/** A timer that keeps no process alive, in runtimes where timers do. */
export function quietTimeout(fn: () => void, delayMs: number): ReturnType<typeof setTimeout> {
  const timer: unknown = setTimeout(fn, delayMs)
  if (typeof timer === "object") (timer as { unref?(): void }).unref?.()
  return timer as ReturnType<typeof setTimeout>
}

/** Resolves after `delayMs`, or at once when `signal` is aborted. */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", done)
      resolve()
    }
    // this one keeps the process alive: somebody waits for what comes after it
    const timer = setTimeout(done, delayMs)
    signal?.addEventListener("abort", done)
  })
}
