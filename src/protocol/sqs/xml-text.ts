/** Markup, and all but what an XML 1.0 document can hold as it is: of a carriage return readers make a line feed. */
const SPECIAL = /[&<>"']|[^\t\n\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\r": "&#xD;",
}

/** `text` in an XML document; characters that XML can't hold become U+FFFD. */
export function xmlText(text: string): string {
  return text.replaceAll(SPECIAL, (character) => ENTITIES[character] ?? "\ufffd")
}
