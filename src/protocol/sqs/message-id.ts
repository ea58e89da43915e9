import { type MessageIdParts, parseMessageId } from "../native/message-id.ts"

/** Hexadecimal digits of a safe integer. */
const NUMBER_DIGITS = 14
/** The last group has all of a counter but its first two digits. */
const LAST_GROUP_DIGITS = 12
const LAST_GROUP = 16 ** LAST_GROUP_DIGITS
/** What is left of a UUID beside two numbers, its version and its variant. */
const MAX_SHARDS = 256
const UUID = /^([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f]{3})-8([0-9a-f]{3})-([0-9a-f]{12})$/
const SEQUENCE_DIGITS = 20

/** The last start that was written: messages of a queue have theirs in common, up to the last digits of the counter. */
let last = { incarnation: -1, shard: -1, high: -1, start: "" }

/** The id of a message as SQS clients see it: a UUID of their own version, 8, from which the native id can be told. */
export function uuidOfMessage({ incarnation, shard, counter }: MessageIdParts): string {
  if (shard >= MAX_SHARDS) throw new RangeError(`shard ${shard} has no room in a message id`)
  const high = Math.floor(counter / LAST_GROUP)
  if (incarnation !== last.incarnation || shard !== last.shard || high !== last.high) {
    last = { incarnation, shard, high, start: startOf(incarnation, shard, high) }
  }
  return last.start + digitsOf(counter % LAST_GROUP, LAST_GROUP_DIGITS)
}

/** All groups of digits but the last. */
function startOf(incarnation: number, shard: number, high: number): string {
  const digits = digitsOf(incarnation, NUMBER_DIGITS) + digitsOf(shard, 2) + digitsOf(high, 2)
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(12, 15)}-8${digits.slice(15)}-`
}

/** The native id of a message that SQS clients know as `uuid`; null where that is none of `uuidOfMessage`. */
export function messageOfUuid(uuid: string): MessageIdParts | null {
  const digits = UUID.exec(uuid)?.slice(1).join("")
  if (digits === undefined) return null
  const shardEnd = NUMBER_DIGITS + 2
  const incarnation = Number.parseInt(digits.slice(0, NUMBER_DIGITS), 16)
  const shard = Number.parseInt(digits.slice(NUMBER_DIGITS, shardEnd), 16)
  const counter = Number.parseInt(digits.slice(shardEnd), 16)
  return Number.isSafeInteger(incarnation) && Number.isSafeInteger(counter) ? { incarnation, shard, counter } : null
}

/** `uuidOfMessage` of a native id; null where it is the id of no message, such as that of a record. */
export function uuidOfNativeId(text: string): string | null {
  const parts = parseMessageId(text)
  return parts.ok && parts.value.shard < MAX_SHARDS ? uuidOfMessage(parts.value) : null
}

/** `SequenceNumber` of a message of a fifo queue: 20 digits, which grow. */
export function sequenceNumber(counter: number): string {
  return String(counter).padStart(SEQUENCE_DIGITS, "0")
}

function digitsOf(number: number, length: number): string {
  return number.toString(16).padStart(length, "0")
}
