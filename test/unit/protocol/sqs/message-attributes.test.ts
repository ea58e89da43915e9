import { describe, expect, it } from "vitest"
import { utf8Text } from "../../../../src/protocol/native/record-json.ts"
import type { MessageAttributes } from "../../../../src/protocol/sqs/actions.ts"
import { parseAttributes, parseSystemAttributes } from "../../../../src/protocol/sqs/message-attributes.ts"

const text = (StringValue: string, DataType = "String") => ({ DataType, StringValue })

describe("[X64] attributes", () => {
  it("[X64] are headers, with what is not exactly a String beside them", () => {
    const parsed = parseAttributes({
      city: text("Any City"),
      count: text("-1.5e3", "Number.int"),
      blob: { DataType: "Binary", BinaryValue: "/wA=" },
    })
    if (!parsed.ok) return expect.unreachable(parsed.error.message)
    const headers = parsed.value.headers.map(({ name, value }) => [utf8Text(name), utf8Text(value)])
    expect(headers).toEqual([
      ["city", "Any City"],
      ["count", "-1.5e3"],
      ["blob", "/wA="],
    ])
    expect([...parsed.value.types]).toEqual([
      ["count", "Number.int"],
      ["blob", "Binary"],
    ])
    expect(parsed.value.sizeBytes).toBe(4 + 6 + 8 + 5 + 10 + 6 + 4 + 6 + 2)
  })

  it("[X64] may have any name that the rule allows, also that of a member of all objects", () => {
    const given = Object.fromEntries(
      ["__proto__", "constructor", "toString", "A-1_b.c", "attr.1øßä", "名前"].map((name) => [name, text("x")]),
    )
    const parsed = parseAttributes(given)
    expect(parsed.ok && parsed.value.headers.map(({ name }) => utf8Text(name))).toEqual(Object.keys(given))
  })

  it.each<[string, MessageAttributes, string]>([
    ["eleven", elevenAttributes(), "Number of message attributes [11] exceeds the allowed maximum [10]."],
    [
      "a name without characters",
      { "": text("x") },
      "The request must contain non-empty message (user) attribute names.",
    ],
    ["a long name", { ["a".repeat(257)]: text("x") }, "Message (user) attribute name must be shorter than 256 bytes."],
    ["a long name of few letters", { ["ä".repeat(129)]: text("x") }, "name must be shorter than 256 bytes."],
    ["a paragraph sign", { "a§b": text("x") }, /characters, digits, periods, hyphens and underscores/.source],
    ["a space", { "a b": text("x") }, /characters, digits, periods, hyphens and underscores/.source],
    ["AWS.", { "aWs.x": text("x") }, "beginning with 'AWS.' or 'Amazon.'"],
    ["Amazon.", { "Amazon.x": text("x") }, "beginning with 'AWS.' or 'Amazon.'"],
    ["a leading dot", { ".x": text("x") }, "they cannot start or end with '.'."],
    ["a trailing dot", { "x.": text("x") }, "they cannot start or end with '.'."],
    ["two dots", { "x..y": text("x") }, "must not have successive '.' characters."],
    ["millrace-", { "millrace-x": text("x") }, "beginning with 'millrace-'"],
    ["no type", { x: text("x", "") }, "The message attribute 'x' must contain non-empty message attribute type."],
    ["another type", { x: text("x", "Strings") }, "The type of message (user) attribute 'x' is invalid."],
    ["a long type", { x: text("x", `String.${"a".repeat(250)}`) }, "attribute type must be shorter than 256 bytes."],
    ["no text", { x: text("") }, "Message (user) attribute 'x' must contain a non-empty value of type 'String'."],
    ["no value", { x: { DataType: "String" } }, "must contain a non-empty value of type 'String'."],
    ["no bytes", { x: { DataType: "Binary", BinaryValue: "" } }, "must contain a non-empty value of type 'Binary'."],
    ["no number", { x: text("one", "Number") }, "Can't cast the value of message (user) attribute 'x' to a number."],
    // a pattern that tried each way to part the digits would not come to its end
    ["no number at its end", { x: text(`${"1".repeat(200_000)}x`, "Number") }, "Can't cast the value of message"],
    [
      "bytes as text",
      { x: { DataType: "String", BinaryValue: "AA==" } },
      "with type 'String' must use field 'String'.",
    ],
    ["text as bytes", { x: text("x", "Binary") }, "with type 'Binary' must use field 'Binary'."],
    ["text that XML can't say", { x: text("\u0000") }, "Message (user) attribute 'x' has invalid characters."],
    ["no base64", { x: { DataType: "Binary", BinaryValue: "!" } }, "Message (user) attribute 'x' is not base64."],
  ])("[X64] %s is refused", (_what, given, message) => {
    const parsed = parseAttributes(given)
    expect(parsed).toMatchObject({ ok: false, error: { name: "InvalidParameterValue" } })
    expect(!parsed.ok && parsed.error.message).toContain(message)
  })

  it("[X64] lists of values are not supported", () => {
    const parsed = parseAttributes({ x: { DataType: "String", StringValue: "x", StringListValues: ["y"] } })
    expect(parsed).toMatchObject({ ok: false, error: { name: "UnsupportedOperation" } })
    const empty = { x: { DataType: "String", StringValue: "x", StringListValues: [], BinaryListValues: [] } }
    expect(parseAttributes(empty).ok).toBe(true)
  })
})

describe("[X65] system attributes", () => {
  it("[X65] AWSTraceHeader is the one there is, and a String", () => {
    const parsed = parseSystemAttributes({ AWSTraceHeader: text("Root=1-2") })
    expect(parsed).toMatchObject({ ok: true, value: { trace: "Root=1-2" } })
    expect(parseSystemAttributes({})).toMatchObject({ ok: true, value: { trace: null, md5: null } })
    expect(parseSystemAttributes({ Hello: text("x") })).toMatchObject({
      error: { name: "InvalidParameterValue", message: "Message system attribute name 'Hello' is invalid." },
    })
    for (const value of [text("1", "Number"), text(""), text("\u0000"), text("x".repeat(2049))]) {
      expect(parseSystemAttributes({ AWSTraceHeader: value })).toMatchObject({ ok: false })
    }
  })
})

function elevenAttributes(): MessageAttributes {
  return Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`name${index}`, text("x")]))
}
