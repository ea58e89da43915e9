import { indexFrom, type OffsetRange } from "../../core/log/read.ts"
import { frameOf, iterateRows } from "../../core/log/row.ts"
import { readContent, type StoredEntry } from "./wire-deliver-encode.ts"

/**
 * What whole `rows` hold from `fromOffset` on and before `untilOffset`, in order, for a binary delivery: nothing is
 * decoded. Damaged records stand among the others as ranges, and so does `lost`, what is missing already. Throws
 * CorruptError where the rows themselves are damaged.
 */
export function storedEntries(
  rows: Uint8Array,
  fromOffset: number,
  untilOffset: number,
  lost: readonly OffsetRange[],
): StoredEntry[] {
  const entries: StoredEntry[] = []
  for (const { header, frames } of iterateRows(rows)) {
    const end = indexFrom(header.entries, untilOffset)
    for (let index = indexFrom(header.entries, fromOffset); index < end; index++) {
      const entry = header.entries[index]!
      const { offset, appendedAt } = entry
      const stored = readContent(frameOf(frames, entry))
      if (stored === null) addDamaged(entries, offset)
      else entries.push({ offset, appendedAt, stored })
    }
  }
  if (lost.length === 0) return entries
  const damaged = lost.map((range): StoredEntry => ({ offset: range.firstOffset, damaged: range }))
  return [...entries, ...damaged].sort((left, right) => left.offset - right.offset)
}

function addDamaged(entries: StoredEntry[], offset: number): void {
  const last = entries.at(-1)
  if (last !== undefined && "damaged" in last && last.damaged.lastOffset === offset - 1) {
    entries[entries.length - 1] = { offset: last.offset, damaged: { ...last.damaged, lastOffset: offset } }
  } else {
    entries.push({ offset, damaged: { firstOffset: offset, lastOffset: offset } })
  }
}
