import type { Redrive } from "../../core/queue/operator/commands.ts"
import { filterView } from "./message-filter.ts"

/** A redrive as its owner sees it. */
export function redriveView({ no, offset, endOffset, filter, ...redrive }: Redrive) {
  const { state, moved, skipped, startedAt, updatedAt, queue, maxMessagesPerSecond } = redrive
  const progress = { moved, skipped, remaining: Math.max(0, endOffset - offset), startedAt, updatedAt }
  return { id: no, state, ...progress, queue, filter: filterView(filter), maxMessagesPerSecond }
}
