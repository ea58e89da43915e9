import type { Environment } from "./profiles.ts"

/** What one of the output streams can show. */
export interface Terminal {
  readonly isTty: boolean
  readonly hasColor: boolean
  readonly columns: number
}

/** `--color` and `--no-color` come before everything; then https://no-color.org and `FORCE_COLOR`, then the terminal. */
export function terminalOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  environment: Environment,
  color: boolean | undefined,
): Terminal {
  const isTty = stream.isTTY === true
  return { isTty, hasColor: color ?? colorByEnvironment(isTty, environment), columns: stream.columns ?? WIDTH }
}

const WIDTH = 100

function colorByEnvironment(isTty: boolean, environment: Environment): boolean {
  if (environment["NO_COLOR"]) return false
  if (environment["FORCE_COLOR"] && environment["FORCE_COLOR"] !== "0") return true
  return isTty && environment["TERM"] !== "dumb"
}

/** ANSI styles that the tables and notes use. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow"

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
}

/** `text` in `style`, where the terminal shows it. */
export function styled(terminal: Terminal, style: Style, text: string): string {
  const [on, off] = CODES[style]
  return terminal.hasColor ? `\u001B[${on}m${text}\u001B[${off}m` : text
}

const ESCAPES: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" }

// control characters, and those that turn the direction of writing
const UNSAFE = /[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

/** One line without control characters: what strangers wrote must neither break a row nor steer the terminal. */
export function onOneLine(text: string): string {
  return text.replaceAll(UNSAFE, (character) => ESCAPES[character] ?? `\\u${hex(character)}`)
}

/** The same with backslashes doubled, so that a program can have the text back. */
export function onOneLineExactly(text: string): string {
  return onOneLine(text.replaceAll("\\", "\\\\"))
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, "0")
}
