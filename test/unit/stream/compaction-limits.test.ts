import { describe, expect, it } from "vitest"
import { partitionOfKey } from "../../../src/core/bytes/murmur2.ts"
import { CompactionScene, type Keyed } from "./compaction-scene.ts"

const LAG_MS = 1_000
/** More than a tail may hold: a record with it has a row of its own. */
const LARGE = "x".repeat(5_000)

const large = (key: string): Keyed => ({ key, value: LARGE })
const tombstone = (key: string): Keyed => ({ key, value: null })
const numbered = (count: number): Keyed[] => Array.from({ length: count }, (_, index) => large(`key ${index}`))
const offsets = (scene: CompactionScene): number[] => scene.readAll().map(({ offset }) => offset)

describe("what is kept by size of a compacted log", () => {
  it("[S14] goes by the first row as compaction left it", () => {
    // too large to be joined
    const huge = (key: string): Keyed => ({ key, value: "x".repeat(70_000) })
    const scene = new CompactionScene({ cleanup: "both", retentionBytes: 287_000 })
    scene.append(huge("a"), huge("a"), huge("z"))
    for (const key of ["a", "b", "c"]) scene.append(huge(key))
    scene.settle()
    expect(offsets(scene)).toEqual([2, 3, 4, 5])
    for (const key of ["d", "e"]) scene.append(huge(key))
    scene.settle()
    expect(offsets(scene)).toEqual([3, 4, 5, 6, 7])
  })
})

describe("the tombstone of a key whose records went elsewhere before", () => {
  const KEYS = Array.from({ length: 20 }, (_, index) => `deleted ${index}`)
  /** Of the first partition of four, where there were two. */
  const SETTINGS = { minCompactionLagMs: LAG_MS, deleteRetentionMs: 5_000, partitions: 4, earlierPartitions: [3] }
  const homeOf = (key: string, partitions: number) => partitionOfKey(new TextEncoder().encode(key), partitions)
  const own = KEYS.filter((key) => homeOf(key, 4) === 0)
  const moved = own.filter((key) => homeOf(key, 3) !== 0)

  it("[S50] stays, as what it deleted may still be there; others go as ever", () => {
    expect(moved.length).toBeGreaterThan(0)
    expect(moved.length).toBeLessThan(own.length)
    const scene = new CompactionScene(SETTINGS)
    for (const key of own) scene.append(tombstone(key))
    scene.append(...numbered(3))
    for (let pass = 0; pass < 5; pass++) {
      scene.now += 6_000
      scene.settle()
      scene.append(large("later"))
    }
    const left = scene.readAll().flatMap(({ key, value }) => (value === null ? [key] : []))
    expect(left).toEqual(moved)
    expect(moved.map((key) => scene.latest(key))).toEqual(moved.map(() => "tombstone"))
  })

  it("[S50] stays if it was met before partitions were added", () => {
    const scene = new CompactionScene({ ...SETTINGS, partitions: 3, earlierPartitions: [] })
    const key = KEYS.find((candidate) => homeOf(candidate, 4) === 0 && homeOf(candidate, 3) === 0)!
    const late = moved[0]!
    for (const one of [key, late]) scene.append(tombstone(one))
    scene.append(...numbered(3))
    scene.now += LAG_MS
    scene.settle()
    scene.change({ partitions: 4, earlierPartitions: [3] })
    scene.now += 6_000
    scene.settle()
    expect([scene.latest(key), scene.latest(late)]).toEqual(["not_found", "tombstone"])
  })
})
