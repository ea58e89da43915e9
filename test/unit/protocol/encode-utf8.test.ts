import { expect, it } from "vitest"
import { encodeUtf8 } from "../../../src/protocol/native/fields.ts"

const encoder = new TextEncoder()
const LENGTHS = [0, 1, 63, 64, 65, 511, 512, 513, 1023, 1024, 1025, 4096]
/** Of one to four bytes, and half of a pair, which becomes a replacement character. */
const CHARACTERS = ["a", "ü", "€", "😀", "\ud800"]

it("texts are the same bytes as the runtime's, whatever their length", () => {
  for (const length of LENGTHS) {
    for (const character of CHARACTERS) {
      for (const text of [character.repeat(length), "x".repeat(length) + character]) {
        expect(encodeUtf8(text)).toEqual(encoder.encode(text))
      }
    }
  }
})

it("a text keeps its bytes when others come behind it, until far more than a buffer holds", () => {
  const texts = Array.from({ length: 2000 }, (_, index) => CHARACTERS[index % CHARACTERS.length]!.repeat(index % 130))
  const encoded = texts.map(encodeUtf8)
  expect(encoded.map((bytes) => new TextDecoder().decode(bytes))).toEqual(texts.map((text) => text.toWellFormed()))
})
