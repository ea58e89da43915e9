import { ok } from "../../../core/result.ts"
import { readAuthorization } from "../../../protocol/aws/authorization.ts"
import type { SignableRequest } from "../../../protocol/aws/canonical-request.ts"
import type { PresentedSignature } from "../../../protocol/aws/presented-signature.ts"
import { isPresigned, readPresigned } from "../../../protocol/aws/presigned.ts"
import { type AwsResult, refuseSender } from "../../../protocol/aws/refusals.ts"
import { refuseTerms } from "../../../protocol/aws/signature-terms.ts"
import type { Env } from "../../env.ts"
import { type AccessKey, accessKeyOf } from "../../tokens/known-access-keys.ts"
import { signingSecret } from "../../tokens/signing-key.ts"
import type { AwsCaller } from "./identity.ts"
import { isSignedBy, payloadHash } from "./signed-by.ts"
import { isSignedTarget, signableOf } from "./signable.ts"
import { anyone } from "./anyone.ts"

const NOT_CONFIGURED = refuseSender(
  "ServiceUnavailable",
  "The broker has no MILLRACE_TOKEN and therefore serves nobody.",
)
const UNREACHABLE = refuseSender("ServiceUnavailable", "The access key could not be looked up. Try again.")
const UNSIGNED = refuseSender("MissingAuthenticationToken", "Request is missing Authentication Token")
const TWICE = refuseSender(
  "IncompleteSignature",
  "Only one auth mechanism allowed: either the 'Authorization' header or AWS query-string parameters.",
)
const UNKNOWN = refuseSender("InvalidClientTokenId", "The security token included in the request is invalid.")
const MISMATCH = refuseSender(
  "SignatureDoesNotMatch",
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
)
const OTHER_BODY = refuseSender(
  "SignatureDoesNotMatch",
  "The provided 'x-amz-content-sha256' header does not match what was computed.",
)

/** Says by the body of a request whether its sender is who he says to be. */
export type Proof = (body: Uint8Array) => AwsResult<AwsCaller>

/**
 * Looks at who says to have signed `request` for `service` at `now`, in milliseconds since the epoch: everything but
 * the signature itself, so that of somebody without a key no body has to be read and kept. Without a configured token
 * nobody is served; where authentication is switched off everyone is, whatever he presents (`[A14]`).
 */
export async function claimAws(request: Request, env: Env, service: "sqs", now: number): Promise<AwsResult<Proof>> {
  if (env.MILLRACE_AUTH === "off") return ok(() => ok(anyone(request)))
  const secret = signingSecret(env)
  if (!env.MILLRACE_TOKEN || secret === null) return NOT_CONFIGURED
  const signable = signableOf(request)
  const presented = readSignature(signable)
  if (!presented.ok) return presented
  const signature = presented.value
  const refused = refuseTerms(signature, service, now)
  if (refused !== null) return { ok: false, error: refused }
  const found = accessKeyOf(signature.accessKeyId, env, secret, now)
  const key = found instanceof Promise ? await found : found
  if (!key.ok) return UNREACHABLE
  const known = key.value
  return known === null ? UNKNOWN : ok((body) => checkSignature(known, signature, signable, body))
}

function checkSignature(
  key: AccessKey,
  signature: PresentedSignature,
  signable: SignableRequest,
  body: Uint8Array,
): AwsResult<AwsCaller> {
  const bodyHash = payloadHash(body)
  const claimedHash = signable.header("x-amz-content-sha256")
  if (claimedHash !== null && claimedHash !== bodyHash) return OTHER_BODY
  if (!isSignedTarget(signature, signable)) return MISMATCH
  if (!isSignedBy(key, signature, signable, bodyHash)) return MISMATCH
  const { caller, accountId, ownerAccountId } = key
  const { accessKeyId, scope } = signature
  return ok({ caller, identity: { accessKeyId, accountId, ownerAccountId, region: scope.region } })
}

function readSignature({ query, header }: SignableRequest): AwsResult<PresentedSignature> {
  const authorization = header("authorization")
  if (authorization !== null && query === "") return readHeader(authorization, header)
  const parameters = new URLSearchParams(query)
  if (authorization === null) return isPresigned(parameters) ? readPresigned(parameters) : UNSIGNED
  // what signs a URL would sign the same request with a header, for which neither its end nor its action hold
  if (isPresigned(parameters)) return TWICE
  return readHeader(authorization, header)
}

function readHeader(authorization: string, header: SignableRequest["header"]): AwsResult<PresentedSignature> {
  const amzDate = header("x-amz-date")
  return readAuthorization(authorization, amzDate, amzDate === null ? header("date") : null)
}
