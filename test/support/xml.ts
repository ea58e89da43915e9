/** An element: either its text or what stands in it. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly text: string
  readonly children: readonly XmlElement[]
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }
const DECLARATION = /^<\?xml version="1\.0"\?>\s*/
const START_TAG = /<([A-Za-z_][\w.-]*)((?:\s+[A-Za-z_][\w.:-]*="[^"<]*")*)\s*(\/?)>/y
const ATTRIBUTE = /([\w.:-]+)="([^"]*)"/g
const TEXT = /[^<]*/y
const END_TAG = /<\/([A-Za-z_][\w.-]*)>/y
/** What XML 1.0 does not allow anywhere. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u

/** The root of `document`; throws where it is not well-formed. Knows as much of XML as the broker writes. */
export function parseXml(document: string): XmlElement {
  if (FORBIDDEN.test(document)) throw new Error("a character that no XML document holds")
  const start = DECLARATION.exec(document)
  const [root, end] = parseElement(document, start === null ? 0 : start[0].length)
  if (document.slice(end).trim() !== "") throw new Error(`something behind the root: ${document.slice(end)}`)
  return root
}

/** The first element called so below `element`, in the order of the document, or null. */
export function findXml(element: XmlElement, name: string): XmlElement | null {
  if (element.name === name) return element
  for (const child of element.children) {
    const found = findXml(child, name)
    if (found !== null) return found
  }
  return null
}

function parseElement(document: string, at: number): [XmlElement, number] {
  const tag = match(START_TAG, document, at)
  const name = tag[1]!
  const attributes = Object.fromEntries(
    [...tag[2]!.matchAll(ATTRIBUTE)].map(([, key, value]) => [key, value]),
  ) as Record<string, string>
  let position = at + tag[0].length
  if (tag[3] === "/") return [{ name, attributes, text: "", children: [] }, position]
  const children: XmlElement[] = []
  let text = ""
  for (;;) {
    const [characters] = match(TEXT, document, position)
    text += unescaped(characters)
    position += characters.length
    if (document.startsWith("</", position)) break
    const [child, end] = parseElement(document, position)
    children.push(child)
    position = end
  }
  const end = match(END_TAG, document, position)
  if (end[1] !== name) throw new Error(`</${end[1]}> ends <${name}>`)
  if (children.length > 0 && text.trim() !== "") throw new Error(`text between the elements of <${name}>`)
  return [{ name, attributes, text, children }, position + end[0].length]
}

function unescaped(text: string): string {
  const resolved = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n")
  return resolved.replaceAll(/&(#x([0-9A-Fa-f]+);|(\w+);|)/g, (all, _reference, code: string, name: string) => {
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16))
    const character = ENTITIES[name]
    if (character === undefined) throw new Error(`no entity: ${all}`)
    return character
  })
}

function match(pattern: RegExp, document: string, at: number): RegExpExecArray {
  pattern.lastIndex = at
  const found = pattern.exec(document)
  if (found === null) throw new Error(`not well-formed at ${at}: ${document.slice(at, at + 60)}`)
  return found
}
