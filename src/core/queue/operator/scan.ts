import { PAGE_OFFSETS, PAGE_SCAN_COST } from "../../limits.ts"
import type { FrameEntry } from "../../log/types.ts"
import type { QueueLog, StoredFrame } from "../queue-log.ts"
import type { QueueState } from "../queue-state.ts"
import type { MessageState } from "./commands.ts"
import type { ScanBudget } from "./scan-budget.ts"

/** Where a message of the log stands. */
export type LogMessageState = Exclude<MessageState, "scheduled">

/** By the number of a cell's kind; what is done is no message any more. */
const STATE_OF_KIND: readonly (LogMessageState | null)[] = ["ready", "delayed", "in_flight", null]

/** What is looked at: committed offsets `[from, to)` in one of `states`. */
export interface ScanRange {
  readonly from: number
  readonly to: number
  readonly states: ReadonlySet<MessageState>
}

/**
 * Calls `visit` with what is in `range`, in order, until it answers false or the budget is spent. Answers the
 * offset to go on at: that of the message refused, or the range's end. `visit` may remove what it is shown.
 */
export function scanLog(
  state: QueueState,
  range: ScanRange,
  budget: ScanBudget,
  now: number,
  visit: (offset: number, standing: LogMessageState) => boolean,
): number {
  const { start, end } = state.delivery.window
  const windowEnd = Math.min(range.to, end)
  const reached = scanWindow(state, { ...range, from: Math.max(range.from, start), to: windowEnd }, budget, visit)
  if (reached < windowEnd) return reached
  return scanBeyond(state, { ...range, from: Math.max(range.from, end) }, budget, now, visit)
}

/** Pages without a message in one of the states are passed by unopened. */
function scanWindow(
  { delivery }: QueueState,
  { from, to, states }: ScanRange,
  budget: ScanBudget,
  visit: (offset: number, standing: LogMessageState) => boolean,
): number {
  const { pages } = delivery.window
  for (const page of pages.from(Math.floor(from / PAGE_OFFSETS))) {
    if (page.firstOffset >= to) break
    if (!page.tally.some((count, kind) => count > 0 && isIn(states, STATE_OF_KIND[kind]))) continue
    budget.look(PAGE_SCAN_COST)
    const end = Math.min(page.endOffset, to)
    for (let offset = Math.max(from, page.firstOffset); offset < end; offset++) {
      const standing = STATE_OF_KIND[page.cells.kind[offset - page.firstOffset]!]
      if (!isIn(states, standing)) continue
      if (budget.isSpent) return offset
      budget.look()
      if (!visit(offset, standing)) return offset
    }
    pages.chillBeyond()
  }
  return to
}

/** Behind the window everything is ready, but for what the queue's own delay holds back. */
function scanBeyond(
  { heldBack }: QueueState,
  { from, to, states }: ScanRange,
  budget: ScanBudget,
  now: number,
  visit: (offset: number, standing: LogMessageState) => boolean,
): number {
  const heldFrom = Math.max(from, Math.min(heldBack.end(now), to))
  const end = states.has("delayed") ? to : heldFrom
  for (let offset = states.has("ready") ? from : heldFrom; offset < end; offset++) {
    if (budget.isSpent) return offset
    budget.look()
    if (!visit(offset, offset < heldFrom ? "ready" : "delayed")) return offset
  }
  return to
}

function isIn(
  states: ReadonlySet<MessageState>,
  standing: LogMessageState | null | undefined,
): standing is LogMessageState {
  return standing !== null && standing !== undefined && states.has(standing)
}

/** Reads what is stored at offsets that grow; payloads are charged to the budget row by row, as they are read. */
export class ScanReader {
  readonly #log: QueueLog
  readonly #budget: ScanBudget
  #rowEnd = 0
  #pageNo = -1
  #entries = new Map<number, FrameEntry>()

  constructor(log: QueueLog, budget: ScanBudget) {
    this.#log = log
    this.#budget = budget
  }

  /** What the row's header says of a committed message, or null where it is damaged; no payload is read. */
  entryAt(offset: number): FrameEntry | null {
    const pageNo = Math.floor(offset / PAGE_OFFSETS)
    if (pageNo !== this.#pageNo) {
      this.#pageNo = pageNo
      const entries = this.#log.entriesBetween(pageNo * PAGE_OFFSETS, (pageNo + 1) * PAGE_OFFSETS)
      this.#entries = new Map(entries.map((entry) => [entry.offset, entry]))
    }
    return this.#entries.get(offset) ?? null
  }

  /** The frame of a committed message. */
  frameAt(offset: number): StoredFrame {
    if (offset >= this.#rowEnd) {
      const { lastOffset, bytes } = this.#log.rowSizeAt(offset)
      this.#budget.read(bytes)
      this.#rowEnd = lastOffset + 1
    }
    return this.#log.frameAt(offset, 0)
  }
}
