import type { WireTerms } from "../protocol/native/wire-publish-encode.ts"
import { MillraceError } from "./errors.ts"
import type { SendOptions } from "./send-options.ts"

/** The terms of a message as they travel. Throws MillraceError `invalid_field`. */
export function wireTerms({ delayMs, deliverAt, ttlMs, dedupId }: SendOptions): WireTerms {
  const terms = { delayMs, deliverAt: deliverAt === undefined ? undefined : Number(deliverAt), ttlMs, dedupId }
  for (const name of ["delayMs", "deliverAt", "ttlMs"] as const) checkInteger(name, terms[name])
  return terms
}

/** What is no integer from 0 on can't even be written. Throws MillraceError `invalid_field`. */
export function checkInteger(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return
  throw new MillraceError("invalid_field", `${name} must be an integer from 0 on, and is ${value}`)
}
