import { CorruptError } from "../bytes/corrupt.ts"
import { decodeRowHeader, type RowHeader } from "../log/row.ts"
import type { RowSpan } from "../log/trim.ts"

/** A committed row of a partition without its payload. */
export interface SpanRow extends RowSpan {
  readonly header: Uint8Array
}

/** What a row covers and what it takes. */
export interface RowSize extends RowSpan {
  /** Length of its frames. */
  readonly bytes: number
}

/** Where a partition looks at its committed rows. Rows may have gaps within and between them. */
export interface RowSpans {
  /** The newest row that begins at `offset` or before, or null. */
  at(offset: number): SpanRow | null
  /** The oldest row that begins behind `offset`, or null. */
  after(offset: number): SpanRow | null
  /** The oldest rows, in order. */
  oldest(limit: number): readonly RowSize[]
}

/** A row's header, or null where it is damaged. */
export function headerOrNull({ header }: Pick<SpanRow, "header">): RowHeader | null {
  try {
    return decodeRowHeader(header)
  } catch (error) {
    if (error instanceof CorruptError) return null
    throw error
  }
}
