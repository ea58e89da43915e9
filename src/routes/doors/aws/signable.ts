import type { SignableRequest } from "../../../protocol/aws/canonical-request.ts"
import type { PresentedSignature } from "../../../protocol/aws/presented-signature.ts"
import { pathOf, queryTextOf } from "../url.ts"

const TARGET = "x-amz-target"

/** What of `request` is signed. Its URL is not parsed: that would normalise what was signed as it stood. */
export function signableOf({ method, url, headers }: Request): SignableRequest {
  return { method, path: pathOf(url), query: queryTextOf(url), header: (name) => headers.get(name) }
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
