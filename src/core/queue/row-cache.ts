import { CorruptError } from "../bytes/corrupt.ts"
import { ROW_CACHE_BYTES } from "../limits.ts"
import { decodeRow } from "../log/row.ts"
import type { FrameEntry } from "../log/types.ts"
import type { RowSource, SourceRow } from "./row-source.ts"

/** A row in memory. */
export interface CachedRow {
  readonly baseOffset: number
  readonly entries: readonly FrameEntry[]
  readonly frames: Uint8Array
}

/** A row as it is stored, or decoded once somebody asked for it. */
type Kept = { readonly stored: Omit<SourceRow, "lastOffset"> } | { readonly row: CachedRow }

/** The rows used last, so that receives of one message at a time do not read a row of 100 a hundred times. */
export class RowCache {
  readonly #source: RowSource
  readonly #rows = new Map<number, Kept>()
  #bytes = 0

  constructor(source: RowSource) {
    this.#source = source
  }

  /** The row that begins at `baseOffset`, or null where it is damaged or gone. */
  get(baseOffset: number): CachedRow | null {
    const kept = this.#rows.get(baseOffset)
    if (kept && "row" in kept) return kept.row
    const stored = kept ? kept.stored : this.#source.read(baseOffset)
    const row = stored && decoded(stored)
    if (row) this.#keep(baseOffset, { row })
    return row
  }

  /**
   * Keeps a row that is being written. Most are read much later if at all: until then it stays bytes, because an
   * object for each frame is what the collector of garbage would be busy with.
   */
  put({ baseOffset, header, frames }: Omit<SourceRow, "lastOffset">): void {
    this.#keep(baseOffset, { stored: { baseOffset, header, frames } })
  }

  drop(baseOffset: number): void {
    const kept = this.#rows.get(baseOffset)
    if (!kept) return
    this.#rows.delete(baseOffset)
    this.#bytes -= bytesOf(kept)
  }

  #keep(baseOffset: number, kept: Kept): void {
    this.drop(baseOffset)
    this.#rows.set(baseOffset, kept)
    this.#bytes += bytesOf(kept)
    for (const oldest of this.#rows.keys()) {
      if (this.#bytes <= ROW_CACHE_BYTES) return
      this.drop(oldest)
    }
  }
}

function bytesOf(kept: Kept): number {
  return ("row" in kept ? kept.row : kept.stored).frames.length
}

function decoded({ baseOffset, header, frames }: Omit<SourceRow, "lastOffset">): CachedRow | null {
  try {
    const row = decodeRow(header, frames)
    return { baseOffset, entries: row.header.entries, frames }
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}
