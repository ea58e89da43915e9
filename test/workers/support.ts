import { decodeFrame } from "../../src/core/log/frame.ts"
import { SubmissionWriter } from "../../src/core/log/submission.ts"
import type { LogRecord, SendTerms } from "../../src/core/log/types.ts"
import { dedupKey } from "../../src/core/queue/dedup/dedup-key.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A message as a test writes it. */
export interface Entry extends Pick<SendTerms, "delayMs" | "deliverAt" | "ttlMs"> {
  readonly body: string
  readonly group?: string
  readonly dedupId?: string
  /** In which a deduplication id counts; "queue" unless given. */
  readonly dedupScope?: "queue" | "group"
}

/** A batch of text messages as a Worker sends it to an object, with keys where given. */
export function batchOf(bodies: readonly string[], keys: readonly string[] = []): Uint8Array {
  return entriesOf(bodies.map((body, index) => withGroup(body, keys[index])))
}

/** A batch of messages, each with terms of its own. */
export function entriesOf(entries: readonly (string | Entry)[]): Uint8Array {
  const writer = new SubmissionWriter()
  for (const entry of entries) {
    const { body, group, dedupId, dedupScope, ...terms } = typeof entry === "string" ? withGroup(entry) : entry
    const key = group === undefined ? null : encoder.encode(group)
    const value = encoder.encode(body)
    const dedup = dedupId === undefined ? {} : { dedupKey: dedupKey(dedupScope ?? "queue", group ?? null, dedupId) }
    writer.add({ format: "text", value, key, headers: [], producedAt: null }, { ...terms, ...dedup })
  }
  return writer.finish()
}

/** `count` entries with bodies of a common beginning and the same terms. */
export function many(count: number, prefix: string, terms: Omit<Entry, "body"> = {}): Entry[] {
  return Array.from({ length: count }, (_, index) => ({ body: `${prefix}${index}`, ...terms }))
}

/** A record's value as text. */
export function valueOf(record: LogRecord): string {
  return decoder.decode(record.value)
}

/** A frame's value as text. */
export function textOf(frame: Uint8Array): string {
  return valueOf(decodeFrame(frame))
}

function withGroup(body: string, group?: string): Entry {
  return group === undefined ? { body } : { body, group }
}
