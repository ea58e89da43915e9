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

/** What a row takes beside its bytes, and beside its frames what each frame takes once decoded: measured in a heap. */
const ROW_MEMORY_BYTES = 512
const ENTRY_MEMORY_BYTES = 144

/** The rows used last, so that receives of one message at a time do not read a row of 100 a hundred times. */
export class RowCache {
  readonly #source: RowSource
  readonly #rows = new Map<number, Kept>()
  #memoryBytes = 0

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
    this.#memoryBytes -= memoryBytesOf(kept)
  }

  #keep(baseOffset: number, kept: Kept): void {
    this.drop(baseOffset)
    this.#rows.set(baseOffset, kept)
    this.#memoryBytes += memoryBytesOf(kept)
    for (const oldest of this.#rows.keys()) {
      if (this.#memoryBytes <= ROW_CACHE_BYTES) return
      this.drop(oldest)
    }
  }
}

/** Small messages take several times their bytes once they are decoded. */
function memoryBytesOf(kept: Kept): number {
  if ("row" in kept) {
    const { entries, frames } = kept.row
    return ROW_MEMORY_BYTES + frames.length + entries.length * ENTRY_MEMORY_BYTES
  }
  const { header, frames } = kept.stored
  return ROW_MEMORY_BYTES + header.length + frames.length
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
