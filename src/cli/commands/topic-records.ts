import { type Context } from "../context.ts"
import { UsageError } from "../failures.ts"
import { type Payload, payloadOf } from "../payload.ts"
import { jsonLinesOf, linesOf } from "../stdin.ts"

/** A record to append. */
export interface NewRecord {
  /** Null for a tombstone. */
  readonly payload: Payload | null
  readonly key: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly partition?: number
  readonly timestamp?: number
  /** Where in the input it stands, for refusals. */
  readonly line?: number
}

/** What the command line says of the records. */
export interface RecordSource {
  readonly words: readonly string[]
  readonly jsonBodies: readonly Payload[]
  readonly ndjson: boolean
  /** Divides a line in key and value. */
  readonly keySeparator: string | undefined
  /** For every record; one that is an object may say otherwise. */
  readonly common: Omit<NewRecord, "payload" | "line">
}

const MEMBER_TYPES = { key: "string", headers: "object", partition: "number", timestamp: "number" } as const

/** What a line may have that comes from `tail --json`, and says nothing about a new record. */
const READ = new Set(["body", "bodyBase64", "tombstone", "offset", "topic"])

/** The records of the command line, or those of stdin where it has none. Throws a UsageError. */
export async function* recordsOf({ stdin, output }: Context, source: RecordSource): AsyncGenerator<NewRecord, void> {
  const { common, ndjson } = source
  const typed = [...source.words.map((value): Payload => ({ format: "text", value })), ...source.jsonBodies]
  if (typed.length > 0) {
    yield* typed.map((payload) => ({ ...common, payload }))
    return
  }
  if (stdin.isTTY) output.note("a record a line, and Ctrl-D at the end:")
  const lines = linesOf(stdin)
  if (ndjson) {
    for await (const { line, value } of jsonLinesOf(lines)) yield { ...common, ...recordOf(value, line), line }
    return
  }
  let line = 0
  for await (const text of lines) {
    line += 1
    yield { ...common, ...keyAndValue(text, line, source.keySeparator), line }
  }
}

function keyAndValue(text: string, line: number, separator: string | undefined): Pick<NewRecord, "payload"> {
  if (separator === undefined) return { payload: { format: "text", value: text } }
  const at = text.indexOf(separator)
  if (at < 0) throw new UsageError(`line ${line} has no ${JSON.stringify(separator)} between key and value`)
  const key = { key: text.slice(0, at) }
  return { ...key, payload: { format: "text", value: text.slice(at + separator.length) } }
}

function recordOf(
  value: Readonly<Record<string, unknown>>,
  line: number,
): Partial<NewRecord> & Pick<NewRecord, "payload"> {
  const payload = value["tombstone"] === true ? null : payloadOf(value, line)
  const members = Object.entries(value).filter(([member, given]) => !READ.has(member) && given !== null)
  for (const [member, given] of members) {
    if (!(member in MEMBER_TYPES)) throw new UsageError(`line ${line}: a record has no ${member}`)
    const type = MEMBER_TYPES[member as keyof typeof MEMBER_TYPES]
    // a type is all that is looked at here: what else is wrong the broker says
    if (typeof given !== type) throw new UsageError(`line ${line}: ${member} must be of type ${type}`)
  }
  return { ...Object.fromEntries(members), payload }
}
