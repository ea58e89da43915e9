import { err, ok } from "../../core/result.ts"
import { missingParameter, refuse, type SqsFailure, type SqsResult } from "./errors.ts"
import {
  MAX_DELAY_SECONDS,
  MAX_KMS_KEY_CHARACTERS,
  MAX_KMS_REUSE_SECONDS,
  MAX_MESSAGE_SIZE_BYTES,
  MAX_RETENTION_SECONDS,
  MAX_VISIBILITY_TIMEOUT_SECONDS,
  MAX_WAIT_SECONDS,
  MIN_KMS_REUSE_SECONDS,
  MIN_MESSAGE_SIZE_BYTES,
  MIN_RETENTION_SECONDS,
} from "./limits.ts"
import { parsePolicy } from "./policy.ts"
import { parseRedriveAllowPolicy, parseRedrivePolicy } from "./redrive-policy.ts"

/** What the service model calls an attribute that tells something of a queue, and that nobody sets. */
export const READ_ONLY_ATTRIBUTES = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
  "CreatedTimestamp",
  "LastModifiedTimestamp",
  "QueueArn",
] as const
export type ReadOnlyAttribute = (typeof READ_ONLY_ATTRIBUTES)[number]

/** Reads a value: the text that is kept of it; an empty one takes the attribute away. */
type Check = (name: string, text: string) => SqsResult<string>

const CHECKS = {
  VisibilityTimeout: integer(0, MAX_VISIBILITY_TIMEOUT_SECONDS),
  MaximumMessageSize: integer(MIN_MESSAGE_SIZE_BYTES, MAX_MESSAGE_SIZE_BYTES),
  MessageRetentionPeriod: integer(MIN_RETENTION_SECONDS, MAX_RETENTION_SECONDS),
  DelaySeconds: integer(0, MAX_DELAY_SECONDS),
  ReceiveMessageWaitTimeSeconds: integer(0, MAX_WAIT_SECONDS),
  Policy: removable(parsePolicy),
  RedrivePolicy: removable(parseRedrivePolicy),
  RedriveAllowPolicy: removable(parseRedriveAllowPolicy),
  KmsMasterKeyId: kmsKey,
  KmsDataKeyReusePeriodSeconds: integer(MIN_KMS_REUSE_SECONDS, MAX_KMS_REUSE_SECONDS),
  SqsManagedSseEnabled: bool,
  FifoQueue: bool,
  ContentBasedDeduplication: bool,
  DeduplicationScope: oneOf("queue", "messageGroup"),
  FifoThroughputLimit: oneOf("perQueue", "perMessageGroupId"),
} as const satisfies Record<string, Check>

/** An attribute that is set by a queue's owner. */
export type QueueAttribute = keyof typeof CHECKS

/** The attributes that a request gives, checked, in its order; an empty text takes one away. */
export type GivenAttributes = ReadonlyMap<QueueAttribute, string>

const FIFO_ONLY: readonly string[] = [
  "FifoQueue",
  "ContentBasedDeduplication",
  "DeduplicationScope",
  "FifoThroughputLimit",
]

/** Whether it is an attribute, of queues of that type. */
export function isAttribute(name: string, isFifo: boolean): name is QueueAttribute | ReadOnlyAttribute {
  if (FIFO_ONLY.includes(name)) return isFifo
  return isSettable(name) || READ_ONLY_ATTRIBUTES.some((one) => one === name)
}

/** `Unknown Attribute …`: also for those that the queue's type does not have, and those that can't be set. */
export function unknownAttribute(name: string) {
  return refuse("InvalidAttributeName", `Unknown Attribute ${name}.`)
}

/** Checks the attributes of a new queue. Whether it is to be a fifo queue is one of them. */
export function checkNewAttributes(given: Readonly<Record<string, string>>): SqsResult<GivenAttributes> {
  // that a queue is a standard one can't be said, only left out
  const isFifo = given["FifoQueue"]?.toLowerCase()
  if (isFifo === "false") return unknownAttribute("FifoQueue")
  return checkAttributes(given, isFifo === "true")
}

/** Checks attributes that a queue is to have instead of those it has. */
export function checkChangedAttributes(
  given: Readonly<Record<string, string>>,
  isFifo: boolean,
): SqsResult<GivenAttributes> {
  if (Object.keys(given).length === 0) return missingParameter("Attribute.Name")
  const checked = checkAttributes(given, isFifo)
  if (checked.ok && checked.value.get("FifoQueue") === "false") {
    return invalidValue("FifoQueue", "Modifying queue type is not supported.")
  }
  return checked
}

function checkAttributes(given: Readonly<Record<string, string>>, isFifo: boolean): SqsResult<GivenAttributes> {
  const checked = new Map<QueueAttribute, string>()
  for (const [name, text] of Object.entries(given)) {
    if (!isSettable(name)) return unknownAttribute(name)
    if (!isFifo && FIFO_ONLY.includes(name)) return fifoOnly(name)
    const value = CHECKS[name](name, text)
    if (!value.ok) return value
    checked.set(name, value.value)
  }
  const refused = checkEncryption(checked)
  return refused === null ? ok(checked) : err(refused)
}

function checkEncryption(given: GivenAttributes): SqsFailure | null {
  const isExclusive = given.get("SqsManagedSseEnabled") !== "true" || (given.get("KmsMasterKeyId") ?? "") === ""
  if (isExclusive) return null
  const rule = "You can use one type of server-side encryption (SSE) at one time."
  return { name: "InvalidAttributeName", message: `${rule} You can either enable KMS SSE or SQS SSE.` }
}

function isSettable(name: string): name is QueueAttribute {
  return Object.hasOwn(CHECKS, name)
}

/** The real service has two texts for the same thing. */
function fifoOnly(name: QueueAttribute) {
  if (name === "FifoQueue" || name === "ContentBasedDeduplication") return unknownAttribute(name)
  return refuse("InvalidAttributeName", `You can specify the ${name} only when FifoQueue is set to true.`)
}

/** `Invalid value for the parameter …` */
export function invalidValue(name: string, reason?: string) {
  const suffix = reason === undefined ? "" : ` Reason: ${reason}`
  return refuse("InvalidAttributeValue", `Invalid value for the parameter ${name}.${suffix}`)
}

function integer(least: number, greatest: number): Check {
  return (name, text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : -1
    return value >= least && value <= greatest ? ok(String(value)) : invalidValue(name)
  }
}

function oneOf(...values: readonly string[]): Check {
  return (name, text) => (values.includes(text) ? ok(text) : invalidValue(name))
}

/** Python's `True` is as good as `true`. */
function bool(name: string, text: string): SqsResult<string> {
  const value = text.toLowerCase()
  return value === "true" || value === "false" ? ok(value) : invalidValue(name)
}

function removable(parse: (text: string) => SqsResult<unknown>): Check {
  return (_name, text) => {
    if (text === "") return ok("")
    const parsed = parse(text)
    return parsed.ok ? ok(text) : parsed
  }
}

function kmsKey(name: string, text: string): SqsResult<string> {
  return text.length <= MAX_KMS_KEY_CHARACTERS ? ok(text) : invalidValue(name)
}
