import { type KeyedFrame, peekKey } from "../../log/frame.ts"
import { decodeOrNull } from "../../log/read.ts"
import { frameOf, type Row } from "../../log/row.ts"
import type { FrameEntry } from "../../log/types.ts"

/** What the index knows of a key. */
export interface LatestKey {
  /** Of the key's newest record. */
  readonly offset: number
  /** When compaction first met that record as a tombstone, or null. */
  readonly metAt: number | null
}

/** What decides over the records of a slice. */
export interface SiftTerms {
  readonly latestOf: (key: Uint8Array) => LatestKey | null
  readonly now: number
  readonly deleteRetentionMs: number
  /** Whether a tombstone must stay, as another partition may hold what it deleted. */
  readonly isNeeded: (key: Uint8Array) => boolean
}

/** A key with the offset of its newest record. */
export interface KeyAt {
  readonly key: Uint8Array
  readonly offset: number
}

/** A row without what newer records replaced. */
export interface SiftedRow {
  readonly baseOffset: number
  readonly frames: Uint8Array
  /** Entries of `frames` that stay, in order. */
  readonly survivors: readonly FrameEntry[]
  readonly survivingBytes: number
  readonly droppedBytes: number
  /** Tombstones that are seen for the first time. */
  readonly met: readonly KeyAt[]
  /** Tombstones that go. */
  readonly gone: readonly KeyAt[]
}

type Verdict = "stays" | "dropped" | "met" | "gone"

/** Tells what stays of a row. Records without a key and damaged ones always do. */
export function siftRow(row: Row, terms: SiftTerms): SiftedRow {
  const { baseOffset, entries, framesBytes } = row.header
  const survivors: FrameEntry[] = []
  const met: KeyAt[] = []
  const gone: KeyAt[] = []
  let survivingBytes = 0
  for (const entry of entries) {
    const frame = frameOf(row.frames, entry)
    const keyed = entry.keyHash === 0 ? null : peekKey(frame)
    const verdict = keyed === null ? "stays" : verdictOn(entry.offset, frame, keyed, terms)
    if (verdict === "met") met.push({ key: keyed!.key, offset: entry.offset })
    if (verdict === "gone") gone.push({ key: keyed!.key, offset: entry.offset })
    if (verdict === "dropped" || verdict === "gone") continue
    survivors.push(entry)
    survivingBytes += entry.length
  }
  const droppedBytes = framesBytes - survivingBytes
  return { baseOffset, frames: row.frames, survivors, survivingBytes, droppedBytes, met, gone }
}

function verdictOn(offset: number, frame: Uint8Array, { key, isTombstone }: KeyedFrame, terms: SiftTerms): Verdict {
  const latest = terms.latestOf(key)
  if (latest === null || latest.offset < offset) return "stays"
  const isReplaced = latest.offset > offset
  if (!isReplaced && !isTombstone) return "stays"
  // what was peeked at may be damaged
  if (decodeOrNull(frame) === null) return "stays"
  if (isReplaced) return "dropped"
  if (terms.isNeeded(key)) return "stays"
  if (latest.metAt === null) return "met"
  return latest.metAt + terms.deleteRetentionMs <= terms.now ? "gone" : "stays"
}
