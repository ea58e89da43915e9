import { MAX_TOKEN_CHARACTERS } from "../../core/limits.ts"
import type { Failure } from "../../core/errors.ts"
import { err, type Result } from "../../core/result.ts"
import { invalidField } from "../../protocol/native/fields.ts"
import { readOptionalJson } from "../body.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validate } from "../validate.ts"
import { type Claims, signClaims } from "./claims.ts"
import { createAccessKey } from "./create-access-key.ts"
import { type BearerRequest, tokenRequestSchema, tokenSchema } from "./schemas.ts"
import { signingKey, signingSecret } from "./signing-key.ts"

/** `POST /v1/tokens` */
export const createToken: Operation = {
  id: "createToken",
  method: "POST",
  path: "/v1/tokens",
  tag: "tokens",
  summary: "Make a token or an access key that may do less than the root secret, and ends",
  demand: "root",
  query: null,
  body: { schema: tokenRequestSchema, optional: true },
  responses: {
    201: { description: "The token, or the key and its secret. Nobody can be told of it again.", schema: tokenSchema },
  },
  failures: ["invalid_json", "payload_too_large", "unsupported_media_type", "invalid_field"],
  async handle(call) {
    const body = await readOptionalJson(call.request)
    if (!body.ok) return body
    const asked = validate(tokenRequestSchema, body.value.value)
    if (!asked.ok) return asked
    const secret = signingSecret(call.env)
    // authentication is off, and there is nothing to sign with
    if (secret === null) return err({ code: "not_configured" })
    return asked.value.kind === "aws" ? createAccessKey(call, asked.value, secret) : createBearer(asked.value, secret)
  },
}

async function createBearer(asked: BearerRequest, secret: string): Promise<Result<Response, Failure>> {
  const { kind, namespace, subject, expiresInMs, rights } = asked
  const now = Date.now()
  const expiresAt = expiresInMs === null ? null : now + expiresInMs
  const token = await signClaims(claimsOf(asked, now, expiresAt), await signingKey(secret))
  if (token.length > MAX_TOKEN_CHARACTERS) {
    return invalidField("/rights", `must make a token of at most ${MAX_TOKEN_CHARACTERS} characters`)
  }
  return json({ kind, token, namespace, subject, expiresAt, rights }, 201, { "Cache-Control": "no-store" })
}

function claimsOf({ namespace, subject, rights }: BearerRequest, now: number, expiresAt: number | null): Claims {
  return {
    ns: namespace,
    iat: now / 1000,
    ...(subject === null ? {} : { sub: subject }),
    ...(expiresAt === null ? {} : { exp: expiresAt / 1000 }),
    ...(rights === null ? {} : { rights }),
  }
}
