import { decodeFrame } from "../../../src/core/log/frame.ts"
import { decodeSubmissions, type Submissions } from "../../../src/core/log/submission.ts"
import { ok } from "../../../src/core/result.ts"
import type { QueueApi } from "../../../src/objects/contract.ts"

/** A message as the queue got it, bytes read as UTF-8. */
export interface SentMessage {
  readonly format: string
  readonly text: string
  readonly key: string | null
  readonly headers: readonly (readonly string[])[]
  /** What was asked for it besides, where something was. */
  readonly terms?: SentTerms
}

/** Numbers are 0 where nothing was said. */
export interface SentTerms {
  readonly delayMs: number
  readonly deliverAt: number
  readonly ttlMs: number
  readonly dedupKey: string | null
}

/** A queue that remembers what was sent to it. */
export function recorder(): { readonly sent: SentMessage[]; readonly queue: Partial<QueueApi> } {
  const sent: SentMessage[] = []
  const queue: Partial<QueueApi> = {
    async send(_version, bytes) {
      const batch = decodeSubmissions(bytes)
      const { frames, lengths, positions } = batch
      for (const [index, position] of positions.entries()) {
        const message = sentMessage(frames.subarray(position, position + lengths[index]!))
        const terms = sentTerms(batch, index)
        sent.push(terms === null ? message : { ...message, terms })
      }
      return ok({ incarnation: 1, results: lengths.map((_, index) => index) })
    },
  }
  return { sent, queue }
}

function sentTerms(batch: Submissions, index: number): SentTerms | null {
  const { key } = batch.dedupKeys[index] ?? { key: null }
  const [delayMs, deliverAt, ttlMs] = [batch.delaysMs[index]!, batch.deliverAts[index]!, batch.ttlsMs[index]!]
  if (delayMs + deliverAt + ttlMs === 0 && key === null) return null
  return { delayMs, deliverAt, ttlMs, dedupKey: key === null ? null : text(key) }
}

function sentMessage(frame: Uint8Array): SentMessage {
  const { format, value, key, headers } = decodeFrame(frame)
  const pairs = headers.map((header) => [text(header.name), text(header.value)])
  return { format, text: text(value), key: key === null ? null : text(key), headers: pairs }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
