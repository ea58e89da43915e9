import type { ProducerBatch } from "../producers/producer-state.ts"

/** What an append asks for besides its records. */
export interface AppendTerms {
  readonly producer: ProducerBatch | null
  /** The offset that the first record must get, or null. */
  readonly expectedOffset: number | null
}

export interface AppendReply {
  /** Of the first record; null for a repeat that is stored and whose offset is not remembered any more. */
  readonly baseOffset: number | null
  readonly appendedAt: number
  /** Whether it was stored before, by an earlier call. */
  readonly repeated: boolean
}

export interface ReadRequest {
  readonly offset: number
  readonly maxRecords: number
  readonly maxBytes: number
}
export interface ReadReply {
  readonly incarnation: number
  /** How often the log was compacted so far: bytes at the same offsets may differ between generations. */
  readonly compactions: number
  /** Stored rows, header then frames, one after the other; the first may begin before the offset asked for. */
  readonly rows: Uint8Array
  /** Offsets of rows whose header is damaged, left out of `rows`. */
  readonly damaged: readonly { readonly firstOffset: number; readonly lastOffset: number }[]
  /** Where to read next: just behind the last row looked at. */
  readonly nextOffset: number
  readonly startOffset: number
  readonly endOffset: number
  /** Whether every row that was answered is sealed, and can never change but by compaction. */
  readonly sealed: boolean
}

/** Where a partition stands. */
export interface PartitionStatistics {
  readonly startOffset: number
  readonly endOffset: number
  /** Bytes of the frames of its records. */
  readonly bytes: number
  /** Time of the newest append, 0 for none. */
  readonly lastAppendedAt: number
}

/** The first offset whose record is of `timestamp` or younger; the end's where there is none. */
export interface OffsetLookup {
  readonly offset: number
  readonly timestamp: number | null
}

/** The newest record of a key, which may be a tombstone. */
export interface LatestRecord {
  readonly offset: number
  readonly appendedAt: number
  readonly frame: Uint8Array
  readonly isTombstone: boolean
  /** It came before the topic's partitions became so many; null where it came after all that were added. */
  readonly appendedBefore: number | null
}
