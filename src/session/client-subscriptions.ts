import type { Failure } from "../core/errors.ts"
import { MAX_PARTITIONS, MAX_VISIBILITY_TIMEOUT_MS } from "../core/limits.ts"
import { ok, type Result } from "../core/result.ts"
import { invalidField, type JsonObject, parseInteger } from "../protocol/native/fields.ts"
import { checkFields, parseName, parseNumber, parseOptional } from "./client-fields.ts"
import type { ClientFrame } from "./client-frame.ts"
import type { Grant } from "./credit.ts"

const QUEUE_FIELDS: ReadonlySet<string> = new Set([
  "type",
  "sub",
  "queue",
  "credit",
  "creditBytes",
  "visibilityTimeoutMs",
])
const PARTITION_FIELDS: ReadonlySet<string> = new Set([
  "type",
  "sub",
  "topic",
  "partition",
  "from",
  "credit",
  "creditBytes",
])
const CREDIT_FIELDS: ReadonlySet<string> = new Set(["type", "sub", "credit", "creditBytes"])
const UNSUBSCRIBE_FIELDS: ReadonlySet<string> = new Set(["type", "sub"])

/** `subscribe`: to a queue or to a partition. */
export function parseSubscribe(value: JsonObject): Result<ClientFrame, Failure> {
  const sub = parseNumber(value, "sub")
  if (!sub.ok) return sub
  return value["topic"] === undefined ? subscribeQueue(value, sub.value) : subscribePartition(value, sub.value)
}

/** `credit`: what the client is ready to take, in totals. */
export function parseCredit(value: JsonObject): Result<ClientFrame, Failure> {
  const fields = checkFields(value, CREDIT_FIELDS)
  if (!fields.ok) return fields
  const sub = parseNumber(value, "sub")
  if (!sub.ok) return sub
  const grant = parseGrant(value)
  return grant.ok ? ok({ type: "credit", sub: sub.value, grant: grant.value }) : grant
}

/** `unsubscribe`. */
export function parseUnsubscribe(value: JsonObject): Result<ClientFrame, Failure> {
  const fields = checkFields(value, UNSUBSCRIBE_FIELDS)
  if (!fields.ok) return fields
  const sub = parseNumber(value, "sub")
  return sub.ok ? ok({ type: "unsubscribe", sub: sub.value }) : sub
}

function subscribeQueue(value: JsonObject, sub: number): Result<ClientFrame, Failure> {
  const fields = checkFields(value, QUEUE_FIELDS)
  if (!fields.ok) return fields
  const queue = parseName(value, "queue")
  if (!queue.ok) return queue
  const grant = parseGrant(value)
  if (!grant.ok) return grant
  const timeout = parseOptional(value, "visibilityTimeoutMs", MAX_VISIBILITY_TIMEOUT_MS)
  if (!timeout.ok) return timeout
  return ok({
    type: "subscribe-queue",
    sub,
    queue: queue.value,
    grant: grant.value,
    visibilityTimeoutMs: timeout.value,
  })
}

function subscribePartition(value: JsonObject, sub: number): Result<ClientFrame, Failure> {
  const fields = checkFields(value, PARTITION_FIELDS)
  if (!fields.ok) return fields
  const topic = parseName(value, "topic")
  if (!topic.ok) return topic
  const partition = parseInteger(value["partition"], "/partition", 0, MAX_PARTITIONS - 1)
  if (!partition.ok) return partition
  const from = parseFrom(value["from"])
  if (!from.ok) return from
  const grant = parseGrant(value)
  if (!grant.ok) return grant
  return ok({
    type: "subscribe-partition",
    sub,
    topic: topic.value,
    partition: partition.value,
    from: from.value,
    grant: grant.value,
  })
}

function parseFrom(value: unknown): Result<number | "earliest" | "latest", Failure> {
  if (value === "earliest" || value === "latest") return ok(value)
  if (Number.isSafeInteger(value) && (value as number) >= 0) return ok(value as number)
  return invalidField("/from", "must be earliest, latest or an offset")
}

function parseGrant(value: JsonObject): Result<Grant, Failure> {
  const messages = parseNumber(value, "credit")
  if (!messages.ok) return messages
  const bytes = parseOptional(value, "creditBytes", Number.MAX_SAFE_INTEGER)
  return bytes.ok ? ok({ messages: messages.value, bytes: bytes.value }) : bytes
}
