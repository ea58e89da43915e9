import type { Failure } from "../core/errors.ts"
import { ok, type Result } from "../core/result.ts"
import { parseAppendTerms } from "../protocol/native/append-request.ts"
import { invalidField, type JsonObject } from "../protocol/native/fields.ts"
import { parseMessages } from "../protocol/native/messages.ts"
import { parseRecords } from "../protocol/native/records.ts"
import { type ParsedSettlement, parseSettlements, type SettleKind } from "../protocol/native/settlements.ts"
import { type ParsedShareSettlement, parseShareSettlements } from "../protocol/native/share-settlements.ts"
import { checkFields, parseName, parseNumber } from "./client-fields.ts"
import type { ClientFrame } from "./client-frame.ts"

const QUEUE_FIELDS: ReadonlySet<string> = new Set(["type", "ref", "queue", "messages"])
const TOPIC_FIELDS: ReadonlySet<string> = new Set(["type", "ref", "topic", "records", "producer", "expectedOffset"])
const ENVELOPE: readonly string[] = ["type", "ref", "sub", "queue", "topic", "share"]

/** `publish`: messages to a queue or records to a topic. `text` is the frame's own. */
export function parsePublish(text: string, value: JsonObject): Result<ClientFrame, Failure> {
  const ref = parseNumber(value, "ref")
  if (!ref.ok) return ref
  return value["topic"] === undefined ? publishMessages(text, value, ref.value) : publishRecords(text, value, ref.value)
}

/** `ack`, `nack` and `extend`: of a subscription, of a queue, or of a share group on a topic. */
export function parseSettle(kind: SettleKind, value: JsonObject): Result<ClientFrame, Failure> {
  const ref = parseNumber(value, "ref")
  if (!ref.ok) return ref
  if (value["queue"] !== undefined) return settleQueue(kind, value, ref.value)
  if (value["topic"] !== undefined || value["share"] !== undefined) return settleShare(kind, value, ref.value)
  const sub = parseNumber(value, "sub")
  return sub.ok ? ok({ type: "settle-subscribed", ref: ref.value, sub: sub.value, kind, value }) : sub
}

/** What a `settle-subscribed` says of a queue's receipts. */
export function parseQueueReceipts(kind: SettleKind, value: JsonObject): Result<readonly ParsedSettlement[], Failure> {
  return parseSettlements(kind, value, ENVELOPE)
}

/** What it says of receipts of a share group. */
export function parseShareReceipts(
  kind: SettleKind,
  value: JsonObject,
): Result<readonly ParsedShareSettlement[], Failure> {
  return parseShareSettlements(kind, value, ENVELOPE)
}

function settleQueue(kind: SettleKind, value: JsonObject, ref: number): Result<ClientFrame, Failure> {
  for (const field of ["sub", "topic", "share"]) {
    if (value[field] !== undefined) return invalidField("/queue", `must not stand beside ${field}`)
  }
  const queue = parseName(value, "queue")
  if (!queue.ok) return queue
  const settlements = parseQueueReceipts(kind, value)
  return settlements.ok
    ? ok({ type: "settle-queue", ref, queue: queue.value, settlements: settlements.value })
    : settlements
}

function settleShare(kind: SettleKind, value: JsonObject, ref: number): Result<ClientFrame, Failure> {
  if (value["sub"] !== undefined) return invalidField("/topic", "must not stand beside sub")
  const topic = parseName(value, "topic")
  if (!topic.ok) return topic
  const group = parseName(value, "share")
  if (!group.ok) return group
  const settlements = parseShareReceipts(kind, value)
  if (!settlements.ok) return settlements
  return ok({ type: "settle-share", ref, topic: topic.value, group: group.value, settlements: settlements.value })
}

function publishMessages(text: string, value: JsonObject, ref: number): Result<ClientFrame, Failure> {
  const fields = checkFields(value, QUEUE_FIELDS)
  if (!fields.ok) return fields
  const queue = parseName(value, "queue")
  if (!queue.ok) return queue
  const messages = parseMessages(text, value["messages"])
  return messages.ok ? ok({ type: "publish-messages", ref, queue: queue.value, messages: messages.value }) : messages
}

function publishRecords(text: string, value: JsonObject, ref: number): Result<ClientFrame, Failure> {
  const fields = checkFields(value, TOPIC_FIELDS)
  if (!fields.ok) return fields
  const topic = parseName(value, "topic")
  if (!topic.ok) return topic
  const records = parseRecords(text, value["records"])
  if (!records.ok) return records
  const terms = parseAppendTerms(value["producer"], value["expectedOffset"])
  if (!terms.ok) return terms
  return ok({ type: "publish-records", ref, topic: topic.value, records: records.value, terms: terms.value })
}
