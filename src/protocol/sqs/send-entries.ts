import type { LogRecord } from "../../core/log/types.ts"
import type { QueueSettings } from "../../core/queue/settings.ts"
import { ok } from "../../core/result.ts"
import { encodeUtf8 } from "../native/fields.ts"
import type { MessageTerms } from "../native/message-terms.ts"
import type { Messages } from "../native/messages.ts"
import type { Output } from "./actions.ts"
import { checkBody } from "./characters.ts"
import { missingParameter, type SqsFailure, type SqsResult } from "./errors.ts"
import { MAX_MESSAGE_SIZE_BYTES } from "./limits.ts"
import { md5Hex } from "./md5.ts"
import { parseAttributes, parseSystemAttributes } from "./message-attributes.ts"
import { detailsHeader } from "./message-details.ts"
import { sequenceNumber, uuidOfMessage } from "./message-id.ts"
import { type MessageEntry, parseTerms } from "./message-terms.ts"
import { queueDefaults } from "./queue-defaults.ts"

/** What a message holds of who sent it. */
export interface Sender {
  readonly accountId: string
  /** Account of the queue's owner, which messages don't name. */
  readonly ownerAccountId: string
  /** `X-Amzn-Trace-Id` of the request: for messages that bring no `AWSTraceHeader`. */
  readonly traceHeader: string | null
  /** When the message is sent, in milliseconds since the epoch. */
  readonly now: number
}

/** A message that may be sent, and what its answer says of it. */
export interface PreparedMessage {
  readonly record: LogRecord
  readonly terms: MessageTerms | null
  /** Its body, and the names, types and values of its attributes. */
  readonly sizeBytes: number
  readonly digests: Digests
}

interface Digests {
  readonly MD5OfMessageBody: string
  readonly MD5OfMessageAttributes?: string
  readonly MD5OfMessageSystemAttributes?: string
}

/** Reads one message, for a queue with these settings; how large it may be is for `tooLarge` to say. */
export function prepareMessage(
  entry: MessageEntry,
  settings: QueueSettings,
  sender: Sender,
): SqsResult<PreparedMessage> {
  const { MessageBody: body, MessageGroupId: group = null, MessageDeduplicationId: dedup = null } = entry
  if (body === "") return missingParameter("MessageBody")
  const checked = checkBody(body)
  if (!checked.ok) return checked
  const attributes = parseAttributes(entry.MessageAttributes)
  if (!attributes.ok) return attributes
  const system = parseSystemAttributes(entry.MessageSystemAttributes)
  if (!system.ok) return system
  const terms = parseTerms(entry, settings)
  if (!terms.ok) return terms
  const { headers, types, md5, sizeBytes } = attributes.value
  const knowsGroups = settings.ordering === "fifo" || settings.fair
  const details = detailsHeader({
    types,
    dedup,
    trace: system.value.trace ?? sender.traceHeader,
    sender: sender.accountId === sender.ownerAccountId ? null : sender.accountId,
    group: knowsGroups ? null : group,
  })
  const value = encodeUtf8(body)
  return ok({
    record: {
      format: "text",
      value,
      key: group !== null && knowsGroups ? encodeUtf8(group) : null,
      headers: details === null ? headers : [...headers, details],
      producedAt: sender.now,
    },
    terms: terms.value,
    sizeBytes: value.length + sizeBytes,
    digests: digestsOf(value, md5, system.value.md5),
  })
}

/** Why a message does not fit the queue, or null; `are invalid` and, in a batch, `cannot be validated`. */
export function tooLarge(sizeBytes: number, settings: QueueSettings, verdict: string): SqsFailure | null {
  const limitBytes = queueDefaults(settings).maximumMessageSizeBytes
  if (sizeBytes <= limitBytes) return null
  const reason = `Message must be shorter than ${limitBytes} bytes.`
  return { name: "InvalidParameterValue", message: `One or more parameters ${verdict}. Reason: ${reason}` }
}

/** Refuses a batch whose messages are too large together (`[X68]`). */
export function batchTooLong(sizeBytes: number): SqsFailure | null {
  if (sizeBytes <= MAX_MESSAGE_SIZE_BYTES) return null
  const message = `Batch requests cannot be longer than ${MAX_MESSAGE_SIZE_BYTES} bytes. You have sent ${sizeBytes} bytes.`
  return { name: "BatchRequestTooLong", message }
}

/** What a message counts that was refused: of a batch all count. */
export function entrySizeBytes({ MessageBody: body, MessageAttributes: attributes = {} }: MessageEntry): number {
  let sizeBytes = encodeUtf8(body).length
  for (const [name, { DataType: type, StringValue: text = "", BinaryValue: blob = "" }] of Object.entries(attributes)) {
    const padding = blob.endsWith("==") ? 2 : Number(blob.endsWith("="))
    const valueBytes = blob === "" ? encodeUtf8(text).length : Math.floor(((blob.length - padding) * 3) / 4)
    sizeBytes += encodeUtf8(name).length + encodeUtf8(type).length + valueBytes
  }
  return sizeBytes
}

/** `prepared` as a send of the broker's own has them. */
export function messagesOf(prepared: readonly PreparedMessage[]): Messages {
  let terms: Map<number, MessageTerms> | null = null
  for (const [place, message] of prepared.entries()) {
    if (message.terms !== null) (terms ??= new Map<number, MessageTerms>()).set(place, message.terms)
  }
  return { records: prepared.map(({ record }) => record), terms }
}

/** Where a message was stored. */
export interface Stored {
  readonly incarnation: number
  readonly shard: number
  readonly counter: number
}

/** The answer to one message. */
export function sentMessage(
  { digests }: PreparedMessage,
  stored: Stored,
  { ordering }: Pick<QueueSettings, "ordering">,
): Output<"SendMessage"> {
  const sent = { ...digests, MessageId: uuidOfMessage(stored) }
  return ordering === "fifo" ? { ...sent, SequenceNumber: sequenceNumber(stored.counter) } : sent
}

function digestsOf(body: Uint8Array, attributes: string | null, systemAttributes: string | null): Digests {
  const MD5OfMessageBody = md5Hex(body)
  if (attributes === null && systemAttributes === null) return { MD5OfMessageBody }
  return {
    MD5OfMessageBody,
    ...(attributes !== null && { MD5OfMessageAttributes: attributes }),
    ...(systemAttributes !== null && { MD5OfMessageSystemAttributes: systemAttributes }),
  }
}
