import fc from "fast-check"
import type { Shape, StructureShape } from "../../src/protocol/sqs/shapes.ts"
import type { XmlElement } from "./xml.ts"

type Value = Readonly<Record<string, unknown>>

/** Text that is hard on one wire or the other. */
const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string(),
  fc.constantFrom("", "__proto__", "constructor", "a=b&c", "100%", "<&>\"'", "\r\n\t", "😀", "\u2028", "+ +"),
)

/** What all a value of `shape` can be. Lists have a member at least: a form can't tell an empty one from none. */
export function valueOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.type) {
    case "string":
      return text
    case "blob":
      return fc.base64String()
    case "boolean":
      return fc.boolean()
    case "integer":
      return fc.integer()
    case "list":
      return fc.array(valueOf(shape.item), { minLength: 1, maxLength: 12 })
    case "map":
      return fc.dictionary(text, valueOf(shape.of), { minKeys: 1, maxKeys: 4 })
    case "structure":
      return structureOf(shape)
  }
}

function structureOf({ required, optional }: StructureShape): fc.Arbitrary<unknown> {
  const members = Object.entries({ ...required, ...optional }).map(([name, member]) => [name, valueOf(member)] as const)
  return fc.record(Object.fromEntries(members), { requiredKeys: Object.keys(required) })
}

/** `value` as the parameters of a form, written as SDKs do. */
export function formOf(shape: Shape, value: unknown, name = ""): [string, string][] {
  switch (shape.type) {
    case "string":
    case "blob":
    case "boolean":
    case "integer":
      return [[name, String(value)]]
    case "list":
      return (value as unknown[]).flatMap((item, index) => formOf(shape.item, item, `${name}.${index + 1}`))
    case "map":
      return Object.entries(value as Value).flatMap(([key, of], index) => [
        [`${name}.${index + 1}.${shape.key}`, key],
        ...formOf(shape.of, of, `${name}.${index + 1}.${shape.value}`),
      ])
    case "structure":
      return Object.entries({ ...shape.required, ...shape.optional }).flatMap(([member, of]) => {
        const given = (value as Value)[member]
        const called = of.type === "list" || of.type === "map" ? of.element : member
        return given === undefined ? [] : formOf(of, given, name === "" ? called : `${name}.${called}`)
      })
  }
}

/** A value of `shape` as `element` has it, read as SDKs do. */
export function readXml(shape: Shape, element: XmlElement): unknown {
  switch (shape.type) {
    case "string":
    case "blob":
      return element.text
    case "boolean":
      return element.text === "true"
    case "integer":
      return Number(element.text)
    case "list":
    case "map":
      throw new Error("has no element of its own")
    case "structure":
      return Object.fromEntries(
        Object.entries({ ...shape.required, ...shape.optional }).flatMap(([name, member]) => {
          const read = readMember(name, member, element)
          return read === undefined ? [] : [[name, read]]
        }),
      )
  }
}

function readMember(name: string, shape: Shape, { children }: XmlElement): unknown {
  const called = shape.type === "list" || shape.type === "map" ? shape.element : name
  const found = children.filter((child) => child.name === called)
  if (found.length === 0) return undefined
  if (shape.type === "list") return found.map((item) => readXml(shape.item, item))
  if (shape.type !== "map") return readXml(shape, found[0]!)
  const part = (pair: XmlElement, wanted: string) => pair.children.find((child) => child.name === wanted)!
  return Object.fromEntries(
    found.map((pair) => [part(pair, shape.key).text, readXml(shape.of, part(pair, shape.value))]),
  )
}

/** What stays of `value` in a document that can't hold every character. */
export function asXmlHolds(value: unknown): unknown {
  if (typeof value === "string")
    return value.replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\ufffd")
  if (Array.isArray(value)) return value.map(asXmlHolds)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [asXmlHolds(key) as string, asXmlHolds(of)]))
}
