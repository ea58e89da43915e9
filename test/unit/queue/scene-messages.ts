import { decodeFrame } from "../../../src/core/log/frame.ts"
import { decodeSubmissions, type Submissions, SubmissionWriter } from "../../../src/core/log/submission.ts"
import type { Delivery, LogRecord, SendTerms } from "../../../src/core/log/types.ts"
import type { ReceiptParts } from "../../../src/core/queue/commands.ts"
import { dedupKey } from "../../../src/core/queue/dedup/dedup-key.ts"

export const NOW = 1_700_000_000_000
export const IDENTITY = {
  name: "orders",
  incarnation: 7,
  shard: 0,
  targetOf: (queue: string) => `ns/${queue}/0`,
}

/** A message to send. */
export interface Outgoing {
  readonly body: string
  readonly groupId?: string
  readonly dedupId?: string
  readonly delayMs?: number
  readonly deliverAt?: number
  readonly ttlMs?: number
}

/** What a receipt names. */
export interface Receipt {
  readonly offset: number
  readonly attempt: number
}

/** A delivered message, decoded. */
export interface Received extends Receipt {
  readonly id: number
  readonly body: string
  readonly deliveryCount: number
  readonly firstDeliveredAt: number
  readonly appendedAt: number
  readonly headers: Readonly<Record<string, string>>
}

/** What waits for another queue, decoded. */
export interface Forwarded {
  readonly seq: number
  readonly target: string
  readonly body: string
  readonly groupId: string | null
  readonly headers: Readonly<Record<string, string>>
}

/** A batch as the Worker makes it. */
export function batchOf(messages: readonly Outgoing[], scope: "queue" | "group"): Submissions {
  const writer = new SubmissionWriter()
  for (const message of messages) {
    const { body, groupId = null, dedupId, delayMs = 0, deliverAt = 0, ttlMs = 0 } = message
    const terms: SendTerms = { delayMs, deliverAt, ttlMs }
    const key = dedupId === undefined ? {} : { dedupKey: dedupKey(scope, groupId, dedupId) }
    writer.add(recordOf(body, groupId), { ...terms, ...key })
  }
  return decodeSubmissions(writer.finish())
}

/** A message's id as clients see it. */
export function messageIdOf(id: number): string {
  return `${IDENTITY.incarnation}-${IDENTITY.shard}-${id}`
}

/** Bytes of the frame of a message. */
export function frameBytesOf({ body, groupId }: Outgoing): number {
  return new SubmissionWriter().add(recordOf(body, groupId ?? null))
}

export function receiptOf({ offset, attempt }: Receipt): ReceiptParts {
  const { incarnation, shard } = IDENTITY
  return { incarnation, shard, stateId: 0, stateGeneration: 0, offset, attempt }
}

export function received(delivery: Delivery): Received {
  const { offset, attempt, deliveryCount, firstDeliveredAt, appendedAt, messageId } = delivery
  const { body, headers } = decodedFrame(delivery.frame)
  return { id: messageId, body, offset, attempt, deliveryCount, firstDeliveredAt, appendedAt, headers }
}

export function decodedFrame(frame: Uint8Array): {
  readonly body: string
  readonly groupId: string | null
  readonly headers: Readonly<Record<string, string>>
} {
  const { value, key, headers } = decodeFrame(frame)
  return {
    body: text(value),
    groupId: key && text(key),
    headers: Object.fromEntries(headers.map((header) => [text(header.name), text(header.value)])),
  }
}

function recordOf(body: string, groupId: string | null): LogRecord {
  const encoder = new TextEncoder()
  const key = groupId === null ? null : encoder.encode(groupId)
  return { format: "text", value: encoder.encode(body), key, headers: [], producedAt: null }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
