import { CorruptError } from "../../bytes/corrupt.ts"
import { equalBytes } from "../../bytes/equal.ts"
import { keyHash } from "../../bytes/key-hash.ts"
import { MAX_ROW_BYTES } from "../../limits.ts"
import type { DedupKey } from "../../log/types.ts"
import { HashIndex } from "./hash-index.ts"
import { readDedupRow } from "./row-codec.ts"

/** Where committed rows are read back from. */
export interface DedupSource {
  /** The bytes of a row, or null where there is none. */
  read(no: number): Uint8Array | null
}

/**
 * Confirms hits from stored rows. A batch that is sent again asks the same row once per id,
 * so a row that was read is kept, with an index, until `forget`.
 */
export class RowLookup {
  readonly #source: DedupSource
  readonly #rows = new Map<number, ReadRow | null>()
  #bytes = 0

  constructor(source: DedupSource) {
    this.#source = source
  }

  /** The message of the newest entry in row `no` that holds the key at `now`; null also where the row is damaged. */
  find(no: number, dedup: DedupKey, now: number): number | null {
    return this.#read(no)?.find(dedup, now) ?? null
  }

  /** Gives the memory back; rows are read anew, as they are stored by then. */
  forget(): void {
    this.#rows.clear()
    this.#bytes = 0
  }

  #read(no: number): ReadRow | null {
    const known = this.#rows.get(no)
    if (known !== undefined) return known
    const ids = this.#source.read(no)
    const row = ids && readRow(ids)
    const bytes = ids?.length ?? 0
    if (this.#bytes + bytes > MAX_ROW_BYTES) this.forget()
    this.#bytes += bytes
    this.#rows.set(no, row)
    return row
  }
}

/** A row's entries in columns: objects for the 200,000 that a row of short keys may have would be too many. */
class ReadRow {
  readonly #ids: Uint8Array
  readonly #index = new HashIndex()
  readonly #expiresAt: number[] = []
  readonly #messageIds: number[] = []
  readonly #keyEnds: number[] = []
  readonly #keyLengths: number[] = []

  /** Throws CorruptError. */
  constructor(ids: Uint8Array) {
    this.#ids = ids
    for (const { expiresAt, messageId, key } of readDedupRow(ids)) {
      const entry = this.#expiresAt.push(expiresAt) - 1
      this.#messageIds.push(messageId)
      this.#keyEnds.push(key.byteOffset - ids.byteOffset + key.length)
      this.#keyLengths.push(key.length)
      this.#index.add(keyHash(key), entry)
    }
  }

  find({ hash, key }: DedupKey, now: number): number | null {
    let newest = -1
    for (const entry of this.#index.find(hash)) {
      if (entry > newest && this.#expiresAt[entry]! > now && equalBytes(this.#keyAt(entry), key)) newest = entry
    }
    return newest < 0 ? null : this.#messageIds[newest]!
  }

  #keyAt(entry: number): Uint8Array {
    const end = this.#keyEnds[entry]!
    return this.#ids.subarray(end - this.#keyLengths[entry]!, end)
  }
}

function readRow(ids: Uint8Array): ReadRow | null {
  try {
    return new ReadRow(ids)
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}
