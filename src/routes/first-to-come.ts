import type { Failure } from "../core/errors.ts"
import type { Result } from "../core/result.ts"

/** How several waits ended: with something that came, with one that failed, or with neither in time. */
export type Coming = "came" | "failed" | "nothing"

/** A wait that ends early when its signal aborts; true where what it waits for came. */
type Wait = (over: AbortSignal) => Promise<Result<boolean, Failure>>

/** Waits until one of `waits` has what it waits for; that, or a failure, which there is to tell, ends the others. */
export async function firstToCome(waits: readonly Wait[], gone: AbortSignal): Promise<Coming> {
  const over = new AbortController()
  const end = (): void => over.abort()
  gone.addEventListener("abort", end)
  if (gone.aborted) end()
  const ended = await Promise.all(
    waits.map(async (wait) => {
      const came = await wait(over.signal)
      if (!came.ok || came.value) end()
      return came
    }),
  )
  gone.removeEventListener("abort", end)
  if (ended.some((came) => came.ok && came.value)) return "came"
  return ended.every((came) => came.ok) ? "nothing" : "failed"
}
