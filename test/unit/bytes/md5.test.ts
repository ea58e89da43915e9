import { createHash } from "node:crypto"
import { expect, it } from "vitest"
import { md5 } from "../../../src/core/bytes/md5.ts"
import { toHex } from "../../../src/protocol/aws/hex.ts"

const SOURCE = Uint8Array.from({ length: 1_048_576 }, (_, index) => (index * 89 + (index >> 5)) & 255)
/** About every boundary of blocks and their padding, beginning anywhere in a buffer; and a large one. */
const TEXTS = Array.from({ length: 260 }, (_, length) => SOURCE.subarray(length % 7, (length % 7) + length))

it("[X61] a digest is that of MD5, whatever the length", () => {
  for (const bytes of [...TEXTS, SOURCE]) {
    expect(toHex(md5(bytes))).toBe(createHash("md5").update(bytes).digest("hex"))
  }
})
