import type { CredentialScope } from "../../../protocol/aws/presented-signature.ts"

const HMAC = { name: "HMAC", hash: "SHA-256" } as const

const encoder = new TextEncoder()

/** The key that `secret` signs with in `scope`: one of its own for each day, region and service. */
export async function deriveSigningKey(
  secret: string,
  { date, region, service, terminator }: CredentialScope,
): Promise<CryptoKey> {
  let key: BufferSource = encoder.encode(`AWS4${secret}`)
  for (const part of [date, region, service, terminator]) {
    key = await crypto.subtle.sign("HMAC", await importKey(key, "sign"), encoder.encode(part))
  }
  return importKey(key, "verify")
}

function importKey(bytes: BufferSource, usage: "sign" | "verify"): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, HMAC, false, [usage])
}
