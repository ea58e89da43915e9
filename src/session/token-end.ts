import { MAX_TIMER_MS } from "../core/limits.ts"
import type { Clock } from "./clock.ts"

/**
 * Calls `end` once it is `endsAt`, milliseconds since the epoch; never where that is null. Returns what calls it off.
 * Timers hold no more than MAX_TIMER_MS, so what is farther off is waited for in steps.
 */
export function atTokenEnd(endsAt: number | null, clock: Clock, end: () => void): () => void {
  if (endsAt === null) return () => {}
  let callOff: () => void
  const wait = (): void => {
    const leftMs = endsAt - clock.now()
    if (leftMs <= 0) return end()
    callOff = clock.after(Math.min(leftMs, MAX_TIMER_MS), wait)
  }
  // never at once: what holds the returned function is there first
  callOff = clock.after(0, wait)
  return () => callOff()
}
