import { type HmacKey, hmacKey, hmacSha256 } from "../../../core/bytes/sha256.ts"
import type { CredentialScope } from "../../../protocol/aws/presented-signature.ts"

const encoder = new TextEncoder()

/** The key that `secret` signs with in `scope`: one of its own for each day, region and service. */
export function deriveSigningKey(secret: string, { date, region, service, terminator }: CredentialScope): HmacKey {
  const parts = [date, region, service, terminator]
  const first = encoder.encode(`AWS4${secret}`)
  return hmacKey(parts.reduce<Uint8Array>((key, part) => hmacSha256(hmacKey(key), encoder.encode(part)), first))
}
