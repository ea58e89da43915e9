import type { Failure } from "../core/errors.ts"
import { err, type Result } from "../core/result.ts"

const RETRY_AFTER_MS = 1000
const MAX_JITTER_MS = 100

/** Whether a call that may have been carried out can be made again without harm. */
export type Repeat = "idempotent" | "once"

/**
 * The outcome of a call to an object, whose exceptions mean that the answer was lost. `call` makes its own stub: one
 * that threw is of no more use. Only an idempotent call is repeated, once, and never to an overloaded object.
 */
export async function callObject<T>(
  repeat: Repeat,
  call: () => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  try {
    return await call()
  } catch (error) {
    if (repeat === "once" || !hasMark(error, "retryable") || hasMark(error, "overloaded")) return lostAnswer(error)
  }
  await new Promise((resolve) => setTimeout(resolve, Math.random() * MAX_JITTER_MS))
  try {
    return await call()
  } catch (error) {
    return lostAnswer(error)
  }
}

function lostAnswer(error: unknown): Result<never, Failure> {
  if (hasMark(error, "overloaded")) return err({ code: "overloaded", retryAfterMs: RETRY_AFTER_MS })
  console.error(JSON.stringify({ event: "object_call_failed", error: String(error) }))
  // whether the commit that failed for it was this call's or a neighbour's can't be told
  const code = String(error).includes("SQLITE_FULL") ? "disk_full" : "unavailable"
  return err({ code, retryAfterMs: RETRY_AFTER_MS })
}

/** The runtime marks its exceptions with properties. */
function hasMark(error: unknown, mark: "retryable" | "overloaded"): boolean {
  return typeof error === "object" && error !== null && mark in error && error[mark as keyof typeof error] === true
}
