import { formatAmzDate } from "./amz-date.ts"
import { type AwsResult, refuseSender } from "./refusals.ts"

/** The one algorithm: HMAC with SHA-256, keyed by a secret that both sides know. */
export const ALGORITHM = "AWS4-HMAC-SHA256"

/** For what a signature is good: `<date>/<region>/<service>/aws4_request`. */
export interface CredentialScope {
  readonly date: string
  readonly region: string
  readonly service: string
  readonly terminator: string
}

/** A signature as a request brings it, before anything of it is checked. */
export interface PresentedSignature {
  readonly accessKeyId: string
  readonly scope: CredentialScope
  /** As they stand in the signature, separated by `;`. */
  readonly signedHeaders: string
  /** In hexadecimal, where it is one. */
  readonly signature: string
  /** Milliseconds since the epoch. */
  readonly signedAt: number
  /** Whether it stands in a URL, to be handed on, and not in a header. */
  readonly isPresigned: boolean
  /** How long a presigned URL is good; null for what is good as long as the clocks may differ. */
  readonly expiresInMs: number | null
}

/** A signature whose credential is one text. */
export interface SignatureParts extends Omit<PresentedSignature, "accessKeyId" | "scope"> {
  readonly credential: string
}

const CREDENTIAL_PARTS = 5

/** Takes the credential of a signature apart. */
export function presentedSignature({ credential, ...rest }: SignatureParts): AwsResult<PresentedSignature> {
  const parts = credential.split("/")
  if (parts.length !== CREDENTIAL_PARTS) {
    return refuseSender(
      "IncompleteSignature",
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
    )
  }
  const [accessKeyId, date, region, service, terminator] = parts as [string, string, string, string, string]
  return { ok: true, value: { accessKeyId, scope: { date, region, service, terminator }, ...rest } }
}

/** What the signature is of: the canonical request by its hash, with time and scope (`[A16]`). */
export function stringToSign({ scope, signedAt }: PresentedSignature, canonicalRequestHash: string): string {
  return `${ALGORITHM}\n${formatAmzDate(signedAt)}\n${scopeText(scope)}\n${canonicalRequestHash}`
}

/** A scope as it is signed. */
export function scopeText({ date, region, service, terminator }: CredentialScope): string {
  return `${date}/${region}/${service}/${terminator}`
}
