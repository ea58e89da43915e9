import { sha256 } from "@noble/hashes/sha2.js"
import { toHex } from "../aws/hex.ts"

/** The SHA-256 of `bytes` in hexadecimal, without waiting for WebCrypto. */
export function sha256Hex(bytes: Uint8Array): string {
  return toHex(sha256(bytes))
}
