import { createHash, createHmac } from "node:crypto"
import { expect, it } from "vitest"
import { hmacKey, hmacSha256, sha256 } from "../../../../src/core/bytes/sha256.ts"
import { toHex } from "../../../../src/protocol/aws/hex.ts"

const SOURCE = Uint8Array.from({ length: 1000 }, (_, index) => (index * 89 + (index >> 5)) & 255)
/** About every boundary of blocks and their padding, beginning anywhere in a buffer. */
const TEXTS = Array.from({ length: 260 }, (_, length) => SOURCE.subarray(length % 7, (length % 7) + length))

it("[A16] a digest is that of SHA-256, whatever the length", () => {
  for (const bytes of TEXTS) {
    expect(toHex(sha256(bytes))).toBe(createHash("sha256").update(bytes).digest("hex"))
  }
})

it("[A16] a signature is that of HMAC, whatever the length of the key, and keys stay what they are", () => {
  const keys = TEXTS.map((bytes) => [bytes, hmacKey(bytes)] as const)
  for (const [place, [secret, key]] of keys.entries()) {
    const bytes = TEXTS.at(-1 - place)!
    const wanted = createHmac("sha256", secret).update(bytes).digest("hex")
    expect(toHex(hmacSha256(key, bytes))).toBe(wanted)
  }
})
