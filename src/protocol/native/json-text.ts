import type { Failure } from "../../core/errors.ts"
import { err, ok, type Result } from "../../core/result.ts"

/** JSON that was parsed, with the text it came from: values that are stored as they were written need it. */
export interface JsonText {
  readonly text: string
  readonly value: unknown
}

const INVALID_JSON = err<Failure>({ code: "invalid_json" })
/** Fatal, because a replaced character would be stored; a byte order mark is not JSON. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Parses `bytes` as UTF-8 JSON. */
export function parseJsonBytes(bytes: Uint8Array): Result<JsonText, Failure> {
  const text = decodeUtf8(bytes)
  return text === null ? INVALID_JSON : parseJsonText(text)
}

/** Parses `text` as JSON. */
export function parseJsonText(text: string): Result<JsonText, Failure> {
  try {
    return ok({ text, value: JSON.parse(text) as unknown })
  } catch {
    return INVALID_JSON
  }
}

/** `bytes` as text, or null where they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}

/**
 * The text of the member `body` of the object in `text`, or of each object in its array `list`; null for an entry
 * without one. `text` must be valid JSON whose value is an object. Parsing and writing a value again would not do:
 * numbers beyond a double, repeated names and `1.0` would come back changed.
 */
export function bodyTexts(text: string, list: string | null): (string | null)[] {
  const scanner = new JsonScanner(text)
  if (list === null) return [scanner.memberText("body")]
  let bodies: (string | null)[] = []
  scanner.members((name) => {
    if (name === list) bodies = scanner.elements(() => scanner.memberText("body"))
    else scanner.skipValue()
  })
  return bodies
}

/** The text of the member `name` of the object in `text`, which must be valid JSON; null where it has none. */
export function memberText(text: string, name: string): string | null {
  return new JsonScanner(text).memberText(name)
}

/** The text of each element of the array in `text`, which must be valid JSON. */
export function elementTexts(text: string): string[] {
  const scanner = new JsonScanner(text)
  return scanner.elements(() => scanner.valueText())
}

const QUOTE = 34
const COMMA = 44
const OPEN_BRACKET = 91
const BACKSLASH = 92
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

/** Walks JSON that is known to be valid, without building its values. */
class JsonScanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The text of the last member `wanted` of the value ahead, null where that is no object or has none. */
  memberText(wanted: string): string | null {
    if (this.#peek() !== OPEN_BRACE) {
      this.skipValue()
      return null
    }
    let start = -1
    let end = -1
    this.members((name) => {
      this.#skipSpace()
      const from = this.#at
      this.skipValue()
      if (name === wanted) [start, end] = [from, this.#at]
    })
    return start === -1 ? null : this.#text.slice(start, end)
  }

  /** The text of the value ahead. */
  valueText(): string {
    this.#skipSpace()
    const from = this.#at
    this.skipValue()
    return this.#text.slice(from, this.#at)
  }

  /** Calls `visit`, which must consume the value, for each member of the object ahead. */
  members(visit: (name: string) => void): void {
    this.#peek()
    this.#at++
    while (this.#peek() !== CLOSE_BRACE) {
      if (this.#text.charCodeAt(this.#at) === COMMA) this.#at++
      const name = this.#string()
      this.#peek()
      this.#at++
      visit(name)
    }
    this.#at++
  }

  /** What `visit`, which must consume the element, returned for each element of the array ahead. */
  elements<T>(visit: () => T): T[] {
    const visited: T[] = []
    if (this.#peek() !== OPEN_BRACKET) {
      this.skipValue()
      return visited
    }
    this.#at++
    while (this.#peek() !== CLOSE_BRACKET) {
      if (this.#text.charCodeAt(this.#at) === COMMA) this.#at++
      visited.push(visit())
    }
    this.#at++
    return visited
  }

  skipValue(): void {
    const first = this.#peek()
    if (first === QUOTE) this.#skipString()
    else if (first === OPEN_BRACE || first === OPEN_BRACKET) this.#skipNested()
    else this.#skipWord()
  }

  #skipNested(): void {
    const text = this.#text
    let depth = 0
    do {
      const code = text.charCodeAt(this.#at)
      if (code === QUOTE) {
        this.#skipString()
        continue
      }
      if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++
      else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--
      this.#at++
    } while (depth > 0)
  }

  /** A number, true, false or null. */
  #skipWord(): void {
    const text = this.#text
    for (; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at)
      if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code <= 32) return
    }
  }

  #string(): string {
    this.#skipSpace()
    const start = this.#at
    this.#skipString()
    const inner = this.#text.slice(start + 1, this.#at - 1)
    return inner.includes("\\") ? (JSON.parse(`"${inner}"`) as string) : inner
  }

  #skipString(): void {
    const text = this.#text
    for (let from = this.#at + 1; ;) {
      const quote = text.indexOf('"', from)
      let backslashes = 0
      while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++
      from = quote + 1
      if ((backslashes & 1) === 1) continue
      this.#at = from
      return
    }
  }

  #peek(): number {
    this.#skipSpace()
    return this.#text.charCodeAt(this.#at)
  }

  #skipSpace(): void {
    while (this.#text.charCodeAt(this.#at) <= 32) this.#at++
  }
}
