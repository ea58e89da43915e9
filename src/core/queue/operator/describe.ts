import { stateAt } from "../../delivery/inspect.ts"
import type { StoredFrame } from "../queue-log.ts"
import type { QueueState } from "../queue-state.ts"
import type { ScheduledMessage } from "../schedule.ts"
import type { BrowsedMessage } from "./commands.ts"
import type { LogMessageState } from "./scan.ts"

/** A message of the log as it stands. */
export function describeLogMessage(
  state: QueueState,
  offset: number,
  standing: LogMessageState,
  { entry, frame }: StoredFrame,
): BrowsedMessage {
  const expiresAt = state.expiryOf(offset)
  return {
    messageId: entry?.messageId ?? 0,
    offset,
    state: standing,
    sentAt: entry?.appendedAt ?? 0,
    expiresAt: expiresAt === Infinity ? null : expiresAt,
    frame,
    ...deliveriesOf(state, offset, standing),
  }
}

/** A message that waits for its own time; the queue's delay comes on top of that at which it enters the log. */
export function describeScheduled({ settings }: QueueState, message: ScheduledMessage): BrowsedMessage {
  const { messageId, dueAt, sentAt, expiresAt, frame } = message
  return {
    messageId,
    offset: null,
    state: "scheduled",
    sentAt,
    untilAt: dueAt + settings.delayMs,
    consumer: null,
    deliveryCount: 0,
    firstDeliveredAt: null,
    expiresAt: Math.min(expiresAt === 0 ? Infinity : expiresAt, dueAt + settings.retentionMs),
    frame,
  }
}

/** Whether a message only waits to be swept out. One in flight is left alone. */
export function isExpired(state: QueueState, offset: number, standing: LogMessageState, now: number): boolean {
  return standing !== "in_flight" && state.expiryOf(offset) <= now
}

function deliveriesOf(
  state: QueueState,
  offset: number,
  standing: LogMessageState,
): Pick<BrowsedMessage, "untilAt" | "consumer" | "deliveryCount" | "firstDeliveredAt"> {
  const at = stateAt(state.delivery, offset)
  switch (at.kind) {
    case "in_flight":
      return {
        untilAt: at.untilAt,
        consumer: at.consumer,
        deliveryCount: at.deliveryCount,
        firstDeliveredAt: at.firstDeliveredAt,
      }
    case "available":
    case "delayed":
      return {
        untilAt: at.kind === "delayed" ? at.dueAt : heldBackUntil(state, offset, standing),
        consumer: null,
        deliveryCount: at.deliveryCount,
        firstDeliveredAt: at.firstDeliveredAt === 0 ? null : at.firstDeliveredAt,
      }
    case "done":
      throw new Error(`offset ${offset} is done`)
  }
}

function heldBackUntil({ log, settings }: QueueState, offset: number, standing: LogMessageState): number | null {
  return standing === "delayed" ? (log.timesOf(offset).appendedAt ?? 0) + settings.delayMs : null
}
