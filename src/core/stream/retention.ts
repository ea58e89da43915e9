import { MAX_DELETIONS_PER_COMMIT, RETENTION_SWEEP_MS } from "../limits.ts"
import { newestTime, type OffsetWindow, rowAtTime } from "./lookup.ts"
import type { RowSpans } from "./row-spans.ts"
import type { TopicSettings } from "./settings.ts"

/** A partition as retention sees it; the offsets are those of what is stored. */
export interface RetainedLog extends OffsetWindow {
  /** Bytes of the frames of all rows, those behind the log start included. */
  readonly storedBytes: number
  /** Base offset of the newest row, or null. */
  readonly newestRow: number | null
  /** Whether the commit under way appends something. */
  readonly isAppending: boolean
}

/** How long and how much a partition keeps; null for no limit. */
type Kept = Pick<TopicSettings, "retentionMs" | "retentionBytes">

/** Decides where a log is to begin by its age and size. Only whole rows go. */
export class Retention {
  readonly #rows: RowSpans
  #kept: Kept
  /** Not later than the first row's age asks for; null while there is no row. */
  #dueAt: number | null
  /** With fewer bytes than these nothing has to go. */
  #enoughBytes: number

  constructor(rows: RowSpans, settings: TopicSettings, log: OffsetWindow) {
    this.#rows = rows
    this.#kept = keptBy(settings)
    this.#dueAt = this.#firstDueAt(log)
    this.#enoughBytes = this.#withoutFirstRow()
  }

  /** Goes by other settings from the next commit on. */
  change(settings: TopicSettings): void {
    this.#kept = keptBy(settings)
    this.#dueAt = 0
    this.#enoughBytes = 0
  }

  /** Notes that a commit appends records. */
  appended(now: number): void {
    if (this.#kept.retentionMs !== null) this.#dueAt ??= now + this.#kept.retentionMs
  }

  /** Notes that stored rows were deleted or rewritten: the first one is another now, or smaller. */
  rowsChanged(): void {
    this.#enoughBytes = this.#withoutFirstRow()
  }

  /** Notes that compaction rewrote rows: without its youngest record the first one is past its time earlier. */
  rowsRewritten(log: OffsetWindow): void {
    this.rowsChanged()
    const dueAt = this.#firstDueAt(log)
    if (dueAt !== null) this.#dueAt = Math.min(this.#dueAt ?? dueAt, dueAt)
  }

  /** When there may be something to do, or null. */
  nextDueAt(log: RetainedLog): number | null {
    return this.#isTooLarge(log) ? 0 : this.#dueAt
  }

  /** Where the log is to begin: its start, or further behind. */
  startOffset(log: RetainedLog, now: number): number {
    const isDue = this.#dueAt !== null && this.#dueAt <= now
    const byAge = isDue ? this.#byAge(log, now) : log.startOffset
    return this.#isTooLarge(log) ? Math.max(byAge, this.#bySize(log)) : byAge
  }

  #byAge(log: RetainedLog, now: number): number {
    const { retentionMs } = this.#kept
    if (retentionMs === null) {
      this.#dueAt = null
      return log.startOffset
    }
    const firstKept = rowAtTime(this.#rows, log, now - retentionMs + 1)
    // a trim may have passed what is stored, by records of the commit under way
    const startOffset = Math.max(log.startOffset, firstKept ? firstKept.baseOffset : log.endOffset)
    const dueAt = this.#firstDueAt({ ...log, startOffset })
    if (dueAt !== null) this.#dueAt = Math.max(dueAt, now + RETENTION_SWEEP_MS)
    else this.#dueAt = log.isAppending ? now + retentionMs : null
    return startOffset
  }

  /** Looks at rows that wait to be deleted too: they come first, and count as stored as long. */
  #bySize(log: RetainedLog): number {
    const retentionBytes = this.#kept.retentionBytes ?? 0
    let { startOffset, storedBytes } = log
    const oldest = this.#rows.oldest(MAX_DELETIONS_PER_COMMIT)
    // an empty log has nothing to let go, and must not be asked again and again
    if (oldest.length === 0) this.#enoughBytes = Math.max(retentionBytes, storedBytes + 1)
    for (const row of oldest) {
      if (row.baseOffset === log.newestRow || storedBytes - row.bytes < retentionBytes) {
        // the newest row, which holds the counters, is free again once this commit has written another
        const isBusy = row.baseOffset === log.newestRow && log.isAppending
        this.#enoughBytes = isBusy ? retentionBytes + row.bytes : Math.max(retentionBytes + row.bytes, storedBytes + 1)
        return startOffset
      }
      storedBytes -= row.bytes
      startOffset = Math.max(startOffset, row.lastOffset + 1)
    }
    return startOffset
  }

  #isTooLarge({ storedBytes }: RetainedLog): boolean {
    return this.#kept.retentionBytes !== null && storedBytes >= this.#enoughBytes
  }

  /** How many bytes there must be for the first row to go. */
  #withoutFirstRow(): number {
    if (this.#kept.retentionBytes === null) return 0
    const [first] = this.#rows.oldest(1)
    return this.#kept.retentionBytes + (first?.bytes ?? 0)
  }

  /** When the first row is past its retention, or null where there is none. */
  #firstDueAt(log: OffsetWindow): number | null {
    const { retentionMs } = this.#kept
    if (retentionMs === null || log.startOffset >= log.endOffset) return null
    const holder = this.#rows.at(log.startOffset)
    const first = holder && holder.lastOffset >= log.startOffset ? holder : this.#rows.after(log.startOffset)
    return first ? newestTime(this.#rows, first, log) + retentionMs : null
  }
}

/** A topic that only compacts keeps the last record of every key, however old. */
function keptBy({ cleanup, retentionMs, retentionBytes }: TopicSettings): Kept {
  return cleanup === "compact" ? { retentionMs: null, retentionBytes: null } : { retentionMs, retentionBytes }
}
