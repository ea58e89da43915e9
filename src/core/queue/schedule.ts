import { CorruptError } from "../bytes/corrupt.ts"
import { joinBytes } from "../bytes/join.ts"
import { MAX_ROW_BYTES, MAX_ROW_RECORDS } from "../limits.ts"
import { decodeRow, encodeRowHeader, frameOf } from "../log/row.ts"
import type { FrameEntry } from "../log/types.ts"
import type { QueueChanges, ScheduledRow } from "./changes.ts"
import type { QueueCounters } from "./counters.ts"

/** Where committed rows of scheduled messages are read back from. */
export interface ScheduleSource {
  nextDueAt(): number | null
  /** Rows due at `now` or before, by due time, then by id. */
  due(now: number, limit: number): readonly ScheduledRow[]
  /** The row with the highest first id that is not above `messageId`, or null. */
  holding(messageId: number): ScheduledRow | null
  /** Rows behind a position, by due time, then by id. */
  page(after: SchedulePosition | null, limit: number): readonly ScheduledRow[]
}

/** A place in the order of due times. */
export interface SchedulePosition {
  readonly dueAt: number
  readonly messageId: number
}

/** A message that waits for its time. */
export interface ScheduledMessage {
  readonly messageId: number
  readonly dueAt: number
  /** When it was sent. */
  readonly sentAt: number
  readonly keyHash: number
  /** 0 for never. */
  readonly expiresAt: number
  readonly frame: Uint8Array
}

/**
 * Messages that wait for a time of their own, in a table by due time: a million of them cost no memory. A row
 * holds neighbours of one commit with the same due time.
 */
export class Schedule {
  readonly #source: ScheduleSource
  readonly #counters: QueueCounters
  /** Sent in this commit, in order of ids. */
  #added: ScheduledMessage[] = []
  /** Rows changed by this commit: what is left of them, or null for nothing. */
  readonly #changed = new Map<number, ScheduledRow | null>()
  #nextDueAt: number | null = null
  #isKnown = false
  #hasTaken = false

  constructor(source: ScheduleSource, counters: QueueCounters) {
    this.#source = source
    this.#counters = counters
  }

  /** When the next message is due, or null. Right between commits; within one it may be too early. */
  get nextDueAt(): number | null {
    if (!this.#isKnown) {
      this.#nextDueAt = this.#counters.scheduled > 0 ? this.#source.nextDueAt() : null
      this.#isKnown = true
      if (this.#nextDueAt === null && this.#added.length === 0) this.#countNothing()
    }
    return this.#nextDueAt
  }

  add(message: ScheduledMessage): void {
    this.#added.push(message)
    this.#counters.scheduled++
    this.#counters.scheduledBytes += message.frame.length
  }

  /** Takes out messages due at `now` or before, about `limit` of them, once in a commit: its rows are read from storage. */
  takeDue(now: number, limit: number): readonly ScheduledMessage[] {
    const { nextDueAt } = this
    if (this.#hasTaken || nextDueAt === null || nextDueAt > now) return []
    this.#hasTaken = true
    const taken: ScheduledMessage[] = []
    for (const row of this.#source.due(now, limit)) {
      const messages = this.#messagesOf(row)
      if (taken.length > 0 && taken.length + messages.length > limit) break
      taken.push(...messages)
      this.#change(row.messageId, messages, [])
    }
    return taken
  }

  /** The message with this id, or null. */
  find(messageId: number): ScheduledMessage | null {
    const added = this.#added.find((message) => message.messageId === messageId)
    if (added) return added
    const row = this.#counters.scheduled > 0 ? this.#source.holding(messageId) : null
    return (row && this.#messagesOf(row).find((message) => message.messageId === messageId)) ?? null
  }

  /** Takes out one message; false where it is not there. */
  cancel(messageId: number): boolean {
    return this.cancelAll([messageId]) === 1
  }

  /** Takes out those that are there, a row at a time, and answers how many. */
  cancelAll(messageIds: readonly number[]): number {
    const before = this.#counters.scheduled
    const doomed = new Set(messageIds)
    const isDoomed = ({ messageId }: ScheduledMessage): boolean => doomed.has(messageId)
    this.#uncount(this.#added.filter(isDoomed))
    this.#added = this.#added.filter((message) => !isDoomed(message))
    for (const messageId of messageIds) {
      const row = doomed.has(messageId) ? this.#source.holding(messageId) : null
      const messages = row ? this.#messagesOf(row) : []
      const kept = messages.filter((message) => !isDoomed(message))
      if (row && kept.length < messages.length) this.#change(row.messageId, messages, kept)
      for (const message of messages) doomed.delete(message.messageId)
    }
    return before - this.#counters.scheduled
  }

  /** Messages behind a position, in order of due time: at least those of one row, unless there is none. */
  page(after: SchedulePosition | null, limit: number): readonly ScheduledMessage[] {
    if (this.#counters.scheduled === 0) return []
    const messages = after ? this.#restOfRow(after) : []
    let position = after
    do {
      const rows = this.#source.page(position, limit)
      for (const row of rows) {
        if (messages.length >= limit) break
        messages.push(...this.#messagesOf(row))
      }
      position = rows.at(-1) ?? null
      // rows that this commit emptied, or damaged ones, are not the end
    } while (messages.length === 0 && position !== null)
    return messages
  }

  /** What the commit stores. */
  takeChanges(): QueueChanges["scheduled"] {
    const written = [...rowsOf(this.#added)]
    const removed: number[] = []
    for (const [messageId, row] of this.#changed) {
      if (row) written.push(row)
      else removed.push(messageId)
    }
    if (written.length > 0 || removed.length > 0) this.#isKnown = false
    this.#added = []
    this.#changed.clear()
    this.#hasTaken = false
    return { written, removed }
  }

  /** The messages behind a position within its row: ids of other rows don't lie between them. */
  #restOfRow({ dueAt, messageId }: SchedulePosition): ScheduledMessage[] {
    const row = this.#source.holding(messageId)
    if (!row || row.dueAt !== dueAt) return []
    return this.#messagesOf(row).filter((message) => message.messageId > messageId)
  }

  /** What is left of a stored row in this commit. */
  #messagesOf(row: ScheduledRow): readonly ScheduledMessage[] {
    const current = this.#changed.get(row.messageId)
    if (current === null) return []
    return decoded(current ?? row)
  }

  /** A row keeps its first id as its key, whatever is left of it. */
  #change(key: number, before: readonly ScheduledMessage[], after: readonly ScheduledMessage[]): void {
    this.#changed.set(key, after.length === 0 ? null : { ...rowOf(after), messageId: key })
    this.#uncount(before.filter((message) => !after.includes(message)))
  }

  /** What was in damaged rows is known by nothing else than that no row is left. */
  #countNothing(): void {
    this.#counters.scheduled = 0
    this.#counters.scheduledBytes = 0
  }

  #uncount(messages: readonly ScheduledMessage[]): void {
    this.#counters.scheduled -= messages.length
    for (const { frame } of messages) this.#counters.scheduledBytes -= frame.length
  }
}

/** The messages of a stored row; a damaged row has none, and goes when it is due instead of holding up the others. */
function decoded({ dueAt, header, frames }: ScheduledRow): readonly ScheduledMessage[] {
  try {
    return decodeRow(header, frames).header.entries.map((entry) => ({
      messageId: entry.messageId,
      dueAt,
      sentAt: entry.appendedAt,
      keyHash: entry.keyHash,
      expiresAt: entry.expiresAt,
      frame: frameOf(frames, entry),
    }))
  } catch (error) {
    if (error instanceof CorruptError) return []
    throw error
  }
}

/** Rows of neighbours: consecutive ids with one due time, so that the row of an id is found by its first. */
function* rowsOf(messages: readonly ScheduledMessage[]): Generator<ScheduledRow> {
  for (let start = 0; start < messages.length;) {
    const first = messages[start]!
    let end = start + 1
    let bytes = first.frame.length
    for (; end < messages.length && end - start < MAX_ROW_RECORDS; end++) {
      const { messageId, dueAt, frame } = messages[end]!
      bytes += frame.length
      if (messageId !== first.messageId + end - start || dueAt !== first.dueAt || bytes > MAX_ROW_BYTES) break
    }
    yield rowOf(messages.slice(start, end))
    start = end
  }
}

function rowOf(messages: readonly ScheduledMessage[]): ScheduledRow {
  const { messageId, dueAt } = messages[0]!
  const entries = messages.map((message, index): FrameEntry => ({
    offset: index,
    appendedAt: message.sentAt,
    messageId: message.messageId,
    keyHash: message.keyHash,
    expiresAt: message.expiresAt,
    length: message.frame.length,
    position: 0,
  }))
  return { messageId, dueAt, header: encodeRowHeader(entries), frames: joinBytes(messages.map(({ frame }) => frame)) }
}
