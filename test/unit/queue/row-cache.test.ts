import { expect, it } from "vitest"
import { MAX_ROW_BYTES, ROW_CACHE_BYTES } from "../../../src/core/limits.ts"
import { encodeRowHeader } from "../../../src/core/log/row.ts"
import type { FrameEntry } from "../../../src/core/log/types.ts"
import { RowCache } from "../../../src/core/queue/row-cache.ts"
import type { SourceRow } from "../../../src/core/queue/row-source.ts"

/** What a decoded frame is in memory at least, however small: an object with seven numbers. */
const ENTRY_BYTES = 100
const ROW_RECORDS = 1000

/** Rows of as many frames of such a length, with a cache and a count of what was read for it. */
class CacheScene {
  reads = 0
  readonly #records: number
  readonly #frameBytes: number
  readonly cache = new RowCache({ headers: () => [], read: (baseOffset) => this.#read(baseOffset) })

  constructor(records: number, frameBytes: number) {
    this.#records = records
    this.#frameBytes = frameBytes
  }

  /** How many of `rows` rows are still in memory after all were looked at. */
  keptOf(rows: number): number {
    for (let row = 0; row < rows; row++) expect(this.#get(row)).toBe(this.#records)
    this.reads = 0
    // the newest first: what has to be read again then takes the place of none that is still to be asked for
    for (let row = rows - 1; row >= 0; row--) this.#get(row)
    return rows - this.reads
  }

  row(nth: number): SourceRow {
    const baseOffset = nth * this.#records
    const length = this.#frameBytes
    const entries: FrameEntry[] = Array.from({ length: this.#records }, (_, index) => {
      const known = { offset: baseOffset + index, messageId: index, keyHash: 0, appendedAt: 1, expiresAt: 0 }
      return { ...known, length, position: index * length }
    })
    const frames = new Uint8Array(this.#records * length)
    return { baseOffset, lastOffset: baseOffset + this.#records - 1, header: encodeRowHeader(entries), frames }
  }

  #get(nth: number): number | undefined {
    return this.cache.get(nth * this.#records)?.entries.length
  }

  #read(baseOffset: number): SourceRow {
    this.reads++
    return this.row(baseOffset / this.#records)
  }
}

it("keeps no more decoded rows of small messages than fit its memory", () => {
  const kept = new CacheScene(ROW_RECORDS, 10).keptOf(100)
  expect(kept).toBeGreaterThan(1)
  expect(kept * ROW_RECORDS * ENTRY_BYTES).toBeLessThan(ROW_CACHE_BYTES)
})

it("keeps some of the largest rows", () => {
  expect(new CacheScene(1, MAX_ROW_BYTES).keptOf(10)).toBe(3)
})

it("keeps of what is written and not read yet the oldest, and no more than fits its memory", () => {
  const scene = new CacheScene(1, 10)
  const rows = 20_000
  for (let nth = 0; nth < rows; nth++) scene.cache.put(scene.row(nth))
  let kept = 0
  for (; scene.reads === 0 && kept < rows; kept++) expect(scene.cache.get(kept)?.baseOffset).toBe(kept)
  expect(kept).toBeGreaterThan(1000)
  // each is two buffers with what manages them, some hundred bytes at least
  expect(kept * 300).toBeLessThan(ROW_CACHE_BYTES)
})

it("forgets what lies before the begin of its log", () => {
  const scene = new CacheScene(1, 10)
  for (let nth = 0; nth < 10; nth++) scene.cache.put(scene.row(nth))
  scene.cache.get(2)
  scene.cache.dropBefore(5)
  for (let nth = 0; nth < 10; nth++) scene.cache.get(nth)
  expect(scene.reads).toBe(5)
})
