import { createHash, randomBytes } from "node:crypto"
import { expect, it } from "vitest"
import { payloadHash } from "../../../../src/routes/doors/aws/signed-by.ts"

it("[A16] a body's hash is its SHA-256, whoever computes it", () => {
  for (const length of [0, 1, 64, 767, 768, 769, 4096, 100_000]) {
    const buffer = randomBytes(length + 2)
    // as a view, for a body may be one
    const body = new Uint8Array(buffer.buffer, buffer.byteOffset + 1, length)
    expect(payloadHash(body)).toBe(createHash("sha256").update(body).digest("hex"))
  }
})
