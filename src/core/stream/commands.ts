export interface AppendReply {
  readonly baseOffset: number
  readonly appendedAt: number
}
export interface ReadRequest {
  readonly offset: number
  readonly maxRecords: number
  readonly maxBytes: number
}
export interface ReadReply {
  readonly incarnation: number
  /** Stored rows, header then frames, one after the other; the first may begin before the offset asked for. */
  readonly rows: Uint8Array
  /** Offsets of rows whose header is damaged, left out of `rows`. */
  readonly damaged: readonly { readonly firstOffset: number; readonly lastOffset: number }[]
  /** Where to read next: just behind the last row looked at. */
  readonly nextOffset: number
  readonly startOffset: number
  readonly endOffset: number
}
export interface PartitionStatistics {
  readonly startOffset: number
  readonly endOffset: number
  readonly bytes: number
}
