import type { WireEntry } from "../protocol/native/wire-publish-encode.ts"
import type { Headers } from "./headers.ts"
import type { Tracing } from "./tracing.ts"

const encoder = new TextEncoder()
const NONE: WireEntry["headers"] = []

/** Headers as they travel, with those of the trace. */
export function wireHeaders(headers: Headers | undefined, tracing: Tracing | undefined): WireEntry["headers"] {
  if (headers === undefined && tracing?.inject === undefined) return NONE
  const all = { ...headers }
  tracing?.inject?.(all)
  return Object.entries(all).map(([name, value]) => ({ name: encoder.encode(name), value: encoder.encode(value) }))
}
