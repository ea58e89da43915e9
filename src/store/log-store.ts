import type { RowSpan } from "../core/log/trim.ts"
import { sealCounters, type StoredCounters } from "./counters-store.ts"
import { isUnreadable } from "./damage.ts"
import type { Database } from "./database.ts"

/** A stored row of the log. */
export interface LogRow {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly header: Uint8Array
  readonly frames: Uint8Array
}

/** A stored row without its payload. */
export type LogRowHeader = Omit<LogRow, "frames">

/** The newest row, with the counters that ride in it. */
export interface NewestLogRow extends LogRow, StoredCounters {}

/** A row that a commit writes; `extendsTail` rewrites the row of that base offset. */
export interface LogWrite extends LogRow {
  /** Earliest expiry among its frames, or null where none expires. */
  readonly expiresAt: number | null
  readonly extendsTail: boolean
}

/** A row that expires. */
export interface RowExpiry {
  readonly baseOffset: number
  readonly expiresAt: number
}

/** Base offsets of rows whose frames SQLite can't read, as far as somebody tried: a second try does harm. */
export interface UnreadableRows {
  readonly size: number
  has(baseOffset: number): boolean
  add(baseOffset: number): unknown
}

interface Row {
  base_offset: number
  last_offset: number
  header: Uint8Array
  frames: Uint8Array
}

/** A scan fetches more rows at a time, the longer it goes on, and no more than come to about so many bytes. */
const SCAN_ROWS = 16
const SCAN_BYTES = 512 * 1024

/** Stands for what can't be read. No row has none. */
const NO_FRAMES = new Uint8Array(0)

/** SQL for the rows of one log. */
export class LogStore {
  readonly #database: Database
  readonly #unreadable: UnreadableRows

  constructor(database: Database, unreadable: UnreadableRows = new Set()) {
    this.#database = database
    this.#unreadable = unreadable
  }

  write(row: LogWrite, seq: number, counters: Uint8Array): void {
    const sealed = sealCounters(counters, seq)
    if (row.extendsTail) this.#update(row, seq, sealed)
    else this.#insert(row, seq, sealed)
  }

  newest(): NewestLogRow | null {
    const [row] = this.#database.all<Row & { seq: number; counters: Uint8Array }>(
      `SELECT base_offset, last_offset, seq, counters, header, frames
       FROM log ORDER BY base_offset DESC LIMIT 1`,
    )
    return row ? { ...fromRow(row), seq: row.seq, counters: row.counters } : null
  }

  /** First offset that is stored, or null. */
  firstOffset(): number | null {
    const [row] = this.#database.all<{ base_offset: number }>(
      "SELECT base_offset FROM log ORDER BY base_offset LIMIT 1",
    )
    return row ? row.base_offset : null
  }

  /** Where SQLite can't read the frames the row comes without, as one that is damaged. */
  read(baseOffset: number): LogRow | null {
    if (!this.#unreadable.has(baseOffset)) {
      try {
        return this.#read(baseOffset)
      } catch (error) {
        if (!isUnreadable(error)) throw error
        this.#unreadable.add(baseOffset)
      }
    }
    const row = this.headerAt(baseOffset)
    return row?.baseOffset === baseOffset ? { ...row, frames: NO_FRAMES } : null
  }

  /** Rows from the one that holds `offset` on, until `visit` answers false. */
  scan(offset: number, visit: (row: LogRow) => boolean): void {
    let from = offset
    let limit = 1
    for (;;) {
      const { rows, isEnd } = this.#readable(from, limit)
      let bytes = 0
      for (const row of rows) {
        if (!visit(row)) return
        from = row.lastOffset + 1
        bytes += row.frames.length
      }
      if (isEnd) return
      const fitting = Math.max(1, Math.floor((SCAN_BYTES * rows.length) / Math.max(1, bytes)))
      limit = Math.min(2 * limit, SCAN_ROWS, fitting)
    }
  }

  /** Headers of the rows that begin in `[from, to)`. */
  headers(from: number, to: number): LogRowHeader[] {
    const rows = this.#database.all<Omit<Row, "frames">>(
      `SELECT base_offset, last_offset, header
       FROM log WHERE base_offset >= ? AND base_offset < ? ORDER BY base_offset`,
      from,
      to,
    )
    return rows.map(({ base_offset, last_offset, header }) => {
      return { baseOffset: base_offset, lastOffset: last_offset, header }
    })
  }

  /** Rows that begin before `offset`, oldest first, with the bytes of their frames. */
  before(offset: number, limit: number): (RowSpan & { readonly bytes: number })[] {
    const rows = this.#database.all<{ base_offset: number; last_offset: number; bytes: number }>(
      `SELECT base_offset, last_offset, length(frames) AS bytes
       FROM log WHERE base_offset < ? ORDER BY base_offset LIMIT ?`,
      offset,
      limit,
    )
    return rows.map(({ base_offset, last_offset, bytes }) => {
      return { baseOffset: base_offset, lastOffset: last_offset, bytes }
    })
  }

  /** Header of the newest row that begins at `offset` or before, or null. */
  headerAt(offset: number): LogRowHeader | null {
    const [row] = this.#database.all<Omit<Row, "frames">>(
      `SELECT base_offset, last_offset, header
       FROM log WHERE base_offset <= ? ORDER BY base_offset DESC LIMIT 1`,
      offset,
    )
    return row ? { baseOffset: row.base_offset, lastOffset: row.last_offset, header: row.header } : null
  }

  /** Header of the oldest row that begins behind `offset`, or null. */
  headerAfter(offset: number): LogRowHeader | null {
    const [row] = this.#database.all<Omit<Row, "frames">>(
      "SELECT base_offset, last_offset, header FROM log WHERE base_offset > ? ORDER BY base_offset LIMIT 1",
      offset,
    )
    return row ? { baseOffset: row.base_offset, lastOffset: row.last_offset, header: row.header } : null
  }

  /** Rewrites the counters of a row. */
  writeCounters(baseOffset: number, seq: number, counters: Uint8Array): void {
    const written = this.#database.all(
      "UPDATE log SET seq = ?, counters = ? WHERE base_offset = ? RETURNING base_offset",
      seq,
      sealCounters(counters, seq),
      baseOffset,
    )
    if (written.length === 0) throw new Error(`no row at offset ${baseOffset} for the counters`)
  }

  /** Does nothing where SQLite can't read the frames: such a row stays, and what is done in it stays done. */
  delete(baseOffset: number): void {
    this.#change(baseOffset, () => this.#database.run("DELETE FROM log WHERE base_offset = ?", baseOffset))
  }

  /** As `before`, without the rows that stay. */
  deletable(offset: number, limit: number): (RowSpan & { readonly bytes: number })[] {
    const rows = this.before(offset, limit + this.#unreadable.size)
    return rows.filter(({ baseOffset }) => !this.#unreadable.has(baseOffset)).slice(0, limit)
  }

  /** The row that expires first, or null where none does; never one that stays. */
  nextExpiry(): RowExpiry | null {
    const rows = this.#database.all<{ base_offset: number; expires_at: number }>(
      "SELECT base_offset, expires_at FROM log WHERE expires_at IS NOT NULL ORDER BY expires_at LIMIT ?",
      1 + this.#unreadable.size,
    )
    const row = rows.find(({ base_offset }) => !this.#unreadable.has(base_offset))
    return row ? { baseOffset: row.base_offset, expiresAt: row.expires_at } : null
  }

  /** Base offsets of the rows with an expiry at `now` or before, in its order. */
  expired(now: number, limit: number): number[] {
    const rows = this.#database.all<{ base_offset: number }>(
      "SELECT base_offset FROM log WHERE expires_at <= ? ORDER BY expires_at LIMIT ?",
      now,
      limit + this.#unreadable.size,
    )
    const expired = rows.map((row) => row.base_offset)
    return expired.filter((baseOffset) => !this.#unreadable.has(baseOffset)).slice(0, limit)
  }

  /** Sets when a row expires; null for never. */
  setExpiry(baseOffset: number, expiresAt: number | null): void {
    this.#change(baseOffset, () => {
      this.#database.run("UPDATE log SET expires_at = ? WHERE base_offset = ?", expiresAt, baseOffset)
    })
  }

  /** SQLite can neither free nor rewrite what it can't find. That it could not be done is known before the next try. */
  #change(baseOffset: number, change: () => void): void {
    if (this.#unreadable.has(baseOffset)) return
    try {
      change()
    } catch (error) {
      if (isUnreadable(error)) this.read(baseOffset)
      throw error
    }
  }

  #read(baseOffset: number): LogRow | null {
    const [row] = this.#database.all<Row>(
      "SELECT base_offset, last_offset, header, frames FROM log WHERE base_offset = ?",
      baseOffset,
    )
    return row ? fromRow(row) : null
  }

  /** Rows from the one that holds `offset` on; where some can't be read, one row at a time. */
  #readable(offset: number, limit: number): { readonly rows: readonly LogRow[]; readonly isEnd: boolean } {
    if (this.#unreadable.size === 0) {
      try {
        const rows = this.#from(offset, limit)
        return { rows, isEnd: rows.length < limit }
      } catch (error) {
        if (!isUnreadable(error)) throw error
      }
    }
    const holding = this.headerAt(offset)
    const header = holding && holding.lastOffset >= offset ? holding : this.headerAfter(offset)
    const row = header && this.read(header.baseOffset)
    return { rows: row ? [row] : [], isEnd: row === null }
  }

  #from(offset: number, limit: number): LogRow[] {
    const rows = this.#database.all<Row>(
      `SELECT base_offset, last_offset, header, frames
       FROM log
       WHERE base_offset >= coalesce((
         SELECT CASE WHEN last_offset >= ?1 THEN base_offset END
         FROM log WHERE base_offset <= ?1 ORDER BY base_offset DESC LIMIT 1
       ), ?1)
       ORDER BY base_offset LIMIT ?2`,
      offset,
      limit,
    )
    return rows.map(fromRow)
  }

  #insert(row: LogWrite, seq: number, counters: Uint8Array): void {
    this.#database.run(
      `INSERT INTO log (base_offset, last_offset, seq, counters, header, frames, expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      row.baseOffset,
      row.lastOffset,
      seq,
      counters,
      row.header,
      row.frames,
      row.expiresAt,
    )
  }

  #update(row: LogWrite, seq: number, counters: Uint8Array): void {
    const written = this.#database.all(
      `UPDATE log SET last_offset = ?, seq = ?, counters = ?, header = ?, frames = ?, expires_at = ?
       WHERE base_offset = ? RETURNING base_offset`,
      row.lastOffset,
      seq,
      counters,
      row.header,
      row.frames,
      row.expiresAt,
      row.baseOffset,
    )
    if (written.length === 0) throw new Error(`no row at offset ${row.baseOffset} to extend`)
  }
}

function fromRow({ base_offset, last_offset, header, frames }: Row): LogRow {
  return { baseOffset: base_offset, lastOffset: last_offset, header, frames }
}
