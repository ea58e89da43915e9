/** Compiled and never run: what is known of an error by its code. */
import { type ErrorCode, isMillraceError, MillraceError } from "millrace/client"
import { proves, type Same } from "./same.ts"

declare const error: unknown

if (isMillraceError(error)) {
  proves<Same<typeof error.code, ErrorCode>>()
  proves<Same<typeof error.retryAfterMs, number | undefined>>()
}
if (isMillraceError(error, "queue_full")) {
  proves<Same<typeof error.code, "queue_full">>()
  // @ts-expect-error it is another code
  proves<Same<typeof error.code, "fenced">>()
}
if (error instanceof MillraceError && error.code === "closed") proves<Same<typeof error.code, "closed">>()

// @ts-expect-error there is no such code
isMillraceError(error, "full")
// @ts-expect-error codes are few and known
export const code: ErrorCode = "ouch"
