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

type Stored = Omit<SourceRow, "lastOffset">

/** What a row takes beside its bytes, and beside its frames what each frame takes once decoded: measured in a heap. */
const ROW_MEMORY_BYTES = 512
const ENTRY_MEMORY_BYTES = 144
/** What was written and not read yet gets no more, so that what is read has room. */
const WRITTEN_BYTES = ROW_CACHE_BYTES / 2

/** Rows used last and rows to be used next, so that receives of one message at a time do not read a row of 100 a hundred times. */
export class RowCache {
  readonly #source: RowSource
  /** Not read yet, the oldest first: those are received next. */
  readonly #written = new Map<number, Stored>()
  /** In the order in which they were read. */
  readonly #read = new Map<number, CachedRow>()
  #writtenBytes = 0
  #readBytes = 0

  constructor(source: RowSource) {
    this.#source = source
  }

  /** The row that begins at `baseOffset`, or null where it is damaged or gone. */
  get(baseOffset: number): CachedRow | null {
    const known = this.#read.get(baseOffset)
    if (known) return known
    const stored = this.#written.get(baseOffset) ?? this.#source.read(baseOffset)
    const row = stored && decoded(stored)
    if (!row) return null
    this.drop(baseOffset)
    this.#read.set(baseOffset, row)
    this.#readBytes += bytesOfRow(row)
    this.#shrink(baseOffset)
    return row
  }

  /**
   * Keeps a row that is being written. Most are read much later if at all: until then it stays bytes, because an
   * object for each frame is what the collector of garbage would be busy with. Of what was not read yet it
   * takes the place of none: what is older is received first.
   */
  put({ baseOffset, header, frames }: Stored): void {
    this.drop(baseOffset)
    const stored = { baseOffset, header, frames }
    const bytes = bytesOfStored(stored)
    if (this.#writtenBytes + bytes > WRITTEN_BYTES) return
    this.#written.set(baseOffset, stored)
    this.#writtenBytes += bytes
    this.#shrink(null)
  }

  drop(baseOffset: number): void {
    const row = this.#read.get(baseOffset)
    if (row && this.#read.delete(baseOffset)) this.#readBytes -= bytesOfRow(row)
    const stored = this.#written.get(baseOffset)
    if (stored && this.#written.delete(baseOffset)) this.#writtenBytes -= bytesOfStored(stored)
  }

  /** Forgets the rows that begin before `offset`. */
  dropBefore(offset: number): void {
    for (const baseOffset of [...this.#read.keys(), ...this.#written.keys()]) {
      if (baseOffset < offset) this.drop(baseOffset)
    }
  }

  /** Forgets what was read the longest ago, but for `inUse`. */
  #shrink(inUse: number | null): void {
    for (const oldest of this.#read.keys()) {
      if (this.#readBytes + this.#writtenBytes <= ROW_CACHE_BYTES) return
      if (oldest !== inUse) this.drop(oldest)
    }
  }
}

function bytesOfStored({ header, frames }: Stored): number {
  return ROW_MEMORY_BYTES + header.length + frames.length
}

/** Small messages take several times their bytes once they are decoded. */
function bytesOfRow({ entries, frames }: CachedRow): number {
  return ROW_MEMORY_BYTES + frames.length + entries.length * ENTRY_MEMORY_BYTES
}

function decoded({ baseOffset, header, frames }: Stored): CachedRow | null {
  try {
    const row = decodeRow(header, frames)
    return { baseOffset, entries: row.header.entries, frames }
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}
