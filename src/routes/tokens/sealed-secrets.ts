import { encodeBase64 } from "../../protocol/native/base64.ts"
import { deriveKey } from "./derive-key.ts"

const PURPOSE = "millrace access key secrets v1"
const AES = { name: "AES-GCM", length: 256 } as const
const NONCE_BYTES = 12
/** 240 bits, 40 characters. */
const SECRET_BYTES = 30

const encoder = new TextEncoder()
const decoder = new TextDecoder()

let known: { readonly secret: string; readonly key: CryptoKey } | null = null

/** A secret for a new access key. */
export function newSecretAccessKey(): string {
  return encodeBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)), "url")
}

/** `text` as it is kept: of the one access key, and readable only with the signing secret (`[A22]`). */
export async function seal(text: string, accessKeyId: string, signingSecret: string): Promise<Uint8Array> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
  const algorithm = { name: AES.name, iv: nonce, additionalData: encoder.encode(accessKeyId) }
  const sealed = await crypto.subtle.encrypt(algorithm, await sealingKey(signingSecret), encoder.encode(text))
  const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength)
  bytes.set(nonce)
  bytes.set(new Uint8Array(sealed), NONCE_BYTES)
  return bytes
}

/** What was sealed, or null where that was for another access key or with another signing secret. */
export async function unseal(bytes: Uint8Array, accessKeyId: string, signingSecret: string): Promise<string | null> {
  const nonce = bytes.slice(0, NONCE_BYTES)
  const algorithm = { name: AES.name, iv: nonce, additionalData: encoder.encode(accessKeyId) }
  const key = await sealingKey(signingSecret)
  const text = await crypto.subtle.decrypt(algorithm, key, bytes.slice(NONCE_BYTES)).catch(() => null)
  return text === null ? null : decoder.decode(text)
}

async function sealingKey(secret: string): Promise<CryptoKey> {
  if (known?.secret === secret) return known.key
  const key = await deriveKey(secret, PURPOSE, AES, ["encrypt", "decrypt"])
  known = { secret, key }
  return key
}
