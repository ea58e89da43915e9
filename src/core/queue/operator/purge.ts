import { MAX_PURGE_SLICE } from "../../limits.ts"
import type { QueueState } from "../queue-state.ts"
import type { SchedulePosition } from "../schedule.ts"
import type { PurgeCursor, PurgeReply, PurgeRequest } from "./commands.ts"
import { isBlind, matchesContent, matchesTime } from "./filter.ts"
import { ScanBudget } from "./scan-budget.ts"
import { scanLog, ScanReader } from "./scan.ts"

/** Scheduled messages that are read at a time. */
const SCHEDULED_PAGE = 1000

/**
 * Deletes a slice of what matches, also messages in flight, whose receipts end. Ids tell what was there when the
 * purge began. Scheduled messages go first, and the end of the log is fixed behind them: one that becomes due
 * meanwhile is met there.
 */
export function purge(state: QueueState, request: PurgeRequest, now: number): PurgeReply {
  const { counters } = state
  const removedBefore = counters.removed
  if (request.forgetsDedup === true && request.cursor === null) counters.dedupFrom = counters.nextMessageId
  const budget = new ScanBudget(MAX_PURGE_SLICE, state.scanBudget)
  const cursor = purgeSlice(state, request, budget, now)
  return { removed: counters.removed - removedBefore, cursor }
}

function purgeSlice(state: QueueState, request: PurgeRequest, budget: ScanBudget, now: number): PurgeCursor | null {
  const { cursor, states } = request
  if (cursor && cursor.scheduled === null) return purgeLog(state, request, cursor, budget, now)
  const endMessageId = cursor?.endMessageId ?? state.counters.nextMessageId
  const endOffset = cursor?.endOffset ?? state.log.committedEnd
  if (!states.includes("scheduled")) {
    return purgeLog(state, request, { offset: 0, endOffset, endMessageId, scheduled: null }, budget, now)
  }
  const scheduled = purgeScheduled(state, request, endMessageId, budget)
  if (scheduled) return { offset: 0, endOffset, endMessageId, scheduled }
  const inLog = { offset: 0, endOffset: state.log.committedEnd, endMessageId, scheduled: null }
  return purgeLog(state, request, inLog, budget, now)
}

/** Answers where to go on, or null at the end. */
function purgeScheduled(
  { schedule, counters }: QueueState,
  { filter, cursor }: PurgeRequest,
  endMessageId: number,
  budget: ScanBudget,
): SchedulePosition | null {
  let position = cursor?.scheduled ?? null
  do {
    const messages = schedule.page(position, SCHEDULED_PAGE)
    if (messages.length === 0) return null
    const doomed: number[] = []
    for (const { messageId, dueAt, sentAt, frame } of messages) {
      budget.look()
      budget.read(frame.length)
      position = { dueAt, messageId }
      const isMeant = messageId < endMessageId && matchesTime(filter, sentAt) && matchesContent(filter, frame)
      if (isMeant) doomed.push(messageId)
    }
    counters.removed += schedule.cancelAll(doomed)
  } while (!budget.isSpent)
  return position
}

function purgeLog(
  state: QueueState,
  { filter, states }: PurgeRequest,
  cursor: PurgeCursor,
  budget: ScanBudget,
  now: number,
): PurgeCursor | null {
  const reader = new ScanReader(state.log, budget)
  const isBlindFilter = isBlind(filter)
  const range = { from: cursor.offset, to: cursor.endOffset, states: new Set(states) }
  const offset = scanLog(state, range, budget, now, (offset) => {
    const entry = reader.entryAt(offset)
    if ((entry?.messageId ?? 0) >= cursor.endMessageId) return true
    if (!matchesTime(filter, entry?.appendedAt ?? null)) return true
    if (!isBlindFilter && !matchesContent(filter, reader.frameAt(offset).frame)) return true
    if (state.remove(offset, now)) state.counters.removed++
    return true
  })
  return offset < cursor.endOffset ? { ...cursor, offset } : null
}
