import type { ScheduledRow } from "../core/queue/changes.ts"
import type { Database } from "./database.ts"

/** A place in the order in which rows are due. */
interface Position {
  readonly dueAt: number
  readonly messageId: number
}

interface Row {
  message_id: number
  due_at: number
  header: Uint8Array
  frames: Uint8Array
}

const START: Position = { dueAt: -1, messageId: -1 }

/** A statement answers so many rows at most: one may hold a mebibyte. */
const STEP_ROWS = 16
/** A read ends behind so many bytes of frames. */
const READ_BYTES = 4 * 1024 * 1024

/** SQL for the messages that wait for a time of their own. */
export class ScheduledStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Stores a row, in place of the one under its id. */
  write(row: ScheduledRow): void {
    this.#database.run(
      `INSERT INTO scheduled (message_id, due_at, header, frames) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET due_at = excluded.due_at, header = excluded.header, frames = excluded.frames`,
      row.messageId,
      row.dueAt,
      row.header,
      row.frames,
    )
  }

  remove(messageId: number): void {
    this.#database.run("DELETE FROM scheduled WHERE message_id = ?", messageId)
  }

  /** When the first row is due, or null. */
  nextDueAt(): number | null {
    const [row] = this.#database.all<{ due_at: number }>("SELECT due_at FROM scheduled ORDER BY due_at LIMIT 1")
    return row ? row.due_at : null
  }

  /** Rows due at `now` or before, in order of due time, then of id; fewer than `limit` where they are large. */
  due(now: number, limit: number): ScheduledRow[] {
    return this.#read(START, now, limit)
  }

  /** Rows behind a position in that order, from the start on for null; fewer than `limit` where they are large. */
  page(after: Position | null, limit: number): ScheduledRow[] {
    return this.#read(after ?? START, Number.MAX_SAFE_INTEGER, limit)
  }

  /** The row with the greatest first id that is not above `messageId`, or null. */
  holding(messageId: number): ScheduledRow | null {
    const [row] = this.#database.all<Row>(
      `SELECT message_id, due_at, header, frames
       FROM scheduled WHERE message_id <= ? ORDER BY message_id DESC LIMIT 1`,
      messageId,
    )
    return row ? fromRow(row) : null
  }

  #read(after: Position, untilAt: number, limit: number): ScheduledRow[] {
    const read: ScheduledRow[] = []
    let bytes = 0
    while (read.length < limit && bytes < READ_BYTES) {
      const wanted = Math.min(limit - read.length, bytes === 0 ? 1 : STEP_ROWS)
      const rows = this.#behind(read.at(-1) ?? after, untilAt, wanted)
      for (const row of rows) bytes += row.frames.length
      read.push(...rows)
      if (rows.length < wanted) break
    }
    return read
  }

  /** Two statements: SQLite would search for a pair of values by its first alone, and walk over all that share it. */
  #behind(position: Position, untilAt: number, limit: number): ScheduledRow[] {
    const rows = position.dueAt <= untilAt ? this.#sameTime(position, limit) : []
    return rows.length < limit ? [...rows, ...this.#later(position.dueAt, untilAt, limit - rows.length)] : rows
  }

  #sameTime({ dueAt, messageId }: Position, limit: number): ScheduledRow[] {
    const rows = this.#database.all<Row>(
      `SELECT message_id, due_at, header, frames
       FROM scheduled WHERE due_at = ? AND message_id > ? ORDER BY message_id LIMIT ?`,
      dueAt,
      messageId,
      limit,
    )
    return rows.map(fromRow)
  }

  #later(afterAt: number, untilAt: number, limit: number): ScheduledRow[] {
    const rows = this.#database.all<Row>(
      `SELECT message_id, due_at, header, frames
       FROM scheduled WHERE due_at > ? AND due_at <= ? ORDER BY due_at, message_id LIMIT ?`,
      afterAt,
      untilAt,
      limit,
    )
    return rows.map(fromRow)
  }
}

function fromRow({ message_id, due_at, header, frames }: Row): ScheduledRow {
  return { messageId: message_id, dueAt: due_at, header, frames }
}
