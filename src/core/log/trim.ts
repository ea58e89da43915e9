/** The offsets that a stored row covers. */
export interface RowSpan {
  readonly baseOffset: number
  readonly lastOffset: number
}

/** What a trim does: the start moves first, then the rows go, in as many steps as the caller likes. */
export interface TrimPlan<Span extends RowSpan> {
  readonly startOffset: number
  /** Rows that lie wholly below the new start; the row in which the start lies stays. */
  readonly dropped: readonly Span[]
}

/** Moves the start of the log `[startOffset, endOffset)` up to `beforeOffset`: never back, never beyond the end. */
export function planTrim<Span extends RowSpan>(
  rows: readonly Span[],
  startOffset: number,
  endOffset: number,
  beforeOffset: number,
): TrimPlan<Span> {
  const newStartOffset = Math.max(startOffset, Math.min(beforeOffset, endOffset))
  return { startOffset: newStartOffset, dropped: rows.filter(({ lastOffset }) => lastOffset < newStartOffset) }
}
