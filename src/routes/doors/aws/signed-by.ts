import { MAX_SIGNING_KEYS } from "../../../core/limits.ts"
import { canonicalRequest, type SignableRequest } from "../../../protocol/aws/canonical-request.ts"
import { hashBytes, toHex } from "../../../protocol/aws/hex.ts"
import { type PresentedSignature, scopeText, stringToSign } from "../../../protocol/aws/presented-signature.ts"
import { SIGNATURE_PARAMETER } from "../../../protocol/aws/presigned.ts"
import type { AccessKey } from "../../tokens/known-access-keys.ts"
import { deriveSigningKey } from "./derive-signing-key.ts"

/** Of no bytes: GET, and presigned URLs. */
const EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

const encoder = new TextEncoder()

/** The SHA-256 of a body in hexadecimal, as it is signed. */
export async function payloadHash(body: Uint8Array): Promise<string> {
  if (body.length === 0) return EMPTY_HASH
  // a Worker shares no memory with anyone
  return sha256(new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.length))
}

/** Whether `signature` is the one that `key` makes of `request` (`[A16]`). Takes as long for a wrong one. */
export async function isSignedBy(
  key: AccessKey,
  signature: PresentedSignature,
  request: SignableRequest,
  bodyHash: string,
): Promise<boolean> {
  const presented = hashBytes(signature.signature)
  if (presented === null) return false
  const scope = scopeText(signature.scope)
  const known = key.signingKeys.get(scope)
  const signingKey = known ?? (await deriveSigningKey(key.secret, signature.scope))
  const isRight =
    (await signs(signingKey, presented, signature, request, bodyHash)) ||
    (hasLists(signature, request) && (await signs(signingKey, presented, signature, asSentApart(request), bodyHash)))
  // only then: whoever does not know the secret must not fill memory with scopes
  if (isRight && known === undefined) remember(key.signingKeys, scope, signingKey)
  return isRight
}

async function signs(
  key: CryptoKey,
  presented: BufferSource,
  signature: PresentedSignature,
  request: SignableRequest,
  bodyHash: string,
): Promise<boolean> {
  const unsigned = signature.isPresigned ? SIGNATURE_PARAMETER : null
  const canonical = canonicalRequest(request, signature.signedHeaders, bodyHash, unsigned)
  const text = stringToSign(signature, await sha256(encoder.encode(canonical)))
  // compares in constant time
  return crypto.subtle.verify("HMAC", key, presented, encoder.encode(text))
}

async function sha256(bytes: BufferSource): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)))
}

/** Headers of one name come as one, and may have been signed as several, which have no space behind the comma. */
function hasLists({ signedHeaders }: PresentedSignature, { header }: SignableRequest): boolean {
  return signedHeaders.split(";").some((name) => header(name)?.includes(", ") === true)
}

function asSentApart(request: SignableRequest): SignableRequest {
  return { ...request, header: (name) => request.header(name)?.replaceAll(", ", ",") ?? null }
}

function remember(keys: Map<string, CryptoKey>, scope: string, key: CryptoKey): void {
  keys.set(scope, key)
  for (const oldest of keys.keys()) {
    if (keys.size <= MAX_SIGNING_KEYS) break
    keys.delete(oldest)
  }
}
