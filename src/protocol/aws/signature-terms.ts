import { formatAmzDate } from "./amz-date.ts"
import { MAX_SKEW_MINUTES } from "./limits.ts"
import type { CredentialScope, PresentedSignature } from "./presented-signature.ts"
import { type AwsRefusal, type AwsRefusalName, refuseSender } from "./refusals.ts"

const TERMINATOR = "aws4_request"
const REGION = /^[A-Za-z0-9-]{1,32}$/
/** What HTTP calls a token. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/
const MAX_SKEW_MS = MAX_SKEW_MINUTES * 60_000

/** Whether `text` can stand for a region, of which the broker knows none. */
export function isRegion(text: string): boolean {
  return REGION.test(text)
}

/** Why `signature` is not good for `service` at `now`, whoever's it is; null where it may be (`[A17]`, `[A18]`). */
export function refuseTerms(signature: PresentedSignature, service: string, now: number): AwsRefusal | null {
  return (
    refuseHeaders(signature) ?? refuseScope(signature.scope, signature.signedAt, service) ?? refuseTime(signature, now)
  )
}

function refuseHeaders({ signedHeaders }: PresentedSignature): AwsRefusal | null {
  const names = signedHeaders.split(";")
  if (!names.includes("host")) {
    return refusal("SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
  }
  if (names.every((name) => HEADER_NAME.test(name))) return null
  return refusal("SignatureDoesNotMatch", "The signed headers must be names of headers, with semicolons between them.")
}

function refuseScope(
  { date, region, service, terminator }: CredentialScope,
  signedAt: number,
  ownService: string,
): AwsRefusal | null {
  const faults: string[] = []
  if (!isRegion(region)) faults.push(`Credential should be scoped to a valid region, not '${region}'.`)
  if (service !== ownService) faults.push(`Credential should be scoped to correct service: '${ownService}'.`)
  if (terminator !== TERMINATOR) {
    faults.push(`Credential should be scoped with a valid terminator: '${TERMINATOR}', not '${terminator}'.`)
  }
  const written = formatAmzDate(signedAt)
  const day = written.slice(0, 8)
  if (date !== day) {
    faults.push(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${day}', from '${written}'.`,
    )
  }
  return faults.length === 0 ? null : refusal("SignatureDoesNotMatch", faults.join(" "))
}

function refuseTime({ signedAt, expiresInMs }: PresentedSignature, now: number): AwsRefusal | null {
  if (signedAt > now + MAX_SKEW_MS) {
    return tooSkewed("not yet current", signedAt, "is still later than", now + MAX_SKEW_MS, now, "+")
  }
  if (expiresInMs !== null) {
    return signedAt + expiresInMs < now ? refusal("RequestExpired", "Request has expired.") : null
  }
  if (signedAt < now - MAX_SKEW_MS) {
    return tooSkewed("expired", signedAt, "is now earlier than", now - MAX_SKEW_MS, now, "-")
  }
  return null
}

function tooSkewed(
  what: string,
  signedAt: number,
  relation: string,
  bound: number,
  now: number,
  sign: "+" | "-",
): AwsRefusal {
  const [signed, limit, clock] = [signedAt, bound, now].map(formatAmzDate)
  return refusal(
    "RequestTimeTooSkewed",
    `Signature ${what}: ${signed} ${relation} ${limit} (${clock} ${sign} ${MAX_SKEW_MINUTES} min.)`,
  )
}

function refusal(name: AwsRefusalName, message: string): AwsRefusal {
  return refuseSender(name, message).error
}
