import fc from "fast-check"
import { expect, test } from "vitest"
import { bodyTexts, parseJsonBytes } from "../../../src/protocol/native/json-text.ts"

const spaces = fc.constantFrom("", " ", "\n", "\t  ")
const spaced = fc.tuple(fc.jsonValue(), fc.constantFrom(0, 1, 2)).map(([value, indent]) => {
  return { value, text: JSON.stringify(value, null, indent) }
})

test("the text of every body in a batch is found as it was written", () => {
  const entry = fc.record({ body: spaced, other: spaced, space: spaces, bodyFirst: fc.boolean() })
  fc.assert(
    fc.property(fc.array(entry), spaced, (entries, other) => {
      const written = entries.map(({ body, other, space, bodyFirst }) => {
        const members = [`"body"${space}:${space}${body.text}`, `"x\\"y"${space}:${other.text}${space}`]
        return `{${space}${(bodyFirst ? members : members.toReversed()).join(`${space},${space}`)}}`
      })
      const text = `{"before":${other.text}, "messages" :[${written.join(" ,")}] ,"after":${other.text}}`
      expect(JSON.parse(text)).toBeTypeOf("object")
      expect(bodyTexts(text, "messages")).toEqual(entries.map(({ body }) => body.text))
    }),
  )
})

test("numbers are not rounded, and the last of repeated names counts", () => {
  const text = '{"body":1,"b\\u006fdy":[1.0, 12345678901234567890, {"body":"\\\\"}]}'
  expect(bodyTexts(text, null)).toEqual(['[1.0, 12345678901234567890, {"body":"\\\\"}]'])
  const twice = '{"messages":[{"body":1}],"messages":[{"body":2},{},3,{"body":-0}]}'
  expect(bodyTexts(twice, "messages")).toEqual(["2", null, null, "-0"])
  expect(bodyTexts('{"messages":{"body":1}}', "messages")).toEqual([])
  expect(bodyTexts("{}", "messages")).toEqual([])
})

test("any bytes parse or are refused", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const parsed = parseJsonBytes(bytes)
      if (!parsed.ok) expect(parsed.error.code).toBe("invalid_json")
    }),
  )
})

test.each([
  ["invalid UTF-8", [0x22, 0xff, 0x22]],
  ["a byte order mark", [0xef, 0xbb, 0xbf, 0x31]],
  ["nothing", []],
])("%s is not JSON", (_, bytes) => {
  expect(parseJsonBytes(Uint8Array.from(bytes)).ok).toBe(false)
})

test("nesting of any depth is no danger", () => {
  const depth = 200_000
  const text = `{"body":${"[".repeat(depth)}${"]".repeat(depth)}}`
  expect(parseJsonBytes(new TextEncoder().encode(text)).ok).toBe(true)
  expect(bodyTexts(text, null)[0]?.length).toBe(2 * depth)
})
