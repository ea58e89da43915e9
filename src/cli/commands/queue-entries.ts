import { readFileSync } from "node:fs"
import type { Client, SendOptions, Sent } from "../../client/index.ts"
import type { Context } from "../context.ts"
import { UsageError } from "../failures.ts"
import { jsonPayload, type Payload, payloadOf, textOrBytes, writtenJson } from "../payload.ts"
import { jsonLinesOf, linesOf } from "../stdin.ts"

/** A message to send. */
export interface Entry {
  readonly payload: Payload
  readonly options: SendOptions
  /** Where in the input it stands, for refusals. */
  readonly line?: number
}

/** What the command line says of the messages. */
export interface EntrySource {
  readonly words: readonly string[]
  readonly jsonBodies: readonly string[]
  readonly files: readonly string[]
  readonly ndjson: boolean
  /** For every message; one that is an object may say otherwise. */
  readonly options: SendOptions
}

const OPTION_TYPES = {
  groupId: "string",
  dedupId: "string",
  delayMs: "number",
  deliverAt: "number",
  ttlMs: "number",
  headers: "object",
} as const

/** What a line may have that comes from `receive --json`, and says nothing about a new message. */
const RECEIVED = new Set(["body", "bodyBase64", "id", "receipt", "deliveryCount", "sentAt"])

/** The messages of the command line, or those of stdin where it has none. Throws a UsageError. */
export async function* entriesOf({ stdin, output }: Context, source: EntrySource): AsyncGenerator<Entry, void> {
  const { options } = source
  const typed = [
    ...source.words.map((word): Payload => ({ format: "text", value: word })),
    ...source.jsonBodies.map((json) => jsonPayload(json, "--json-body")),
    ...source.files.map((path): Payload => ({ format: "bytes", value: contentOf(path) })),
  ]
  if (typed.length > 0) {
    yield* typed.map((payload) => ({ payload, options }))
    return
  }
  if (stdin.isTTY) output.note("a message a line, and Ctrl-D at the end:")
  const lines = linesOf(stdin)
  if (source.ndjson) {
    for await (const { line, value } of jsonLinesOf(lines)) {
      yield { payload: payloadOf(value, line), options: { ...options, ...optionsOf(value, line) }, line }
    }
    return
  }
  let line = 0
  for await (const value of lines) {
    line += 1
    yield { payload: { format: "text", value }, options, line }
  }
}

/** Sends each message in its format, in the order of the calls. */
export function senderOf(broker: Client, name: string): (entry: Entry) => Promise<Sent> {
  const values = broker.queue(name, { codec: writtenJson })
  const others = broker.queue(name, { codec: textOrBytes })
  return ({ payload, options }) =>
    payload.format === "json" ? values.send(payload.value, options) : others.send(payload.value, options)
}

function contentOf(path: string): Uint8Array {
  try {
    return readFileSync(path === "-" ? 0 : path)
  } catch (error) {
    throw new UsageError(`${path} can't be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
  }
}

function optionsOf(value: Readonly<Record<string, unknown>>, line: number): SendOptions {
  const members = Object.entries(value).filter(([member]) => !RECEIVED.has(member))
  for (const [member, given] of members) {
    if (!(member in OPTION_TYPES)) throw new UsageError(`line ${line}: a message has no ${member}`)
    const type = OPTION_TYPES[member as keyof typeof OPTION_TYPES]
    // a type is all that is looked at here: what else is wrong the broker says
    if (typeof given !== type || given === null) throw new UsageError(`line ${line}: ${member} must be of type ${type}`)
  }
  return Object.fromEntries(members) as SendOptions
}
