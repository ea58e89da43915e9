import type { Env } from "../env.ts"
import { deriveKey } from "./derive-key.ts"

/** Keeps the key apart from any other that may be derived from the same secret. */
const PURPOSE = "millrace tokens v1"
const HMAC = { name: "HMAC", hash: "SHA-256", length: 256 } as const

interface Known {
  readonly secret: string
  readonly key: CryptoKey
}

/** The key of the isolate's last secret; that is what it is deployed with, so there is one. */
let known: Known | null = null

/** What tokens are signed with: a secret of their own where there is one, else the root secret; null without either. */
export function signingSecret({ MILLRACE_SIGNING_KEY, MILLRACE_TOKEN }: Env): string | null {
  return MILLRACE_SIGNING_KEY || MILLRACE_TOKEN || null
}

/** The key that `secret` stands for. */
export async function signingKey(secret: string): Promise<CryptoKey> {
  if (known?.secret === secret) return known.key
  const key = await deriveKey(secret, PURPOSE, HMAC, ["sign", "verify"])
  known = { secret, key }
  return key
}
