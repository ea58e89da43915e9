import { parseAmzDate, parseHttpDate } from "./amz-date.ts"
import { ALGORITHM, type PresentedSignature, presentedSignature } from "./presented-signature.ts"
import { type AwsResult, refuseSender } from "./refusals.ts"

const NO_DATE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
const PARAMETERS = ["Credential", "Signature", "SignedHeaders"] as const
/** What a client has the same in all its requests of a day stands before it. */
const SIGNATURE = "Signature="

/** The last header that was read, as far as its signature, and what it said. */
let last: { readonly start: string; readonly length: number; readonly presented: PresentedSignature } | null = null

/** The signature of an `Authorization` header, with the request's `x-amz-date` and `date` (`[A15]`). */
export function readAuthorization(
  header: string,
  amzDate: string | null,
  date: string | null,
): AwsResult<PresentedSignature> {
  const signedAt = amzDate !== null ? parseAmzDate(amzDate) : date !== null ? parseHttpDate(date) : null
  if (last !== null && signedAt !== null && header.length === last.length && header.startsWith(last.start)) {
    return { ok: true, value: { ...last.presented, signature: header.slice(last.start.length), signedAt } }
  }
  const parameters = parametersOf(header)
  const [credential, signature, signedHeaders] = PARAMETERS.map((name) => parameters.get(name) ?? "")
  if (!credential || !signature || !signedHeaders || signedAt === null) {
    const missing = PARAMETERS.filter((name) => !parameters.get(name)).map(
      (name) => `Authorization header requires '${name}' parameter.`,
    )
    return refuseSender("IncompleteSignature", [...missing, ...(signedAt === null ? [NO_DATE] : [])].join(" "))
  }
  const parts = { credential, signature, signedHeaders, signedAt, isPresigned: false, expiresInMs: null }
  const presented = presentedSignature(parts)
  const start = header.slice(0, header.length - signature.length)
  if (presented.ok && header === start + signature && start.endsWith(SIGNATURE)) {
    last = { start, length: header.length, presented: presented.value }
  }
  return presented
}

/** Of another scheme nothing is read, as though nothing had been there. */
function parametersOf(header: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  if (!header.startsWith(`${ALGORITHM} `)) return parameters
  for (const part of header.slice(ALGORITHM.length + 1).split(",")) {
    const equals = part.indexOf("=")
    if (equals !== -1) parameters.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim())
  }
  return parameters
}
