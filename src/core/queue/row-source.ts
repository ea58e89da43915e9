/** A stored row of the log as the core sees it. */
export interface SourceRow {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly header: Uint8Array
  readonly frames: Uint8Array
}

/** Where committed rows are read back from. */
export interface RowSource {
  /** Headers of the rows that begin in `[from, to)`, in order. */
  headers(from: number, to: number): readonly Omit<SourceRow, "frames">[]
  /** The row that begins at `baseOffset`, or null. */
  read(baseOffset: number): SourceRow | null
}

/** Which committed rows hold a message that expires by itself. */
export interface ExpirySource {
  /** The earliest expiry of a row, or null. */
  nextExpiry(): { readonly expiresAt: number } | null
  /** Base offsets of the rows with an expiry at `now` or before, in its order. */
  expired(now: number, limit: number): readonly number[]
}
