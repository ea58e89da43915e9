import type { Failure } from "../core/errors.ts"
import { MAX_LOCK_DURATION_MS, MAX_PARTITIONS, MAX_VISIBILITY_TIMEOUT_MS } from "../core/limits.ts"
import type { TopicPartition } from "../core/group/commands.ts"
import { ok, type Result } from "../core/result.ts"
import { invalidField, type JsonObject, parseInteger } from "../protocol/native/fields.ts"
import { checkFields, parseFlag, parseName, parseNumber, parseOptional } from "./client-fields.ts"
import type { ClientFrame } from "./client-frame.ts"
import type { Grant } from "./credit.ts"
import { parseMemberId } from "../protocol/native/offset-commits.ts"
import { parseResume } from "./resume.ts"
import type { GroupOwner } from "./subscriptions.ts"

const QUEUE_FIELDS: ReadonlySet<string> = new Set([
  "type",
  "sub",
  "queue",
  "credit",
  "creditBytes",
  "visibilityTimeoutMs",
  "resume",
  "binary",
])
const PARTITION_FIELDS: ReadonlySet<string> = new Set([
  "type",
  "sub",
  "topic",
  "partition",
  "from",
  "credit",
  "creditBytes",
  "group",
  "memberId",
  "epoch",
  "binary",
])
const SHARE_FIELDS: ReadonlySet<string> = new Set([
  "type",
  "sub",
  "topic",
  "partition",
  "share",
  "credit",
  "creditBytes",
  "lockDurationMs",
  "resume",
  "binary",
])
const CREDIT_FIELDS: ReadonlySet<string> = new Set(["type", "sub", "credit", "creditBytes"])
const OWNER_FIELDS = ["group", "memberId", "epoch"] as const
/** Of a frame that says nothing but which subscription it is about. */
const SUB_FIELDS: ReadonlySet<string> = new Set(["type", "sub"])

/** `subscribe`: to a queue, to a partition, or to a partition as one of a share group. */
export function parseSubscribe(value: JsonObject): Result<ClientFrame, Failure> {
  const sub = parseNumber(value, "sub")
  if (!sub.ok) return sub
  if (value["topic"] === undefined) return subscribeQueue(value, sub.value)
  return value["share"] === undefined ? subscribePartition(value, sub.value) : subscribeShare(value, sub.value)
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
  const sub = parseOnlySub(value)
  return sub.ok ? ok({ type: "unsubscribe", sub: sub.value }) : sub
}

/** `drain`. */
export function parseDrain(value: JsonObject): Result<ClientFrame, Failure> {
  const sub = parseOnlySub(value)
  return sub.ok ? ok({ type: "drain", sub: sub.value }) : sub
}

function parseOnlySub(value: JsonObject): Result<number, Failure> {
  const fields = checkFields(value, SUB_FIELDS)
  return fields.ok ? parseNumber(value, "sub") : fields
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
  const resume = parseResume(value["resume"], "queue")
  if (!resume.ok) return resume
  const binary = parseFlag(value, "binary")
  if (!binary.ok) return binary
  return ok({
    type: "subscribe-queue",
    sub,
    queue: queue.value,
    grant: grant.value,
    visibilityTimeoutMs: timeout.value,
    resume: resume.value,
    binary: binary.value,
  })
}

function subscribePartition(value: JsonObject, sub: number): Result<ClientFrame, Failure> {
  const fields = checkFields(value, PARTITION_FIELDS)
  if (!fields.ok) return fields
  const place = parsePlace(value)
  if (!place.ok) return place
  const from = parseFrom(value["from"])
  if (!from.ok) return from
  const owner = parseOwner(value)
  if (!owner.ok) return owner
  const grant = parseGrant(value)
  if (!grant.ok) return grant
  const binary = parseFlag(value, "binary")
  if (!binary.ok) return binary
  return ok({
    type: "subscribe-partition",
    sub,
    ...place.value,
    from: from.value,
    owner: owner.value,
    grant: grant.value,
    binary: binary.value,
  })
}

function subscribeShare(value: JsonObject, sub: number): Result<ClientFrame, Failure> {
  const fields = checkFields(value, SHARE_FIELDS)
  if (!fields.ok) return fields
  const place = parsePlace(value)
  if (!place.ok) return place
  const group = parseName(value, "share")
  if (!group.ok) return group
  const grant = parseGrant(value)
  if (!grant.ok) return grant
  const lock = parseOptional(value, "lockDurationMs", MAX_LOCK_DURATION_MS)
  if (!lock.ok) return lock
  const resume = parseResume(value["resume"], place.value)
  if (!resume.ok) return resume
  const binary = parseFlag(value, "binary")
  if (!binary.ok) return binary
  return ok({
    type: "subscribe-share",
    sub,
    ...place.value,
    group: group.value,
    grant: grant.value,
    lockDurationMs: lock.value,
    resume: resume.value,
    binary: binary.value,
  })
}

function parsePlace(value: JsonObject): Result<TopicPartition, Failure> {
  const topic = parseName(value, "topic")
  if (!topic.ok) return topic
  const partition = parseInteger(value["partition"], "/partition", 0, MAX_PARTITIONS - 1)
  return partition.ok ? ok({ topic: topic.value, partition: partition.value }) : partition
}

/** Who reads a partition for a group, null where nobody does; its three members come together. */
function parseOwner(value: JsonObject): Result<GroupOwner | null, Failure> {
  if (OWNER_FIELDS.every((field) => value[field] === undefined)) return ok(null)
  const missing = OWNER_FIELDS.find((field) => value[field] === undefined)
  if (missing !== undefined) return invalidField(`/${missing}`, "group, memberId and epoch come together")
  const group = parseName(value, "group")
  if (!group.ok) return group
  const memberId = parseMemberId(value["memberId"], "/memberId")
  if (!memberId.ok) return memberId
  const epoch = parseNumber(value, "epoch")
  return epoch.ok ? ok({ group: group.value, memberId: memberId.value, epoch: epoch.value }) : epoch
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
