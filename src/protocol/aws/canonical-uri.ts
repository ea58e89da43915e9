const UNRESERVED = /^[A-Za-z0-9._~-]*$/
const PLAIN_PATH = /^(?:\/[A-Za-z0-9._~-]+)*\/?$/
const DOTS = /\/\.{1,2}(?:\/|$)/
const NOT_UNRESERVED = /[^A-Za-z0-9._~-]/gu
const ENCODED = /%[0-9A-Fa-f]{2}|\+|[^A-Za-z0-9._~-]/gu

/** A path as it is signed: normalised, and encoded once more than it was sent (`[A16]`). */
export function canonicalPath(path: string): string {
  if (PLAIN_PATH.test(path) && !DOTS.test(path)) return path === "" ? "/" : path
  const segments: string[] = []
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop()
    else if (segment !== "" && segment !== ".") segments.push(segment.replaceAll(NOT_UNRESERVED, encodeCharacter))
  }
  const isOpen = path.endsWith("/") && segments.length > 0
  return `/${segments.join("/")}${isOpen ? "/" : ""}`
}

/** A query as it is signed: encoded in the one way, and sorted; without the parameter `omitted`. */
export function canonicalQuery(query: string, omitted: string | null = null): string {
  if (query === "") return ""
  const parameters: (readonly [name: string, value: string])[] = []
  for (const part of query.split("&")) {
    if (part === "") continue
    const equals = part.indexOf("=")
    const name = recode(equals === -1 ? part : part.slice(0, equals))
    if (name !== omitted) parameters.push([name, equals === -1 ? "" : recode(part.slice(equals + 1))])
  }
  parameters.sort(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue))
  return parameters.map(([name, value]) => `${name}=${value}`).join("&")
}

/** However a client wrote it: what need not be encoded is not, all else is, in upper case. */
function recode(text: string): string {
  return UNRESERVED.test(text) ? text : text.replaceAll(ENCODED, recodeCharacter)
}

function recodeCharacter(character: string): string {
  // a space, in the form encoding of which queries are made
  if (character === "+") return "%20"
  if (character.length !== 3) return encodeCharacter(character)
  const decoded = String.fromCharCode(Number.parseInt(character.slice(1), 16))
  return UNRESERVED.test(decoded) ? decoded : character.toUpperCase()
}

/** Every byte of a character; of half a surrogate pair those of the replacement character, as encoders write it. */
function encodeCharacter(character: string): string {
  return Array.from(new TextEncoder().encode(character), encodeByte).join("")
}

function encodeByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
}

/** All is ASCII by now, so that code units are code points. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
