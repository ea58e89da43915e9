import { createHash } from "node:crypto"
import fc from "fast-check"
import { expect, it } from "vitest"
import { encodeUtf8 } from "../../../../src/protocol/native/fields.ts"
import { md5Hex, md5OfAttributes } from "../../../../src/protocol/sqs/md5.ts"

const text = (name: string, value: string, dataType = "String") => ({ name, dataType, value: encodeUtf8(value) })

it.each([
  ["hello", "5d41402abc4b2a76b9719d911017c592"],
  ["msg", "6e2baaf3b97dbeef01c0043275f9a0e7"],
  ["", "d41d8cd98f00b204e9800998ecf8427e"],
])("[X61] the digest of the body %j is %s", (body, digest) => {
  expect(md5Hex(encodeUtf8(body))).toBe(digest)
})

// the first two are published, the others recorded from the real service
it.each([
  [[text("SellerName", "Example Store")], "cd28f3b68aeee4b2eac9c66f2f694b58"],
  [[text("ordinal", "1", "Number"), text("category", "test")], "d21ae90c49061e927f57df5f5d72be1f"],
  [[text("Hello", "There"), text("General", "Kenobi"), text("Help.Me", "Me")], "4c360f3fdafd970e05fae2f149d997f5"],
  [[text("Help.Me", "Me"), text("Hello", "There")], "83fee93c1bcd8b9a5a923ffacdc636c7"],
  [[text("Hello", "There")], "a311262e065454b75da111d535b8dacd"],
  [
    [text("attr1", "traceparent\u001e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01", "Binary")],
    "8cbe4db156db8a94db8b801b7addb984",
  ],
])("[X61] the digest of the attributes %o is %s", (attributes, digest) => {
  expect(md5OfAttributes(attributes)).toBe(digest)
})

it("[X61] bytes of any length have the digest that others compute", () => {
  const agrees = (bytes: Uint8Array): void => {
    expect(md5Hex(bytes)).toBe(createHash("md5").update(bytes).digest("hex"))
  }
  for (let length = 0; length <= 200; length++) agrees(Uint8Array.from({ length }, (_, index) => 31 * index + length))
  fc.assert(fc.property(fc.uint8Array({ maxLength: 5000 }), agrees))
})
