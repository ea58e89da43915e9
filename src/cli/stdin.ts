import { UsageError } from "./failures.ts"

const LINE_END = /\r?\n/
/** A line without an end must not fill the memory: no message may be as long. */
const MAX_LINE_CHARACTERS = 8 * 1024 * 1024

/** The lines of a stream of UTF-8, without their ends; an empty last line is none. Throws a UsageError. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  let rest = ""
  for await (const chunk of chunks) {
    const text = rest + (typeof chunk === "string" ? chunk : decoded(decoder, chunk))
    const lines = text.split(LINE_END)
    rest = lines.pop() ?? ""
    if (rest.length > MAX_LINE_CHARACTERS) throw new UsageError("a line of the input is longer than any message may be")
    yield* lines
  }
  rest += decoded(decoder)
  if (rest !== "") yield rest
}

function decoded(decoder: TextDecoder, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
  } catch {
    throw new UsageError("the input is not UTF-8")
  }
}

/** An object of one line of NDJSON, and which line it is. */
export interface JsonLine {
  readonly line: number
  readonly value: Readonly<Record<string, unknown>>
}

/** The objects of NDJSON, blank lines left out; throws a UsageError that names the line. */
export async function* jsonLinesOf(lines: AsyncIterable<string>): AsyncGenerator<JsonLine, void> {
  let line = 0
  for await (const text of lines) {
    line += 1
    if (text.trim() !== "") yield { line, value: objectOf(text, line) }
  }
}

function objectOf(text: string, line: number): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new UsageError(`line ${line} of the input is no JSON`)
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new UsageError(`line ${line} of the input is no JSON object`)
}
