import { decodeFrame } from "../../src/core/log/frame.ts"
import { SubmissionWriter } from "../../src/core/log/submission.ts"
import type { LogRecord } from "../../src/core/log/types.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A batch of text messages as a Worker sends it to an object, with keys where given. */
export function batchOf(bodies: readonly string[], keys: readonly string[] = []): Uint8Array {
  const writer = new SubmissionWriter()
  bodies.forEach((body, index) => {
    const key = keys[index]
    writer.add({
      format: "text",
      value: encoder.encode(body),
      key: key === undefined ? null : encoder.encode(key),
      headers: [],
      producedAt: null,
    })
  })
  return writer.finish()
}

/** A record's value as text. */
export function valueOf(record: LogRecord): string {
  return decoder.decode(record.value)
}

/** A frame's value as text. */
export function textOf(frame: Uint8Array): string {
  return valueOf(decodeFrame(frame))
}
