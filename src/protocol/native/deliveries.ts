import type { Failure } from "../../core/errors.ts"
import type { Delivery } from "../../core/log/types.ts"
import type { SendReply } from "../../core/queue/commands.ts"
import { formatMessageId } from "./message-id.ts"
import { contentMembers } from "./message-json.ts"
import { problemOf } from "./problems.ts"
import { formatReceipt } from "./receipt.ts"

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
  return `${head},${contentMembers(delivery.frame, offset)}}`
}
