import type { Failure } from "../core/errors.ts"
import type { Subscription, TopicPartition } from "../core/group/commands.ts"
import { MAX_GROUP_PARTITIONS, MAX_PARTITIONS, MAX_SUBSCRIBED_TOPICS, NAME_PATTERN } from "../core/limits.ts"
import { err, ok, type Result } from "../core/result.ts"
import { inBatch, invalidField, isJsonObject, type JsonObject, parseInteger } from "../protocol/native/fields.ts"
import { parseMemberId } from "../protocol/native/offset-commits.ts"
import { checkFields, parseName, parseNumber } from "./client-fields.ts"
import type { ClientFrame } from "./client-frame.ts"

const JOIN_FIELDS: ReadonlySet<string> = new Set([
  "type",
  "sub",
  "group",
  "topics",
  "patterns",
  "instanceId",
  "memberId",
])
const HEARTBEAT_FIELDS: ReadonlySet<string> = new Set(["type", "sub", "owned", "topics", "patterns"])
const LEAVE_FIELDS: ReadonlySet<string> = new Set(["type", "sub"])
const OWNED_FIELDS: ReadonlySet<string> = new Set(["topic", "partition"])

/** `join`: begins to be a member of a group. */
export function parseJoin(value: JsonObject): Result<ClientFrame, Failure> {
  const sub = parseNumber(value, "sub")
  if (!sub.ok) return sub
  const fields = checkFields(value, JOIN_FIELDS)
  if (!fields.ok) return fields
  const group = parseName(value, "group")
  if (!group.ok) return group
  const memberId = value["memberId"] === undefined ? ok(null) : parseMemberId(value["memberId"], "/memberId")
  if (!memberId.ok) return memberId
  const subscription = parseSubscription(value)
  if (!subscription.ok) return subscription
  if (subscription.value === null && memberId.value === null)
    return invalidField("/topics", "there must be topics or patterns")
  const instanceId = value["instanceId"] === undefined ? ok(null) : parseName(value, "instanceId")
  if (!instanceId.ok) return instanceId
  return ok({
    type: "join",
    sub: sub.value,
    group: group.value,
    instanceId: instanceId.value,
    memberId: memberId.value,
    subscription: subscription.value,
  })
}

/** `heartbeat`: a member is there, and works on what it says. */
export function parseHeartbeat(value: JsonObject): Result<ClientFrame, Failure> {
  const sub = parseNumber(value, "sub")
  if (!sub.ok) return sub
  const fields = checkFields(value, HEARTBEAT_FIELDS)
  if (!fields.ok) return fields
  const owned = value["owned"] === undefined ? ok(null) : parseOwned(value["owned"])
  if (!owned.ok) return owned
  const subscription = parseSubscription(value)
  if (!subscription.ok) return subscription
  return ok({ type: "heartbeat", sub: sub.value, owned: owned.value, subscription: subscription.value })
}

/** `leave`: a member goes. */
export function parseLeave(value: JsonObject): Result<ClientFrame, Failure> {
  const sub = parseNumber(value, "sub")
  if (!sub.ok) return sub
  const fields = checkFields(value, LEAVE_FIELDS)
  return fields.ok ? ok({ type: "leave", sub: sub.value }) : fields
}

/** Null where neither topics nor patterns are there. */
function parseSubscription({ topics, patterns }: JsonObject): Result<Subscription | null, Failure> {
  if (topics === undefined && patterns === undefined) return ok(null)
  const names = parseTexts(topics, "/topics", NAME_PATTERN)
  if (!names.ok) return names
  const wanted = parseTexts(patterns, "/patterns", /^[A-Za-z0-9*][A-Za-z0-9._*-]{0,127}$/)
  if (!wanted.ok) return wanted
  return ok({ topics: names.value, patterns: wanted.value })
}

function parseTexts(value: unknown, pointer: string, shape: RegExp): Result<readonly string[], Failure> {
  if (value === undefined) return ok([])
  if (!Array.isArray(value)) return invalidField(pointer, "must be an array")
  if (value.length > MAX_SUBSCRIBED_TOPICS) {
    return invalidField(pointer, `must have at most ${MAX_SUBSCRIBED_TOPICS} entries`)
  }
  const wrong = value.findIndex((text) => typeof text !== "string" || !shape.test(text))
  return wrong === -1 ? ok(value as string[]) : invalidField(`${pointer}/${wrong}`, "must be a name")
}

function parseOwned(value: unknown): Result<readonly TopicPartition[], Failure> {
  if (!Array.isArray(value)) return invalidField("/owned", "must be an array")
  if (value.length > MAX_GROUP_PARTITIONS) {
    return invalidField("/owned", `must have at most ${MAX_GROUP_PARTITIONS} entries`)
  }
  const owned: TopicPartition[] = []
  for (const [index, entry] of value.entries()) {
    const parsed = parsePlace(entry)
    if (!parsed.ok) return inBatch(parsed.error, `/owned/${index}`)
    owned.push(parsed.value)
  }
  return ok(owned)
}

function parsePlace(entry: unknown): Result<TopicPartition, Failure> {
  if (!isJsonObject(entry)) return invalidField("", "must be an object")
  const fields = checkFields(entry, OWNED_FIELDS)
  if (!fields.ok) return fields
  const topic = parseName(entry, "topic")
  if (!topic.ok) return err(topic.error)
  const partition = parseInteger(entry["partition"], "/partition", 0, MAX_PARTITIONS - 1)
  return partition.ok ? ok({ topic: topic.value, partition: partition.value }) : partition
}
