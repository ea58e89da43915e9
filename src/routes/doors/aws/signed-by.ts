import { hash } from "node:crypto"
import { type HmacKey, hmacSha256, sha256 } from "../../../core/bytes/sha256.ts"
import { MAX_SIGNING_KEYS } from "../../../core/limits.ts"
import { canonicalRequest, type SignableRequest } from "../../../protocol/aws/canonical-request.ts"
import { toHex } from "../../../protocol/aws/hex.ts"
import { type PresentedSignature, scopeText, stringToSign } from "../../../protocol/aws/presented-signature.ts"
import { SIGNATURE_PARAMETER } from "../../../protocol/aws/presigned.ts"
import { encodeUtf8 } from "../../../protocol/native/fields.ts"
import type { AccessKey } from "../../tokens/known-access-keys.ts"
import { deriveSigningKey } from "./derive-signing-key.ts"

/** Of no bytes: GET, and presigned URLs. */
const EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/** Up to here a call to the runtime costs more than the hash. */
const SHORT_BYTES = 768

/** The SHA-256 of a body in hexadecimal, as it is signed. */
export function payloadHash(body: Uint8Array): string {
  if (body.length === 0) return EMPTY_HASH
  return body.length <= SHORT_BYTES ? toHex(sha256(body)) : hash("sha256", body, "hex")
}

/** Whether `signature` is the one that `key` makes of `request` (`[A16]`). Takes as long for a wrong one. */
export function isSignedBy(
  key: AccessKey,
  signature: PresentedSignature,
  request: SignableRequest,
  bodyHash: string,
): boolean {
  const scope = scopeText(signature.scope)
  const known = key.signingKeys.get(scope)
  const signingKey = known ?? deriveSigningKey(key.secret, signature.scope)
  const isRight =
    signs(signingKey, signature, request, bodyHash) ||
    (hasLists(signature, request) && signs(signingKey, signature, asSentApart(request), bodyHash))
  // only then: whoever does not know the secret must not fill memory with scopes
  if (isRight && known === undefined) remember(key.signingKeys, scope, signingKey)
  return isRight
}

function signs(key: HmacKey, signature: PresentedSignature, request: SignableRequest, bodyHash: string): boolean {
  const unsigned = signature.isPresigned ? SIGNATURE_PARAMETER : null
  const canonical = canonicalRequest(request, signature.signedHeaders, bodyHash, unsigned)
  const text = stringToSign(signature, toHex(sha256(encodeUtf8(canonical))))
  return isSame(signature.signature, toHex(hmacSha256(key, encodeUtf8(text))))
}

/** Takes as long wherever the two differ. */
function isSame(presented: string, right: string): boolean {
  let difference = presented.length ^ right.length
  for (let index = 0; index < right.length; index++) difference |= presented.charCodeAt(index) ^ right.charCodeAt(index)
  return difference === 0
}

/** Headers of one name come as one, and may have been signed as several, which have no space behind the comma. */
function hasLists({ signedHeaders }: PresentedSignature, { header }: SignableRequest): boolean {
  return signedHeaders.split(";").some((name) => header(name)?.includes(", ") === true)
}

function asSentApart(request: SignableRequest): SignableRequest {
  return { ...request, header: (name) => request.header(name)?.replaceAll(", ", ",") ?? null }
}

function remember(keys: Map<string, HmacKey>, scope: string, key: HmacKey): void {
  keys.set(scope, key)
  for (const oldest of keys.keys()) {
    if (keys.size <= MAX_SIGNING_KEYS) break
    keys.delete(oldest)
  }
}
