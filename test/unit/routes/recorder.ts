import { decodeFrame } from "../../../src/core/log/frame.ts"
import { decodeSubmissions } from "../../../src/core/log/submission.ts"
import { ok } from "../../../src/core/result.ts"
import type { QueueApi } from "../../../src/objects/contract.ts"

/** A message as the queue got it, bytes read as UTF-8. */
export interface SentMessage {
  readonly format: string
  readonly text: string
  readonly key: string | null
  readonly headers: readonly (readonly string[])[]
}

/** A queue that remembers what was sent to it. */
export function recorder(): { readonly sent: SentMessage[]; readonly queue: Partial<QueueApi> } {
  const sent: SentMessage[] = []
  const queue: Partial<QueueApi> = {
    async send(_version, bytes) {
      const { frames, lengths, positions } = decodeSubmissions(bytes)
      for (const [index, position] of positions.entries()) {
        sent.push(sentMessage(frames.subarray(position, position + lengths[index]!)))
      }
      return ok({ incarnation: 1, results: lengths.map((_, index) => index) })
    },
  }
  return { sent, queue }
}

function sentMessage(frame: Uint8Array): SentMessage {
  const { format, value, key, headers } = decodeFrame(frame)
  const pairs = headers.map((header) => [text(header.name), text(header.value)])
  return { format, text: text(value), key: key === null ? null : text(key), headers: pairs }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
