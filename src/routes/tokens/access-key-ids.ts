import { ACCESS_KEY_ID } from "../../core/limits.ts"
import { deriveKey } from "./derive-key.ts"

const PURPOSE = "millrace access key ids v1"
const HMAC = { name: "HMAC", hash: "SHA-256", length: 256 } as const

/** What AWS's own ids begin with is left to them, so that nobody takes one for the other. */
const PREFIX = "MRAK"
const RANDOM_CHARACTERS = 11
const TAG_CHARACTERS = 5
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

const encoder = new TextEncoder()

let known: { readonly secret: string; readonly key: CryptoKey } | null = null

/** A new id. Its end shows that it was made with `secret`, so that what was not is refused without a call (`[A21]`). */
export async function newAccessKeyId(secret: string): Promise<string> {
  const start = PREFIX + characters(crypto.getRandomValues(new Uint8Array(RANDOM_CHARACTERS)))
  return start + (await tagOf(start, secret))
}

/** Whether `text` may be an id that was made with `secret`: one guess in 33 million is. */
export async function isAccessKeyId(text: string, secret: string): Promise<boolean> {
  if (!ACCESS_KEY_ID.test(text) || !text.startsWith(PREFIX)) return false
  return text.endsWith(await tagOf(text.slice(0, -TAG_CHARACTERS), secret))
}

async function tagOf(start: string, secret: string): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", await tagKey(secret), encoder.encode(start))
  return characters(new Uint8Array(signature, 0, TAG_CHARACTERS))
}

async function tagKey(secret: string): Promise<CryptoKey> {
  if (known?.secret === secret) return known.key
  const key = await deriveKey(secret, PURPOSE, HMAC, ["sign"])
  known = { secret, key }
  return key
}

/** Five bits of each byte. */
function characters(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ALPHABET[byte & 31]).join("")
}
