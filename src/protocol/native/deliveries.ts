import type { Failure } from "../../core/errors.ts"
import type { Delivery } from "../../core/log/types.ts"
import type { SendResult } from "../../core/queue/commands.ts"
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

/** What became of messages that were sent. */
export interface SendOutcome {
  readonly incarnation: number
  /** In order; null for one that is stored and whose id is forgotten. */
  readonly results: readonly (SendResult | null)[]
  /** How many of the first were stored before. */
  readonly repeatedCount?: number
}

/** The JSON array of outcomes of a send: an id each, or a problem. */
export function sendResultsJson(shard: number, { incarnation, results, repeatedCount = 0 }: SendOutcome): string {
  // The hottest answer of the broker: what all ids share is written once, and nothing is built in between.
  const start = `{"id":"${formatMessageId(incarnation, shard, "")}`
  let json = "["
  for (let index = 0; index < results.length; index++) {
    if (index > 0) json += ","
    const result = results[index]!
    if (typeof result === "number")
      json += index < repeatedCount ? `${start}${result}${REPEATED}` : `${start}${result}"}`
    else json += result === null ? FORGOTTEN : problemJson(result)
  }
  return `${json}]`
}

const REPEATED = '","repeated":true}'
const FORGOTTEN = '{"id":null,"repeated":true}'

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
