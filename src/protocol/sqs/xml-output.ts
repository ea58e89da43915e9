import { ACTIONS, type ActionName, type Output } from "./actions.ts"
import type { Members, Shape } from "./shapes.ts"
import { xmlText } from "./xml-text.ts"

/** What every document begins with. */
export const XML_START = '<?xml version="1.0"?>'
export const XML_NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"

/** `output` as what the query protocol answers to `name`, behind `XML_START`. */
export function xmlAnswer<Name extends ActionName>(name: Name, output: Output<Name>, requestId: string): string {
  const shape = ACTIONS[name].output
  const result = shape === null ? "" : element(`${name}Result`, content(shape, output))
  const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`
  return `<${name}Response xmlns="${XML_NAMESPACE}">${result}${metadata}</${name}Response>`
}

/** What stands between the tags of a value. Lists and maps have none: their members stand side by side. */
function content(shape: Shape, value: unknown): string {
  switch (shape.type) {
    case "string":
    case "blob":
      return xmlText(value as string)
    case "integer":
    case "boolean":
      return String(value)
    case "list":
      return (value as readonly unknown[]).map((item) => element(shape.element, content(shape.item, item))).join("")
    case "map":
      return Object.entries(value as Readonly<Record<string, unknown>>)
        .map(([key, of]) => element(shape.element, pair(shape.key, key) + element(shape.value, content(shape.of, of))))
        .join("")
    case "structure":
      return members(shape.required, value) + members(shape.optional, value)
  }
}

function members(shapes: Members, value: unknown): string {
  const given = value as Readonly<Record<string, unknown>>
  let text = ""
  for (const name in shapes) {
    const member = given[name]
    if (member === undefined) continue
    const shape = shapes[name]!
    const written = content(shape, member)
    text += shape.type === "list" || shape.type === "map" ? written : element(name, written)
  }
  return text
}

function pair(name: string, text: string): string {
  return element(name, xmlText(text))
}

function element(name: string, text: string): string {
  return text === "" ? `<${name}/>` : `<${name}>${text}</${name}>`
}
