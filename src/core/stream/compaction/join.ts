import { JOINED_ROW_BYTES, MAX_ROW_RECORDS } from "../../limits.ts"
import { encodeRowHeader } from "../../log/row.ts"
import type { FrameEntry } from "../../log/types.ts"
import type { SiftedRow } from "./sift.ts"

/** A row that takes the place of others, which keeps their offsets. */
export interface JoinedRow {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly header: Uint8Array
  readonly frames: Uint8Array
}

/** Rows that go, and the one that comes for them, or null where nothing of them stays. */
export interface Rewrite {
  readonly replaced: readonly number[]
  readonly row: JoinedRow | null
}

/**
 * How neighbouring rows are stored after sifting, in offset order; rows that need not change are left out. Null stands
 * for a row that must stay as it is: nothing is joined across it.
 */
export function planRewrites(rows: readonly (SiftedRow | null)[]): readonly Rewrite[] {
  const rewrites: Rewrite[] = []
  let group: SiftedRow[] = []
  const close = (): void => {
    const [first] = group
    if (first && (group.length > 1 || first.droppedBytes > 0)) {
      rewrites.push({ replaced: group.map(({ baseOffset }) => baseOffset), row: joined(group) })
    }
    group = []
  }
  for (const row of rows) {
    if (row === null) close()
    else if (row.survivors.length === 0) rewrites.push({ replaced: [row.baseOffset], row: null })
    else {
      if (!fits(group, row)) close()
      group.push(row)
    }
  }
  close()
  return rewrites
}

function fits(group: readonly SiftedRow[], row: SiftedRow): boolean {
  if (bytesOf(group) >= JOINED_ROW_BYTES || row.survivingBytes >= JOINED_ROW_BYTES) return false
  const records = group.reduce((sum, { survivors }) => sum + survivors.length, row.survivors.length)
  return records <= MAX_ROW_RECORDS
}

function bytesOf(group: readonly SiftedRow[]): number {
  return group.reduce((sum, { survivingBytes }) => sum + survivingBytes, 0)
}

function joined(group: readonly SiftedRow[]): JoinedRow {
  const frames = new Uint8Array(bytesOf(group))
  const entries: FrameEntry[] = []
  let position = 0
  for (const row of group) {
    for (const entry of row.survivors) {
      frames.set(row.frames.subarray(entry.position, entry.position + entry.length), position)
      entries.push({ ...entry, position })
      position += entry.length
    }
  }
  const baseOffset = entries[0]!.offset
  return { baseOffset, lastOffset: entries.at(-1)!.offset, header: encodeRowHeader(entries), frames }
}
