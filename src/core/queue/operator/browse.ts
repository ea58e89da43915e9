import type { Failure } from "../../errors.ts"
import { MAX_BROWSE_SCAN, MAX_RECEIVE_BYTES } from "../../limits.ts"
import { err, ok, type Result } from "../../result.ts"
import type { QueueState } from "../queue-state.ts"
import type { BrowseCursor, BrowsedMessage, BrowseReply, BrowseRequest } from "./commands.ts"
import { describeLogMessage, describeScheduled, isExpired } from "./describe.ts"
import { matchesContent, matchesTime } from "./filter.ts"
import { ScanBudget } from "./scan-budget.ts"
import { scanLog, ScanReader } from "./scan.ts"

/** A page of messages in one state, in the order in which they are due or stand in the log. Changes nothing. */
export function browse(state: QueueState, request: BrowseRequest, now: number): Result<BrowseReply, Failure> {
  const { incarnation } = state.identity
  if (request.cursor && request.cursor.incarnation !== incarnation) return err({ code: "log_recreated" })
  const page = new BrowsePage(request.limit)
  const next =
    request.state === "scheduled" ? fillScheduled(state, request, page) : fillFromLog(state, request, page, now)
  return ok({ incarnation, messages: page.messages, cursor: next && { incarnation, ...next } })
}

/** Where a page ended; what is not in it yet comes with the next. */
type Next = Omit<BrowseCursor, "incarnation">

class BrowsePage {
  readonly messages: BrowsedMessage[] = []
  readonly #limit: number
  #bytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Takes a message in; false where there is no room left, which there is for the first: none is that large. */
  take(message: BrowsedMessage): boolean {
    const bytes = this.#bytes + message.frame.length
    if (this.messages.length >= this.#limit || bytes > MAX_RECEIVE_BYTES) return false
    this.messages.push(message)
    this.#bytes = bytes
    return true
  }
}

function fillFromLog(
  state: QueueState,
  { filter, cursor, state: wanted }: BrowseRequest,
  page: BrowsePage,
  now: number,
): Next | null {
  const budget = new ScanBudget(MAX_BROWSE_SCAN, state.scanBudget)
  const reader = new ScanReader(state.log, budget)
  const to = state.log.committedEnd
  const range = { from: cursor?.at ?? 0, to, states: new Set([wanted]) }
  const next = scanLog(state, range, budget, now, (offset, standing) => {
    if (!matchesTime(filter, state.log.timesOf(offset).appendedAt) || isExpired(state, offset, standing, now))
      return true
    const stored = reader.frameAt(offset)
    if (!matchesContent(filter, stored.frame)) return true
    return page.take(describeLogMessage(state, offset, standing, stored))
  })
  return next < to ? { at: next, messageId: 0 } : null
}

function fillScheduled(state: QueueState, { filter, cursor, limit }: BrowseRequest, page: BrowsePage): Next | null {
  const budget = new ScanBudget(MAX_BROWSE_SCAN, state.scanBudget)
  let next: Next | null = cursor
  do {
    const messages = state.schedule.page(next && { dueAt: next.at, messageId: next.messageId }, limit)
    if (messages.length === 0) return null
    for (const message of messages) {
      const isMeant = matchesTime(filter, message.sentAt) && matchesContent(filter, message.frame)
      if (isMeant && !page.take(describeScheduled(state, message))) return next
      budget.look()
      budget.read(message.frame.length)
      next = { at: message.dueAt, messageId: message.messageId }
    }
  } while (!budget.isSpent)
  return next
}
