import fc from "fast-check"
import { expect, test } from "vitest"
import { decodeBase64, encodeBase64 } from "../../../src/protocol/native/base64.ts"

test("what is encoded is what the platform encodes, and comes back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const standard = btoa(String.fromCharCode(...bytes))
      const url = standard.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")
      expect(encodeBase64(bytes, "standard")).toBe(standard)
      expect(encodeBase64(bytes, "url")).toBe(url)
      expect(decodeBase64(encodeBase64(bytes, "standard"), "standard")).toEqual(bytes)
      expect(decodeBase64(encodeBase64(bytes, "url"), "url")).toEqual(bytes)
    }),
  )
})

test("a megabyte comes back", () => {
  const bytes = Uint8Array.from({ length: 1024 * 1024 }, (_, index) => index * 7)
  const text = encodeBase64(bytes, "standard")
  expect(text.length).toBe(1_398_104)
  const decoded = decodeBase64(text, "standard")!
  expect(decoded.length).toBe(bytes.length)
  expect(decoded.every((byte, index) => byte === bytes[index])).toBe(true)
})

test("any text is refused, or is the encoding of its bytes up to padding", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom("A", "Z", "z", "0", "9", "+", "/", "=", "-", "_", " ") }),
  )
  fc.assert(
    fc.property(text, (given) => {
      const bytes = decodeBase64(given, "standard")
      if (bytes !== null) expect(encodeBase64(bytes, "standard").replace(/=+$/, "")).toBe(given.replace(/=+$/, ""))
    }),
  )
})

test.each(["A", "AB=", "A===", "====", "AB==C", "AB-_", "A B=", "AR==", "é"])("%s is not base64", (text) => {
  expect(decodeBase64(text, "standard")).toBeNull()
})

test("padding may be left out", () => {
  expect(decodeBase64("aGk", "standard")).toEqual(decodeBase64("aGk=", "standard"))
})
