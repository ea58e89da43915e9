/** How far the compaction of a partition came. It is stored, so that every slice goes on where the one before ended. */
export interface CompactionState {
  /** Where the first build of the index of keys goes on, or null where the index is complete. */
  readonly indexNext: number | null
  /** Rows that begin before it were looked at. */
  readonly cleanOffset: number
  /** Bytes of the frames in those rows. */
  readonly cleanBytes: number
  /** The pass that is under way, or null. */
  readonly pass: CompactionPass | null
}

/** One walk over the log, from its start to the row that was the newest when it began. */
export interface CompactionPass {
  readonly nextOffset: number
  /** Rows that begin here or behind wait for the next pass. */
  readonly endOffset: number
}

/** Before anything was compacted. */
export const UNCOMPACTED: CompactionState = {
  indexNext: 0,
  cleanOffset: 0,
  cleanBytes: 0,
  pass: null,
}

/**
 * When the next pass has to begin, or null while it need not: at least half of the stored bytes are new, and the oldest
 * of them are old enough. `firstDirtyAt` is the last append into the oldest row that no pass has seen, or null where
 * there is none but the newest row.
 */
export function passDueAt(
  { cleanBytes }: CompactionState,
  storedBytes: number,
  firstDirtyAt: number | null,
  minCompactionLagMs: number,
): number | null {
  const isDirty = 2 * (storedBytes - cleanBytes) >= storedBytes
  return isDirty && firstDirtyAt !== null ? firstDirtyAt + minCompactionLagMs : null
}
