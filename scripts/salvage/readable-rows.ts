import type { DatabaseSync } from "node:sqlite"

/** A row of the log, as it is stored. */
export interface StoredRow {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly header: Uint8Array
  readonly frames: Uint8Array
}

/** Offsets whose rows can't be read; how far they go is not known where the log's end is among them. */
export interface Unreadable {
  readonly unreadable: { readonly firstOffset: number; readonly lastOffset: number | null }
}

const NEXT_ROW = `
  SELECT base_offset AS baseOffset, last_offset AS lastOffset, header, frames
  FROM log WHERE base_offset >= ? ORDER BY base_offset LIMIT 1`

/** Farther than any log goes. */
const MAX_STEP = 2 ** 52

/** The rows of a log in order, and where there are some that SQLite can't read. */
export function* readableRows(database: DatabaseSync): Generator<StoredRow | Unreadable, void> {
  const next = (offset: number): StoredRow | null | "unreadable" => {
    try {
      return (database.prepare(NEXT_ROW).get(offset) as StoredRow | undefined) ?? null
    } catch {
      return "unreadable"
    }
  }
  for (let from = 0; ;) {
    const row = next(from)
    if (row === null) return
    if (row !== "unreadable") {
      yield row
      from = row.baseOffset + 1
      continue
    }
    const behind = firstReadable(from, (offset) => next(offset) !== "unreadable")
    const following = behind === null ? null : next(behind)
    const lastOffset = following === null || following === "unreadable" ? null : following.baseOffset - 1
    yield { unreadable: { firstOffset: from, lastOffset } }
    if (behind === null) return
    from = behind
  }
}

/** The first offset behind `from` at which it can be read on, or null: by steps that double, then halves. */
function firstReadable(from: number, isReadable: (offset: number) => boolean): number | null {
  let step = 1
  while (!isReadable(from + step)) {
    step *= 2
    if (step > MAX_STEP) return null
  }
  let [unreadable, readable] = [Math.floor(step / 2), step]
  while (readable - unreadable > 1) {
    const middle = Math.floor((unreadable + readable) / 2)
    if (isReadable(from + middle)) readable = middle
    else unreadable = middle
  }
  return from + readable
}
