import type { Failure } from "../core/errors.ts"
import type { AppendRow } from "../core/log/append.ts"
import { peekKey } from "../core/log/frame.ts"
import { decodeOrNull } from "../core/log/read.ts"
import { frameOf, type Row } from "../core/log/row.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { LatestRecord } from "../core/stream/commands.ts"
import type { KeyAt } from "../core/stream/compaction/sift.ts"
import { decodeStored } from "./compaction-rows.ts"
import type { LatestKeyStore } from "./latest-key-store.ts"
import type { LogRow, LogStore } from "./log-store.ts"

/** A record as the index finds it. */
type IndexedRecord = Omit<LatestRecord, "appendedBefore">

/** The newest record of every key of a partition, as appends, the first build and a sweep keep it. */
export class KeyIndex {
  readonly #keys: LatestKeyStore
  readonly #log: LogStore
  /** Records before it were indexed, or are left to the build. */
  #indexedEnd: number

  constructor(keys: LatestKeyStore, log: LogStore, endOffset: number) {
    this.#keys = keys
    this.#log = log
    this.#indexedEnd = endOffset
  }

  /** Takes in what a commit appended; a row per distinct key. The frames were just made, their checksums are not looked at. */
  append(rows: readonly AppendRow[]): void {
    const newest = new Map<string, KeyAt>()
    for (const { entries, frames } of rows) {
      for (const entry of entries) {
        if (entry.offset < this.#indexedEnd || entry.keyHash === 0) continue
        const key = peekKey(frameOf(frames, entry))?.key
        if (key) newest.set(String.fromCharCode(...key), { key, offset: entry.offset })
      }
    }
    for (const { key, offset } of newest.values()) this.#keys.put(key, offset)
    const last = rows.at(-1)
    if (last) this.#indexedEnd = last.lastOffset + 1
  }

  /** Takes in a stored row. A damaged frame may name a wrong key, and says nothing. */
  build(row: Row): void {
    for (const entry of row.header.entries) {
      const record = entry.keyHash === 0 ? null : decodeOrNull(frameOf(row.frames, entry))
      if (record?.key) this.#keys.put(record.key, entry.offset)
    }
  }

  /** Forgets what points into a row. */
  release(row: Row): void {
    for (const entry of row.header.entries) {
      const key = entry.keyHash === 0 ? undefined : peekKey(frameOf(row.frames, entry))?.key
      if (key) this.#keys.remove(key, entry.offset)
    }
  }

  /** The newest record of `key` at or behind `startOffset`: one look into the index, and its row. */
  latest(key: Uint8Array, startOffset: number, notFound: Failure): Result<IndexedRecord, Failure> {
    const known = this.#keys.find(key)
    const stored = known && known.offset >= startOffset ? this.rowWith(known.offset) : null
    if (!known || !stored) return err(notFound)
    const { offset } = known
    const row = decodeStored(stored)
    if (!row) return err({ code: "corrupt_batch", firstOffset: stored.baseOffset, lastOffset: stored.lastOffset })
    const entry = row.header.entries.find((candidate) => candidate.offset === offset)
    if (!entry) return err(notFound)
    const frame = frameOf(row.frames, entry)
    const record = decodeOrNull(frame)
    if (!record) return err({ code: "corrupt_batch", firstOffset: offset, lastOffset: offset })
    return ok({ offset, appendedAt: entry.appendedAt, frame, isTombstone: record.format === "tombstone" })
  }

  /** The stored row that covers `offset`, or null. */
  rowWith(offset: number): LogRow | null {
    let found: LogRow | null = null
    this.#log.scan(offset, (row) => {
      if (row.baseOffset <= offset) found = row
      return false
    })
    return found
  }
}
