import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { MAX_TIMER_MS, MAX_TOKEN_MS } from "../../../src/core/limits.ts"
import { SYSTEM_CLOCK } from "../../../src/session/clock.ts"
import { atTokenEnd } from "../../../src/session/token-end.ts"

const NOW = 1_800_000_000_000

beforeEach(() => vi.useFakeTimers({ now: NOW }))
afterEach(() => vi.useRealTimers())

test.each([1, 1_000, MAX_TIMER_MS, MAX_TIMER_MS + 1, MAX_TOKEN_MS])("[W64] a token that ends in %d ms", (leftMs) => {
  const end = vi.fn<() => void>()
  atTokenEnd(NOW + leftMs, SYSTEM_CLOCK, end)
  vi.advanceTimersByTime(leftMs - 1)
  expect(end).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(end).toHaveBeenCalledOnce()
  expect(vi.getTimerCount()).toBe(0)
})

test("[W64] one that has ended by now does a moment later", () => {
  const end = vi.fn<() => void>()
  atTokenEnd(NOW - 1, SYSTEM_CLOCK, end)
  expect(end).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(end).toHaveBeenCalledOnce()
})

test("[W64] what was called off never ends, and one that never ends has no timer", () => {
  const end = vi.fn<() => void>()
  const forget = atTokenEnd(NOW + MAX_TOKEN_MS, SYSTEM_CLOCK, end)
  vi.advanceTimersByTime(MAX_TIMER_MS)
  forget()
  expect(vi.getTimerCount()).toBe(0)
  atTokenEnd(null, SYSTEM_CLOCK, end)()
  expect(vi.getTimerCount()).toBe(0)
  expect(end).not.toHaveBeenCalled()
})
