import type { Failure } from "../core/errors.ts"
import { ok, type Result } from "../core/result.ts"
import { parseAppendTerms, parseProducer } from "../protocol/native/append-request.ts"
import { invalidField, type JsonObject } from "../protocol/native/fields.ts"
import { type Messages, parseMessages } from "../protocol/native/messages.ts"
import { parseRecords, type RoutedRecord } from "../protocol/native/records.ts"
import { type ParsedSettlement, parseSettlements, type SettleKind } from "../protocol/native/settlements.ts"
import { type ParsedShareSettlement, parseShareSettlements } from "../protocol/native/share-settlements.ts"
import { parseMessageBatch, parseRecordBatch } from "../protocol/native/wire-publish-decode.ts"
import { checkFields, parseName, parseNumber } from "./client-fields.ts"
import type { ClientFrame } from "./client-frame.ts"
import { parseRouting } from "./route-publish.ts"

const QUEUE_FIELDS: ReadonlySet<string> = new Set(["type", "ref", "queue", "messages", "batch", "producer"])
const TOPIC_FIELDS: ReadonlySet<string> = new Set([
  "type",
  "ref",
  "topic",
  "records",
  "batch",
  "producer",
  "expectedOffset",
  "partition",
  "partitions",
])
const NO_BATCH = invalidField("/batch", "must be true, in a binary message, or left out")
const ENVELOPE: readonly string[] = ["type", "ref", "sub", "queue", "topic", "share"]

/** Where the entries of a publish stand: in its text, or in the batch that came with it. */
interface Entries {
  readonly text: string
  readonly batch: Uint8Array | null
}

/** `publish`: messages to a queue or records to a topic. `text` is the frame's own, `batch` what came with it. */
export function parsePublish(text: string, value: JsonObject, batch: Uint8Array | null): Result<ClientFrame, Failure> {
  const ref = parseNumber(value, "ref")
  if (!ref.ok) return ref
  const entries = { text, batch }
  return value["topic"] === undefined
    ? publishMessages(entries, value, ref.value)
    : publishRecords(entries, value, ref.value)
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

function publishMessages(entries: Entries, value: JsonObject, ref: number): Result<ClientFrame, Failure> {
  const fields = checkFields(value, QUEUE_FIELDS)
  if (!fields.ok) return fields
  const queue = parseName(value, "queue")
  if (!queue.ok) return queue
  const messages = messagesOf(entries, value)
  if (!messages.ok) return messages
  const producer = parseProducer(value["producer"])
  if (!producer.ok) return producer
  return ok({
    type: "publish-messages",
    ref,
    queue: queue.value,
    messages: messages.value,
    producer: producer.value,
    place: placeOf(value, "/messages"),
  })
}

function publishRecords(entries: Entries, value: JsonObject, ref: number): Result<ClientFrame, Failure> {
  const fields = checkFields(value, TOPIC_FIELDS)
  if (!fields.ok) return fields
  const topic = parseName(value, "topic")
  if (!topic.ok) return topic
  const records = recordsOf(entries, value)
  if (!records.ok) return records
  const terms = parseAppendTerms(value["producer"], value["expectedOffset"])
  if (!terms.ok) return terms
  const routing = parseRouting(value, records.value)
  if (!routing.ok) return routing
  const said = { ref, topic: topic.value, records: records.value, terms: terms.value }
  return ok({ type: "publish-records", ...said, ...routing.value, place: placeOf(value, "/records") })
}

/** Where the entries stand, for pointers to them. */
function placeOf(value: JsonObject, inText: string): string {
  return value["batch"] === undefined ? inText : "/batch"
}

function messagesOf({ text, batch }: Entries, value: JsonObject): Result<Messages, Failure> {
  if (value["batch"] === undefined) return parseMessages(text, value["messages"])
  if (value["messages"] !== undefined) return invalidField("/messages", "must not stand beside batch")
  return batch === null ? NO_BATCH : parseMessageBatch(batch)
}

function recordsOf({ text, batch }: Entries, value: JsonObject): Result<readonly RoutedRecord[], Failure> {
  if (value["batch"] === undefined) return parseRecords(text, value["records"])
  if (value["records"] !== undefined) return invalidField("/records", "must not stand beside batch")
  return batch === null ? NO_BATCH : parseRecordBatch(batch)
}
