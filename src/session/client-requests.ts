import type { Failure } from "../core/errors.ts"
import { ok, type Result } from "../core/result.ts"
import { parseAppendTerms } from "../protocol/native/append-request.ts"
import { invalidField, type JsonObject } from "../protocol/native/fields.ts"
import { parseMessages } from "../protocol/native/messages.ts"
import { parseRecords } from "../protocol/native/records.ts"
import { parseSettlements, type SettleKind } from "../protocol/native/settlements.ts"
import { checkFields, parseName, parseNumber } from "./client-fields.ts"
import type { ClientFrame } from "./client-frame.ts"

const QUEUE_FIELDS: ReadonlySet<string> = new Set(["type", "ref", "queue", "messages"])
const TOPIC_FIELDS: ReadonlySet<string> = new Set(["type", "ref", "topic", "records", "producer", "expectedOffset"])
const SETTLE_ENVELOPE: readonly string[] = ["type", "ref", "sub", "queue"]

/** `publish`: messages to a queue or records to a topic. `text` is the frame's own. */
export function parsePublish(text: string, value: JsonObject): Result<ClientFrame, Failure> {
  const ref = parseNumber(value, "ref")
  if (!ref.ok) return ref
  return value["topic"] === undefined ? publishMessages(text, value, ref.value) : publishRecords(text, value, ref.value)
}

/** `ack`, `nack` and `extend`, of a subscription or of a queue. */
export function parseSettle(kind: SettleKind, value: JsonObject): Result<ClientFrame, Failure> {
  const ref = parseNumber(value, "ref")
  if (!ref.ok) return ref
  const queue = parseSettledQueue(value)
  if (!queue.ok) return queue
  const settlements = parseSettlements(kind, value, SETTLE_ENVELOPE)
  if (!settlements.ok) return settlements
  return ok({ type: "settle", ref: ref.value, queue: queue.value, settlements: settlements.value })
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

function parseSettledQueue(value: JsonObject): Result<string | number, Failure> {
  if (value["queue"] === undefined) return parseNumber(value, "sub")
  return value["sub"] === undefined ? parseName(value, "queue") : invalidField("/queue", "must not stand beside sub")
}
