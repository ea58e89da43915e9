import type { Failure } from "../../core/errors.ts"
import type { Result } from "../../core/result.ts"
import { accountOf } from "../../protocol/aws/account.ts"
import { callObject } from "../call-object.ts"
import type { Call } from "../operation.ts"
import { json } from "../respond.ts"
import { newAccessKeyId } from "./access-key-ids.ts"
import type { AccessKeyRequest } from "./schemas.ts"
import { newSecretAccessKey, seal } from "./sealed-secrets.ts"

/** Makes and keeps an access key. Its secret is in the answer and never told again. */
export async function createAccessKey(
  { env }: Call,
  { kind, namespace, accountId = accountOf(namespace), subject, expiresInMs, rights }: AccessKeyRequest,
  signingSecret: string,
): Promise<Result<Response, Failure>> {
  const accessKeyId = await newAccessKeyId(signingSecret)
  const secretAccessKey = newSecretAccessKey()
  const createdAt = Date.now()
  const expiresAt = expiresInMs === null ? null : createdAt + expiresInMs
  const sealedSecret = await seal(secretAccessKey, accessKeyId, signingSecret)
  const key = { namespace, accountId, subject, rights, createdAt, expiresAt, sealedSecret }
  const kept = await callObject("once", () => env.ACCESS_KEYS.getByName(accessKeyId).create(key))
  if (!kept.ok) return kept
  const answer = { kind, accessKeyId, secretAccessKey, accountId, namespace, subject, expiresAt, rights }
  return json(answer, 201, { "Cache-Control": "no-store" })
}
