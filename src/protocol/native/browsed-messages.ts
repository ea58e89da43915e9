import type { BrowsedMessage } from "../../core/queue/operator/commands.ts"
import type { DeliverySource } from "./deliveries.ts"
import { formatMessageId } from "./message-id.ts"
import { contentMembers } from "./message-json.ts"

/** A scheduled message has no offset yet: its damage is told with this one. */
const NO_OFFSET = -1

/** A message as JSON for an operator: where it stands, and what is in it. */
export function browsedJson({ incarnation, shard }: DeliverySource, message: BrowsedMessage): string {
  const { messageId, offset, state, sentAt, deliveryCount, frame } = message
  const id = formatMessageId(incarnation, shard, messageId)
  const head = `{"id":"${id}","state":"${state}","sentAt":${sentAt},"deliveryCount":${deliveryCount}`
  return `${head}${standing(message)},${contentMembers(frame, offset ?? NO_OFFSET)}}`
}

function standing({ state, untilAt, consumer, firstDeliveredAt, expiresAt }: BrowsedMessage): string {
  return [
    member("firstDeliveredAt", firstDeliveredAt),
    member(state === "in_flight" ? "leaseUntilAt" : "dueAt", untilAt),
    member("consumer", consumer),
    member("expiresAt", expiresAt),
  ].join("")
}

function member(name: string, value: number | null): string {
  return value === null ? "" : `,"${name}":${value}`
}
