import type { Delivery, LogRecord } from "../../core/log/types.ts"
import { DEAD_LETTER_HEADERS } from "../../core/queue/dead-letter.ts"
import { encodeBase64 } from "../native/base64.ts"
import { encodeUtf8 } from "../native/fields.ts"
import { utf8Text } from "../native/record-json.ts"
import type { ReceivedMessage } from "./actions.ts"
import { forbiddenCharacter } from "./characters.ts"
import { md5Hex } from "./md5.ts"
import { RESERVED_PREFIX } from "./message-details.ts"
import { uuidOfMessage, uuidOfNativeId } from "./message-id.ts"
import { type OpenedMessage, openMessage } from "./opened-message.ts"
import { formatReceiptHandle } from "./receipt-handle.ts"
import { receivedAttributes } from "./received-attributes.ts"
import type { WantedAttributes } from "./receive-options.ts"
import { type ReceivedFrom, systemAttributes } from "./system-attributes.ts"

/** From where, when and how messages are received. */
export interface ReceiveContext extends ReceivedFrom {
  readonly incarnation: number
  readonly shard: number
  readonly wanted: WantedAttributes
  /** Whether the receive has an attempt id, so that its handles must come out the same again. */
  readonly isRepeatable: boolean
  /** When, in milliseconds since the epoch. */
  readonly now: number
}

/** Attributes that say why a body is not what was sent. */
const BASE64_NOTE: ReadonlyMap<string, string> = new Map([[`${RESERVED_PREFIX}body`, "base64"]])
const DAMAGE_NOTE: ReadonlyMap<string, string> = new Map([[`${RESERVED_PREFIX}problem`, "corrupt_batch"]])
const NO_NOTES: ReadonlyMap<string, string> = new Map()

/** `delivery` as SQS clients receive it (`[X70]`). */
export function receivedMessage(context: ReceiveContext, delivery: Delivery): ReceivedMessage {
  const message = openMessage(delivery)
  const { text, bytes, isBase64 } = bodyOf(message.record)
  const notes = message.isDamaged ? DAMAGE_NOTE : isBase64 ? BASE64_NOTE : NO_NOTES
  const attributes = systemAttributes(context, context.wanted.system, message)
  return {
    MessageId: messageIdOf(context, message),
    ReceiptHandle: handleOf(context, delivery),
    MD5OfBody: md5Hex(bytes),
    Body: text,
    ...(attributes !== null && { Attributes: attributes }),
    ...receivedAttributes(message, context.wanted.isWanted, notes),
  }
}

/** A body that no SQS client could have sent, bytes or characters that XML can't say, comes as base64. */
function bodyOf({ format, value }: LogRecord) {
  if (format !== "bytes") {
    const text = utf8Text(value)
    if (forbiddenCharacter(text) === null) return { text, bytes: value, isBase64: false }
  }
  const text = encodeBase64(value, "standard")
  return { text, bytes: encodeUtf8(text), isBase64: true }
}

/** Of a dead letter, or one that was moved on, the id that it was sent under. */
function messageIdOf({ incarnation, shard }: ReceiveContext, { moved, delivery }: OpenedMessage): string {
  const first = moved.get(DEAD_LETTER_HEADERS.id)
  const uuid = first === undefined ? null : uuidOfNativeId(first)
  return uuid ?? uuidOfMessage({ incarnation, shard, counter: delivery.messageId })
}

function handleOf({ incarnation, shard, isRepeatable, now }: ReceiveContext, delivery: Delivery): string {
  const { offset, attempt, deliveryCount, firstDeliveredAt } = delivery
  const receipt = { incarnation, shard, stateId: 0, stateGeneration: 0, offset, attempt }
  if (!isRepeatable) return formatReceiptHandle(receipt, now)
  // a repeat only knows when a message was received first
  return formatReceiptHandle(receipt, deliveryCount === 1 ? firstDeliveredAt : null)
}
