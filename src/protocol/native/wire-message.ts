import { CorruptError } from "../../core/bytes/corrupt.ts"
import { ByteReader } from "../../core/bytes/reader.ts"
import { ByteWriter } from "../../core/bytes/writer.ts"
import { MAX_BATCH_ENTRIES } from "../../core/limits.ts"

/** Layout: version, length and JSON, then length and bytes of each batch. */
const VERSION = 1

const encoder = new TextEncoder()
/** Fatal, so that nothing is stored that was not sent; a byte order mark is not JSON. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/**
 * A binary message of the socket (`docs/spec/socket.md`, "Binary messages"), the same in both directions. `json` is a
 * frame or an array of frames; each frame in it that says `"batch":true` has one of `batches`, in their order.
 */
export interface WireMessage {
  readonly json: string
  /** Views of the message. */
  readonly batches: readonly Uint8Array[]
}

/** The message as bytes. */
export function encodeWireMessage({ json, batches }: WireMessage): Uint8Array {
  const text = encoder.encode(json)
  const writer = new ByteWriter(batches.reduce((bytes, batch) => bytes + batch.length + 8, text.length + 16))
  writer.u8(VERSION)
  writer.lengthAndBytes(text)
  for (const batch of batches) writer.lengthAndBytes(batch)
  return writer.finish()
}

/**
 * The inverse of `encodeWireMessage`. The JSON is not parsed, so whether there are as many batches as frames want is
 * left to `batchesOf`. Throws CorruptError for bytes that are no message.
 */
export function decodeWireMessage(bytes: Uint8Array): WireMessage {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== VERSION) throw new CorruptError("version of a message")
  const json = decodeText(reader.lengthAndBytes())
  const batches: Uint8Array[] = []
  while (reader.remaining > 0) {
    // no more than there are frames: a byte would do for one, which takes a hundred times as much in memory
    if (batches.length === MAX_BATCH_ENTRIES) throw new CorruptError("a batch too many")
    batches.push(reader.lengthAndBytes())
  }
  return { json, batches }
}

/**
 * The batch of each of `frames`, null for those that have none. Throws CorruptError where there are more batches or
 * fewer than frames that say `"batch":true`.
 */
export function batchesOf(frames: readonly unknown[], batches: readonly Uint8Array[]): (Uint8Array | null)[] {
  let next = 0
  const found = frames.map((frame) => {
    if ((frame as { batch?: unknown } | null)?.batch !== true) return null
    const batch = batches[next++]
    if (batch === undefined) throw new CorruptError("a batch too few")
    return batch
  })
  if (next !== batches.length) throw new CorruptError("a batch too many")
  return found
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new CorruptError("text of a message")
  }
}
