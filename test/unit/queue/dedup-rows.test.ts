import { describe, expect, it } from "vitest"
import { MAX_DEDUP_DELETIONS, TAIL_ROW_BYTES } from "../../../src/core/limits.ts"
import { DedupScene, keyOf, keysOf, rowOf } from "./dedup-scene.ts"

const WINDOW_MS = 5 * 60_000
const KEY = keyOf("order-1")

describe("the rows of a deduplication window", () => {
  it("[Q32] are one write per commit, few of them new, and deletions as few", () => {
    const scene = new DedupScene()
    const commits = 2000
    const written = new Set<number>()
    let writes = 0
    let removals = 0
    for (let commit = 0; commit < commits; commit++) {
      const changes = scene.commitOf(keysOf(commit, 10), commit * 1000, WINDOW_MS)
      for (const { no } of changes.written) written.add(no)
      writes += changes.written.length
      removals += changes.removed.length
    }
    expect(writes).toBe(commits)
    expect(written.size).toBeLessThan(commits / 8)
    expect(removals).toBeGreaterThan(commits / 40)
    expect(removals).toBeLessThan(written.size)
    // what has expired and is still stored shares a row with what has not
    for (const { expiresAt } of scene.rows.values()) expect(expiresAt).toBeGreaterThan((commits - 1) * 1000)
  })

  it("[Q32] are one for a commit of thousands", () => {
    const scene = new DedupScene()
    expect(scene.commitOf(keysOf(0, 5000), 0, WINDOW_MS).written).toHaveLength(1)
    expect(scene.commitOf(keysOf(1, 1), 1, WINDOW_MS).written.map(({ no }) => no)).toEqual([2])
  })

  it("[Q32] grow while they are small and young", () => {
    const scene = new DedupScene()
    const noAt = (name: string, now: number, windowMs = WINDOW_MS) =>
      scene.commitOf([keyOf(name)], now, windowMs).written.map(({ no }) => no)
    expect(noAt("a", 0)).toEqual([1])
    expect(noAt("b", WINDOW_MS / 8)).toEqual([1])
    scene.reload()
    expect(noAt("c", WINDOW_MS / 8)).toEqual([1])
    expect(noAt("d", WINDOW_MS / 8 + 1)).toEqual([2])
    // a far shorter window must not be kept for as long as a long one
    expect(noAt("e", WINDOW_MS / 8 + 2, WINDOW_MS / 2)).toEqual([3])
    expect(noAt("f".repeat(TAIL_ROW_BYTES - 100), WINDOW_MS / 8 + 3, WINDOW_MS / 2)).toEqual([3])
    expect(noAt("g".repeat(100), WINDOW_MS / 8 + 4, WINDOW_MS / 2)).toEqual([4])
    for (const name of ["a", "b", "c", "d", "e"]) expect(scene.window.find(keyOf(name), WINDOW_MS / 4)).not.toBeNull()
  })

  it("[Q32] grow up to just below a page", () => {
    const lengths = Array.from({ length: 60 }, (_, index) => TAIL_ROW_BYTES - 60 + index)
    const scenes = lengths.map((length) => {
      const scene = new DedupScene()
      scene.commitOf([KEY], 0, WINDOW_MS)
      scene.commitOf([keyOf("k".repeat(length))], 1, WINDOW_MS)
      return [...scene.rows.values()].map(({ ids }) => ids.length)
    })
    const grown = scenes.filter((bytes) => bytes.length === 1)
    expect(grown.at(-1)).toEqual([TAIL_ROW_BYTES - 1])
    expect(scenes.slice(grown.length).every((bytes) => bytes.length === 2)).toBe(true)
  })

  it("[Q32] are split where they would be too big to store", () => {
    const scene = new DedupScene()
    const keys = Array.from({ length: 30 }, (_, index) => keyOf(`${"k".repeat(100_000)}${index}`))
    expect(scene.commitOf(keys, 0, WINDOW_MS).written).toHaveLength(3)
    scene.reload()
    expect(keys.map((key) => scene.window.find(key, 1))).toEqual(keys.map((_, index) => index + 1))
  })

  it("[Q32] are read to confirm a hit, once per commit, and for nothing else", () => {
    const scene = new DedupScene()
    scene.commitOf(keysOf(0, 1000), 0, WINDOW_MS)
    scene.commitOf(keysOf(1, 1000), 1, WINDOW_MS)
    for (const key of keysOf(2, 1000)) expect(scene.window.find(key, 2)).toBeNull()
    expect(scene.reads).toEqual([])
    for (const key of keysOf(1, 1000)) expect(scene.window.find(key, 2)).not.toBeNull()
    expect(scene.reads).toEqual([2])
    for (const key of keysOf(0, 1000)) expect(scene.window.find(key, WINDOW_MS)).toBeNull()
    expect(scene.reads).toEqual([2])
  })

  it("[Q32] stay in memory within a commit, as much of them as one row may have", () => {
    const scene = new DedupScene()
    for (const bytes of [10, 20, 600_000, 600_001]) scene.commitOf([keyOf("k".repeat(bytes))], bytes, WINDOW_MS * bytes)
    const read = (...bytes: number[]) => {
      for (const length of bytes) expect(scene.window.find(keyOf("k".repeat(length)), 0)).not.toBeNull()
      return scene.reads.splice(0)
    }
    expect(read(10, 20, 10, 600_000, 20)).toEqual([1, 2, 3])
    expect(read(600_001, 600_000, 600_000)).toEqual([4, 3])
    scene.commit(0)
    expect(read(600_000, 600_000)).toEqual([3])
  })

  it("[Q32] go when all in them has expired, whatever lives on before them", () => {
    const scene = new DedupScene()
    scene.commitOf([keyOf("long")], 0, 100 * WINDOW_MS)
    for (let commit = 0; commit < 10; commit++) scene.commitOf(keysOf(commit, 200), commit, WINDOW_MS)
    expect(scene.rows.size).toBe(11)
    expect(scene.window.nextSweepAt).toBe(9 + WINDOW_MS)
    scene.reload()
    expect(scene.commit(4 + WINDOW_MS).removed).toEqual([2, 3, 4, 5, 6])
    expect(scene.window.nextSweepAt).toBe(9 + WINDOW_MS)
    scene.commit(9 + WINDOW_MS)
    expect(scene.window.nextSweepAt).toBe(100 * WINDOW_MS)
    scene.commit(100 * WINDOW_MS)
    expect(scene.rows.size).toBe(0)
    expect(scene.window.nextSweepAt).toBeNull()
    expect(scene.commitOf([KEY], 100 * WINDOW_MS, WINDOW_MS).written[0]!.no).toBe(12)
  })

  it("[Q32] go in slices", () => {
    const scene = new DedupScene()
    const count = 2 * MAX_DEDUP_DELETIONS + 50
    const ids = rowOf(["a", "b"], 1000)
    for (let no = 1; no <= count; no++) scene.rows.set(no, { no, expiresAt: 1000, ids })
    scene.reload()
    expect(scene.window.nextSweepAt).toBe(1000)
    expect(scene.commit(999).removed).toEqual([])
    expect(scene.commit(1000).removed).toHaveLength(MAX_DEDUP_DELETIONS)
    expect(scene.window.nextSweepAt).toBe(1000)
    expect(scene.window.find(keyOf("a"), 0)).toBeNull()
    expect(scene.commit(1001).removed).toHaveLength(MAX_DEDUP_DELETIONS)
    expect(scene.commit(1002).removed).toHaveLength(50)
    expect(scene.window.nextSweepAt).toBeNull()
    expect(scene.rows.size).toBe(0)
  })
})
