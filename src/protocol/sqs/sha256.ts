import { sha256 } from "../../core/bytes/sha256.ts"
import { toHex } from "../aws/hex.ts"

/** The SHA-256 of `bytes` in hexadecimal, without waiting for WebCrypto. */
export function sha256Hex(bytes: Uint8Array): string {
  return toHex(sha256(bytes))
}
