import fc from "fast-check"
import type { RetryDelay } from "../../../src/core/queue/settings.ts"

/** A loaded machine is slow and not wrong. */
export const MODEL_TIMEOUT_MS = 300_000

export const RETRY_DELAYS: readonly RetryDelay[] = [
  { kind: "constant", delayMs: 0 },
  { kind: "linear", stepMs: 400, maxMs: 900 },
  { kind: "exponential", baseMs: 300, maxMs: 5_000, jitter: 0.5 },
]

/** Mostly both go on. */
export const PAUSES = fc.record({
  sendingPaused: fc.constantFrom(false, false, true),
  deliveryPaused: fc.constantFrom(false, false, true),
})
