import { batchesOf, decodeWireMessage, encodeWireMessage } from "../protocol/native/wire-message.ts"
import type { ServerFrame } from "./frames.ts"

/** A frame as text, with the batch that it says it has. */
export interface Part {
  readonly text: string
  readonly batch: Uint8Array | null
}

/** A frame that came, with its batch. */
export interface Received {
  readonly frame: ServerFrame
  readonly batch: Uint8Array | null
}

/** The next message of `parts`, from the one at `from`; `next` is the first that it leaves out. */
export function encodeMessage(parts: readonly Part[], from: number): { data: string | Uint8Array; next: number } {
  const texts: string[] = []
  const batches: Uint8Array[] = []
  let bytes = 0
  let next = from
  for (; next < parts.length && next - from < MAX_FRAMES; next++) {
    const { text, batch } = parts[next]!
    bytes += text.length * MAX_CHARACTER_BYTES + (batch?.length ?? 0)
    if (bytes > MAX_MESSAGE_BYTES && next > from) break
    texts.push(text)
    if (batch) batches.push(batch)
  }
  const json = texts.length === 1 ? texts[0]! : `[${texts.join()}]`
  return { data: batches.length === 0 ? json : encodeWireMessage({ json, batches }), next }
}

/** What came in one message, or null where it can't be read. */
export function decodeMessage(data: unknown): Received[] | null {
  try {
    const message = typeof data === "string" ? { json: data, batches: [] } : decodeWireMessage(bytesOf(data))
    const json = JSON.parse(message.json) as ServerFrame | ServerFrame[]
    const frames = Array.isArray(json) ? json : [json]
    const batches = batchesOf(frames, message.batches)
    return frames.map((frame, index) => ({ frame, batch: batches[index]! }))
  } catch {
    return null
  }
}

/** Most runtimes give the ArrayBuffer that was asked for; `ws` may give a view instead. */
function bytesOf(data: unknown): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return new Uint8Array(data as ArrayBuffer)
}

/** What the broker takes in one message, and a little less in bytes: there are lengths between the parts. */
const MAX_FRAMES = 1_000
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024 - 16 * 1024
/** A character of JavaScript takes at most as many bytes. */
const MAX_CHARACTER_BYTES = 3
