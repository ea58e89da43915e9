import type { SignableRequest } from "../../../protocol/aws/canonical-request.ts"
import type { PresentedSignature } from "../../../protocol/aws/presented-signature.ts"
import { pathOf, queryTextOf } from "../url.ts"

const TARGET = "x-amz-target"

/** What of `request` is signed. Its URL is not parsed: that would normalise what was signed as it stood. */
export function signableOf({ method, url, headers }: Request): SignableRequest {
  const known = new Map<string, string | null>()
  return { method, path: pathOf(url), query: queryTextOf(url), header: (name) => headerOf(headers, name, known) }
}

/** Most headers are read twice, and each time their text is made anew. */
function headerOf(headers: Headers, name: string, known: Map<string, string | null>): string | null {
  let value = known.get(name)
  if (value === undefined) {
    value = headers.get(name)
    known.set(name, value)
  }
  return value
}

/**
 * Whether the action that a header names is one that was signed. A presigned URL is handed on to others, and whoever
 * has it must not choose (`[A18]`); who signs a request to send it himself knows what he does not sign.
 */
export function isSignedTarget(
  { signedHeaders, isPresigned }: PresentedSignature,
  { header }: SignableRequest,
): boolean {
  return !isPresigned || header(TARGET) === null || signedHeaders.split(";").includes(TARGET)
}
