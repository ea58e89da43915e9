import { parseAmzDate } from "./amz-date.ts"
import { MAX_EXPIRES_S } from "./limits.ts"
import { ALGORITHM, type PresentedSignature, presentedSignature } from "./presented-signature.ts"
import { type AwsResult, refuseSender } from "./refusals.ts"

const PARAMETERS = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"]
const SECONDS = /^\d{1,9}$/

/** The parameter of a presigned URL that is not signed. */
export const SIGNATURE_PARAMETER = "X-Amz-Signature"

/** Whether `query` is that of a presigned URL, complete or not. */
export function isPresigned(query: URLSearchParams): boolean {
  return query.has("X-Amz-Algorithm") || query.has(SIGNATURE_PARAMETER)
}

/** The signature of a presigned URL (`[A15]`). */
export function readPresigned(query: URLSearchParams): AwsResult<PresentedSignature> {
  const missing = PARAMETERS.filter((name) => !query.get(name))
  if (missing.length > 0) {
    const sentences = missing.map((name) => `AWS query-string parameters must include '${name}'.`)
    return refuseSender("IncompleteSignature", `${sentences.join(" ")} Re-examine the query-string parameters.`)
  }
  const [algorithm, credential, signature, signedHeaders, date] = PARAMETERS.map((name) => query.get(name)!) as [
    string,
    string,
    string,
    string,
    string,
  ]
  if (algorithm !== ALGORITHM) {
    return refuseSender("IncompleteSignature", `Unsupported AWS 'algorithm': '${algorithm}'.`)
  }
  const signedAt = parseAmzDate(date)
  if (signedAt === null) {
    return refuseSender(
      "IncompleteSignature",
      `Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    )
  }
  const expires = readExpires(query.get("X-Amz-Expires"))
  if (!expires.ok) return expires
  const expiresInMs = expires.value
  return presentedSignature({ credential, signature, signedHeaders, signedAt, isPresigned: true, expiresInMs })
}

/** Without it the URL is good for as long as a request that is sent at once. */
function readExpires(text: string | null): AwsResult<number | null> {
  if (text === null) return { ok: true, value: null }
  const seconds = SECONDS.test(text) ? Number(text) : 0
  if (seconds === 0) return refuseSender("IncompleteSignature", "X-Amz-Expires must be a positive number of seconds.")
  if (seconds > MAX_EXPIRES_S) {
    return refuseSender(
      "IncompleteSignature",
      `X-Amz-Expires must be less than a week (in seconds); that is, it must be at most ${MAX_EXPIRES_S}.`,
    )
  }
  return { ok: true, value: seconds * 1000 }
}
