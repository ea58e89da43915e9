import { stateAt } from "../../delivery/inspect.ts"
import { HEADERS_SCAN_COST, MAX_FIND_PAGES, PAGE_OFFSETS, PAGE_SCAN_COST } from "../../limits.ts"
import type { FrameEntry } from "../../log/types.ts"
import type { QueueState } from "../queue-state.ts"
import type { ScheduledMessage } from "../schedule.ts"
import type { BrowsedMessage } from "./commands.ts"
import { describeLogMessage, describeScheduled, isExpired } from "./describe.ts"
import type { LogMessageState } from "./scan.ts"

/** Where a message is. */
export type Place =
  | { readonly kind: "scheduled"; readonly message: ScheduledMessage }
  | { readonly kind: "log"; readonly offset: number; readonly standing: LogMessageState }

/** What a step of a search came to. */
export type Search =
  | { readonly kind: "found"; readonly place: Place }
  | { readonly kind: "missing" }
  /** Nowhere before this offset: go on there, in another commit. */
  | { readonly kind: "unfinished"; readonly from: number }

/**
 * Looks for the message with an id. Ids grow along the log, so a few pages of row headers tell where it must be,
 * unless scheduled messages with their older ids stand in between; then all headers are read, some in each step:
 * the first with `from` null, the next with what it answered. A message that enters the log meanwhile stands at
 * its end, before a search that is still under way.
 */
export function search(state: QueueState, messageId: number, from: number | null, now: number): Search {
  // a row of scheduled messages is read whole
  if (state.counters.scheduled > 0) state.scanBudget.look(HEADERS_SCAN_COST)
  const message = state.schedule.find(messageId)
  if (message) return { kind: "found", place: { kind: "scheduled", message } }
  if (messageId < 1 || messageId >= state.counters.nextMessageId) return { kind: "missing" }
  if (from !== null) return scan(state, messageId, from, now)
  const offset = guess(state, messageId)
  return offset === null ? scan(state, messageId, 0, now) : foundAt(state, offset, now)
}

/** The message at a place, as an operator sees it. */
export function describe(state: QueueState, place: Place): BrowsedMessage {
  if (place.kind === "scheduled") return describeScheduled(state, place.message)
  const stored = state.log.frameAt(place.offset, 0)
  return describeLogMessage(state, place.offset, place.standing, stored)
}

/** An id is given once: what is done or expired there is nowhere else. */
function foundAt(state: QueueState, offset: number, now: number): Search {
  const standing = standingAt(state, offset, now)
  if (standing === null || isExpired(state, offset, standing, now)) return { kind: "missing" }
  return { kind: "found", place: { kind: "log", offset, standing } }
}

function standingAt({ delivery, heldBack }: QueueState, offset: number, now: number): LogMessageState | null {
  const { kind } = stateAt(delivery, offset)
  if (kind === "done") return null
  if (kind === "available") return offset < Math.max(heldBack.end(now), delivery.window.end) ? "ready" : "delayed"
  return kind
}

/** The offset of an id as if no scheduled message had entered the log, or null where it is not there. */
function guess({ log, counters, delivery, scanBudget }: QueueState, messageId: number): number | null {
  const pages = new LivePages(delivery.window, log.committedEnd)
  // the newest message has the highest id: exact where nothing was scheduled since
  let probe = pages.indexOf(log.committedEnd - (counters.nextMessageId - messageId))
  let [low, high] = [0, pages.count]
  while (low < high) {
    scanBudget.look(PAGE_SCAN_COST)
    const entries = entriesOfPage({ log }, pages.pageNoAt(probe))
    const found = entries.find((entry) => entry.messageId === messageId)
    if (found) return found.offset
    // a page without rows says nothing, and is passed by
    const highest = entries.reduce((id, entry) => Math.max(id, entry.messageId), 0)
    if (highest < messageId) low = probe + 1
    else high = probe
    probe = (low + high) >> 1
  }
  return null
}

/** Reads headers from `from` on. */
function scan(state: QueueState, messageId: number, from: number, now: number): Search {
  const { log, delivery } = state
  const pages = new LivePages(delivery.window, log.committedEnd)
  let index = pages.indexOf(from)
  for (const last = Math.min(pages.count, index + MAX_FIND_PAGES); index < last; index++) {
    if (state.scanBudget.isSpent) break
    state.scanBudget.look(HEADERS_SCAN_COST)
    const found = entriesOfPage(state, pages.pageNoAt(index)).find((entry) => entry.messageId === messageId)
    if (found) return foundAt(state, found.offset, now)
  }
  return index < pages.count ? { kind: "unfinished", from: pages.pageNoAt(index) * PAGE_OFFSETS } : { kind: "missing" }
}

function entriesOfPage({ log }: Pick<QueueState, "log">, pageNo: number): readonly FrameEntry[] {
  return log.entriesBetween(pageNo * PAGE_OFFSETS, (pageNo + 1) * PAGE_OFFSETS)
}

/** The pages of the log on which a message may live, by their place among them. */
class LivePages {
  /** The page on which the window ends: from there on every page counts. */
  readonly #behind: number
  /** Those before it that are not done. */
  readonly #inWindow: number[] = []
  readonly count: number

  constructor({ pages, end }: QueueState["delivery"]["window"], committedEnd: number) {
    this.#behind = Math.floor(end / PAGE_OFFSETS)
    for (const page of pages.from(0)) {
      if (!page.isDone && page.pageNo < this.#behind) this.#inWindow.push(page.pageNo)
    }
    this.count = this.#inWindow.length + Math.max(0, Math.ceil(committedEnd / PAGE_OFFSETS) - this.#behind)
  }

  pageNoAt(index: number): number {
    return this.#inWindow[index] ?? this.#behind + index - this.#inWindow.length
  }

  /** Place of the first page that holds `offset` or a later one; the last or the first page where it is outside. */
  indexOf(offset: number): number {
    const pageNo = Math.floor(offset / PAGE_OFFSETS)
    let [low, high] = [0, Math.max(0, this.count - 1)]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.pageNoAt(middle) < pageNo) low = middle + 1
      else high = middle
    }
    return low
  }
}
