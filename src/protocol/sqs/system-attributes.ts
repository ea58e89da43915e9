import { sha256Hex } from "./sha256.ts"
import { DEAD_LETTER_HEADERS } from "../../core/queue/dead-letter.ts"
import { queueArn } from "../aws/arn.ts"
import { utf8Text } from "../native/record-json.ts"
import { sequenceNumber, uuidOfNativeId } from "./message-id.ts"
import type { OpenedMessage } from "./opened-message.ts"
import type { SystemAttribute } from "./receive-options.ts"

/** The queue that messages are received from. */
export interface ReceivedFrom {
  readonly queue: string
  readonly isFifo: boolean
  readonly ownerAccountId: string
  readonly region: string
}

/** What the broker says of a message (`[X75]`); null where nothing was asked for. */
export function systemAttributes(
  from: ReceivedFrom,
  wanted: ReadonlySet<SystemAttribute>,
  message: OpenedMessage,
): Readonly<Record<string, string>> | null {
  if (wanted.size === 0) return null
  const attributes: Record<string, string> = {}
  for (const name of wanted) {
    const value = valueOf(name, from, message)
    if (value !== null) attributes[name] = value
  }
  return Object.keys(attributes).length === 0 ? null : attributes
}

function valueOf(name: SystemAttribute, from: ReceivedFrom, message: OpenedMessage): string | null {
  const { delivery, record, details } = message
  switch (name) {
    case "SenderId":
      return details.sender ?? from.ownerAccountId
    case "SentTimestamp":
      return String(record.producedAt ?? delivery.appendedAt)
    case "ApproximateReceiveCount":
      return String(delivery.deliveryCount + (deadLetterOf(from, message)?.deliveryCount ?? 0))
    case "ApproximateFirstReceiveTimestamp":
      return String(delivery.firstDeliveredAt)
    case "SequenceNumber":
      return from.isFifo ? sequenceNumber(delivery.messageId) : null
    case "MessageDeduplicationId":
      return from.isFifo ? (details.dedup ?? sha256Hex(record.value)) : null
    case "MessageGroupId":
      return record.key === null ? details.group : utf8Text(record.key)
    case "AWSTraceHeader":
      return details.trace
    case "DeadLetterQueueSourceArn": {
      const letter = deadLetterOf(from, message)
      return letter === null ? null : queueArn(from.region, from.ownerAccountId, letter.source)
    }
  }
}

/** What a message was in the queue that it left; null where it left none, or came back. */
function deadLetterOf({ queue }: ReceivedFrom, { moved }: OpenedMessage) {
  const source = moved.get(DEAD_LETTER_HEADERS.source)
  if (source === undefined || source === queue) return null
  // a record of a topic has an id of another kind, and no queue that it left
  if (uuidOfNativeId(moved.get(DEAD_LETTER_HEADERS.id) ?? "") === null) return null
  const deliveryCount = Number(moved.get(DEAD_LETTER_HEADERS.deliveryCount))
  return { source, deliveryCount: Number.isSafeInteger(deliveryCount) ? deliveryCount : 0 }
}
