import type { RetryDelay } from "../../client/index.ts"
import { UsageError } from "../failures.ts"
import { parseCount, parseDurationMs } from "../units.ts"

const NONE = "none"

/** What `parse` makes of it, or null for `none`. */
export function orNone<T>(parse: (text: string) => T): (text: string) => T | null {
  return (text) => (text === NONE ? null : parse(text))
}

/** A number of at least 1. */
export function atLeastOne(text: string): number {
  return parseCount(text, 1)
}

/** `5s`, `linear:5s:1m` or `exponential:1s:5m:0.2`; throws a UsageError for anything else. */
export function parseRetryDelay(text: string): RetryDelay {
  const [kind = "", first = "", second = "", jitter = "0", ...more] = text.split(":")
  if (more.length > 0) throw retryDelayError(text)
  if (kind === "linear") return { kind, stepMs: parseDurationMs(first), maxMs: parseDurationMs(second) }
  if (kind === "exponential") {
    if (!/^(0(\.\d+)?|1(\.0+)?)$/.test(jitter)) throw retryDelayError(text)
    return { kind, baseMs: parseDurationMs(first), maxMs: parseDurationMs(second), jitter: Number(jitter) }
  }
  if (first !== "") throw retryDelayError(text)
  return { kind: "constant", delayMs: parseDurationMs(kind) }
}

function retryDelayError(text: string): UsageError {
  return new UsageError(
    `${JSON.stringify(text)} is no retry delay: say 5s, linear:5s:1m or exponential:1s:5m:0.2, the last being jitter`,
  )
}
