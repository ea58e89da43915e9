import { CorruptError } from "../../core/bytes/corrupt.ts"
import type { Failure } from "../../core/errors.ts"
import { decodeFrame } from "../../core/log/frame.ts"
import type { Delivery, LogRecord } from "../../core/log/types.ts"
import type { SendReply } from "../../core/queue/commands.ts"
import { formatMessageId } from "./message-id.ts"
import { problemOf } from "./problems.ts"
import { formatReceipt } from "./receipt.ts"
import { bodyMember, headersJson, utf8Text } from "./record-json.ts"

/** Where deliveries come from, as their ids and receipts say it. */
export interface DeliverySource {
  readonly incarnation: number
  readonly shard: number
}

/** The JSON array of messages that `deliveries` are for a client. */
export function deliveriesJson(source: DeliverySource, deliveries: readonly Delivery[]): string {
  return `[${deliveries.map((delivery) => deliveryJson(source, delivery)).join(",")}]`
}

/** The JSON array of outcomes of a send: an id each, or a problem. */
export function sendResultsJson(shard: number, reply: SendReply): string {
  // The hottest answer of the broker: what all ids share is written once, and nothing is built in between.
  const start = `{"id":"${formatMessageId(reply.incarnation, shard, "")}`
  let json = "["
  for (const result of reply.results) {
    if (json.length > 1) json += ","
    json += typeof result === "number" ? `${start}${result}"}` : problemJson(result)
  }
  return `${json}]`
}

function problemJson(failure: Failure): string {
  return JSON.stringify({ problem: problemOf(failure).document })
}

function deliveryJson(source: DeliverySource, delivery: Delivery): string {
  const { incarnation, shard } = source
  const { offset, attempt } = delivery
  const receipt = formatReceipt({ incarnation, shard, stateId: 0, stateGeneration: 0, offset, attempt })
  const id = formatMessageId(incarnation, shard, delivery.messageId)
  const { deliveryCount, appendedAt } = delivery
  const head = `{"id":"${id}","receipt":"${receipt}","deliveryCount":${deliveryCount},"sentAt":${appendedAt}`
  const record = recordOf(delivery.frame)
  if (record === null) {
    const failure: Failure = { code: "corrupt_batch", firstOffset: offset, lastOffset: offset }
    return `${head},"problem":${JSON.stringify(problemOf(failure).document)}}`
  }
  const groupId = record.key === null ? "" : `,"groupId":${JSON.stringify(utf8Text(record.key))}`
  const headers = record.headers.length === 0 ? "" : `,"headers":${headersJson(record.headers)}`
  return `${head},${bodyMember(record)}${groupId}${headers}}`
}

/** Null where the frame is damaged. */
function recordOf(frame: Uint8Array): LogRecord | null {
  try {
    return decodeFrame(frame)
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}
