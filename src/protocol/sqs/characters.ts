import { refuse, type SqsResult } from "./errors.ts"

/** What XML 1.0 can't say, lone surrogates among it: SQS takes none of it, whatever its request is written in. */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u
const ALLOWED = "#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]"

/** The first character of `text` that SQS does not take, as `#xFFFF`; null where it takes all. */
export function forbiddenCharacter(text: string): string | null {
  const found = FORBIDDEN.exec(text)
  return found === null ? null : `#x${found[0].codePointAt(0)!.toString(16).toUpperCase()}`
}

/** Refuses a body with characters that SQS does not take (`[X62]`). */
export function checkBody(body: string): SqsResult<null> {
  const character = forbiddenCharacter(body)
  if (character === null) return { ok: true, value: null }
  const found = `Invalid binary character '${character}' was found in the message body`
  return refuse("InvalidMessageContents", `${found}, the set of allowed characters is ${ALLOWED}.`)
}
