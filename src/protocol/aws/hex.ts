const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))
const SHA_256 = /^[0-9a-f]{64}$/

/** `bytes` in hexadecimal, in lower case. */
export function toHex(bytes: Uint8Array): string {
  let text = ""
  for (const byte of bytes) text += DIGITS[byte]
  return text
}

/** The 32 bytes of a hash or signature, null where `text` is none. */
export function hashBytes(text: string): Uint8Array<ArrayBuffer> | null {
  if (!SHA_256.test(text)) return null
  const bytes = new Uint8Array(32)
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16)
  return bytes
}
