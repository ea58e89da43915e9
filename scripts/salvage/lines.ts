import { CorruptError } from "../../src/core/bytes/corrupt.ts"
import { joinBytes } from "../../src/core/bytes/join.ts"
import { decodeRow } from "../../src/core/log/row.ts"
import { readEntries } from "../../src/protocol/native/reads.ts"
import type { StoredRow, Unreadable } from "./readable-rows.ts"

const VIEW = { filter: null, damaged: "report", timestamp: "broker" } as const

/** What is printed for a record, or in its place. */
export interface Line {
  readonly line: string
  readonly isDamaged: boolean
}

/** A line for each record of a row, as a read of a topic answers it, or one for a range that can't be read. */
export function linesOf(found: StoredRow | Unreadable): Line[] {
  if ("unreadable" in found) return [{ line: JSON.stringify(found), isDamaged: false }]
  const { baseOffset, lastOffset, header, frames } = found
  const bounds = { fromOffset: baseOffset, maxRecords: Number.POSITIVE_INFINITY }
  const isWhole = isRow(header, frames)
  const rows = isWhole ? joinBytes([header, frames]) : new Uint8Array(0)
  const damaged = isWhole ? [] : [{ firstOffset: baseOffset, lastOffset }]
  const { entries } = readEntries(
    { rows, damaged, nextOffset: lastOffset + 1, endOffset: lastOffset + 1 },
    bounds,
    VIEW,
  )
  return entries.map(({ json, isDamaged }) => ({ line: json, isDamaged }))
}

function isRow(header: Uint8Array, frames: Uint8Array): boolean {
  try {
    decodeRow(header, frames)
    return true
  } catch (error) {
    if (error instanceof CorruptError) return false
    throw error
  }
}
