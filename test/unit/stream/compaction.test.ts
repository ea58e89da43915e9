import { describe, expect, it } from "vitest"
import { CompactionScene, type Keyed } from "./compaction-scene.ts"

const LAG_MS = 1_000
/** More than a tail may hold: a record with it has a row of its own. */
const LARGE = "x".repeat(5_000)
const TINY_SLICES = { rows: 2, bytes: 1024 * 1024, records: 1_000 }

const large = (key: string | null, value = ""): Keyed => ({ key, value: `${value}${LARGE}` })
const tombstone = (key: string): Keyed => ({ key, value: null })
const offsets = (scene: CompactionScene): number[] => scene.readAll().map(({ offset }) => offset)

/** A scene in which nothing is compacted before the clock moves by `LAG_MS`; a row for each record. */
function lagging(records: readonly Keyed[], limits?: typeof TINY_SLICES): CompactionScene {
  const scene = new CompactionScene({ minCompactionLagMs: LAG_MS, deleteRetentionMs: 5_000 }, limits)
  for (const record of records) scene.append(record)
  return scene
}

/** A scene with `records` compacted. */
function compacted(records: readonly Keyed[], limits?: typeof TINY_SLICES): CompactionScene {
  const scene = lagging(records, limits)
  scene.now += LAG_MS
  scene.settle()
  return scene
}

const numbered = (count: number): Keyed[] => Array.from({ length: count }, (_, index) => large(`key ${index}`))
const repeated = (count: number, keys: number): Keyed[] =>
  Array.from({ length: count }, (_, index) => large(`key ${index % keys}`, `${index}`))

describe("what compaction drops", () => {
  it("[S30] is all but the newest record of each key", () => {
    const scene = compacted([
      large("a", "1"),
      large("b", "1"),
      large("a", "2"),
      large(null),
      large("b", "2"),
      large("z"),
    ])
    expect(offsets(scene)).toEqual([2, 3, 4, 5])
    for (const record of scene.readAll()) expect(record).toEqual(scene.appended[record.offset])
  })

  it("[S30] counts an empty key as one", () => {
    const scene = compacted([large("", "1"), large("", "2"), large(null), large("z")])
    expect(offsets(scene)).toEqual([1, 2, 3])
  })

  it("[S31] is nothing younger than the lag, and nothing in the newest row", () => {
    const scene = lagging([large("a", "1")])
    scene.now += 600
    scene.append(large("a", "2"))
    scene.now += 600
    scene.append({ key: "a", value: "3" }, { key: "a", value: "4" })
    scene.settle()
    expect(offsets(scene)).toEqual([1, 2, 3])
    scene.now += 10 * LAG_MS
    scene.settle()
    expect(offsets(scene)).toEqual([2, 3])
  })

  it("[S40] is nothing damaged", () => {
    const scene = lagging([large("a", "1"), large("b", "1"), large("a", "2"), large("b", "2"), large("z")])
    scene.database.run("UPDATE log SET header = zeroblob(20) WHERE base_offset = 1")
    scene.database.run("UPDATE log SET frames = CAST(frames || x'00' AS BLOB) WHERE base_offset = 2")
    scene.now += LAG_MS
    scene.settle()
    expect(offsets(scene)).toEqual([3, 4])
    expect(scene.read(0).damaged).toEqual([
      { firstOffset: 1, lastOffset: 1 },
      { firstOffset: 2, lastOffset: 2 },
    ])
    expect(scene.latest("a")).toBe("corrupt_batch")
  })

  it("[S40] is nothing that a damaged frame seems to replace", () => {
    const scene = new CompactionScene({ cleanup: "delete" })
    for (const record of [large("a", "1"), large("b", "1"), large("z")]) scene.append(record)
    const frame = scene.database.all<{ frames: Uint8Array }>("SELECT frames FROM log WHERE base_offset = 1")[0]!.frames
    // behind checksum, version, flags and length: now it says "a", as the record before it does
    expect(frame[7]).toBe("b".codePointAt(0))
    frame[7] = "a".codePointAt(0)!
    scene.database.run("UPDATE log SET frames = ? WHERE base_offset = 1", frame)
    scene.change({ cleanup: "compact" })
    scene.settle()
    expect(offsets(scene)).toEqual([0, 2])
    expect(scene.read(0).damaged).toEqual([{ firstOffset: 1, lastOffset: 1 }])
  })

  it("[S40] is no damaged frame among others, whose row is rewritten", () => {
    const scene = new CompactionScene({ minCompactionLagMs: LAG_MS })
    scene.append(large("a", "1"), large("b", "1"), large("c", "1"))
    for (const record of [large("a", "2"), large("b", "2"), large("z")]) scene.append(record)
    const frames = scene.database.all<{ frames: Uint8Array }>("SELECT frames FROM log WHERE base_offset = 0")[0]!.frames
    frames[7_000]! ^= 1
    scene.database.run("UPDATE log SET frames = ? WHERE base_offset = 0", frames)
    scene.now += LAG_MS
    scene.settle()
    expect(offsets(scene)).toEqual([2, 3, 4, 5])
    expect(scene.read(0).damaged).toEqual([{ firstOffset: 1, lastOffset: 1 }])
  })
})

describe("a tombstone", () => {
  it("[S37] stays for its time from when a pass met it, then goes with its key", () => {
    const scene = lagging([large("a")])
    scene.append({ key: "p", value: "stays" }, tombstone("a"), { key: "q", value: "stays" })
    for (const record of [large("x"), large("y")]) scene.append(record)
    scene.now += 100_000
    scene.settle()
    expect(offsets(scene)).toEqual([1, 2, 3, 4, 5])
    expect(scene.keys()).toEqual(["a", "p", "q", "x", "y"])
    for (const record of [large("x"), large("y"), large("z")]) scene.append(record)
    scene.now += 4_700
    scene.settle(0)
    scene.restart()
    expect(offsets(scene)).toEqual([1, 2, 3, 6, 7, 8])
    scene.now += 300
    scene.settle()
    expect(offsets(scene)).toEqual([1, 3, 6, 7, 8])
    expect(scene.keys()).toEqual(["p", "q", "x", "y", "z"])
    expect(scene.compaction.nextDeadlineAt(scene.partition)).toBeNull()
  })

  it("[S37] that was replaced in time takes nothing along", () => {
    const scene = compacted([large("a"), tombstone("a"), large("x"), large("y")])
    scene.append({ key: "a", value: "again" })
    scene.now += 20_000
    scene.settle()
    expect(scene.latest("a")).toBe("4=again")
    expect(scene.keys()).toEqual(["a", "x", "y"])
    for (const record of [large("p"), large("q"), large("r")]) scene.append(record)
    scene.now += LAG_MS
    scene.settle()
    expect(offsets(scene)).toEqual([2, 3, 4, 5, 6, 7])
  })

  it("[S37] in a row that was damaged meanwhile stays, and is not looked for again and again", () => {
    const scene = compacted([large("a"), tombstone("a"), large("x"), large("y")])
    scene.database.run("UPDATE log SET header = zeroblob(20) WHERE base_offset = 1")
    scene.now += 20_000
    scene.settle()
    expect(scene.rows().map(({ baseOffset }) => baseOffset)).toContain(1)
    expect(scene.compaction.nextDeadlineAt(scene.partition)).toBeNull()
  })
})

describe("a pass", () => {
  it("[S32] is due when half of the bytes are new and the oldest of them old enough", () => {
    const scene = lagging([large("only")])
    expect(scene.compaction.nextDeadlineAt(scene.partition)).toBeNull()
    const firstAt = scene.now
    scene.now += 10
    for (const record of numbered(9)) scene.append(record)
    expect(scene.compaction.nextDeadlineAt(scene.partition)).toBe(firstAt + LAG_MS)
    scene.now += LAG_MS
    scene.settle()
    for (const record of numbered(7)) scene.append(record)
    expect(scene.compaction.nextDeadlineAt(scene.partition)).toBeNull()
    scene.append(large("key 7"))
    scene.append(large("key 8"))
    scene.restart()
    expect(scene.compaction.nextDeadlineAt(scene.partition)).not.toBeNull()
  })

  it("[S32] ends where the log ended when it began", () => {
    const scene = lagging(numbered(10), { rows: 1, bytes: 1, records: 1 })
    scene.now += LAG_MS
    for (let index = 0; index < 12; index++) {
      scene.append(large(`later ${index}`))
      scene.now += 20
    }
    // the next one has begun at the start again
    expect(scene.database.all("SELECT clean_offset FROM compaction")).toEqual([{ clean_offset: 9 }])
  })

  it.each([
    ["rows", { rows: 2, bytes: 1024 * 1024, records: 1_000 }],
    ["bytes", { rows: 50, bytes: 10_500, records: 1_000 }],
    ["records", { rows: 50, bytes: 1024 * 1024, records: 2 }],
  ])("[S33] goes in slices bounded in %s, and on after restarts", (_name, limits) => {
    const scene = lagging(repeated(21, 5), limits)
    scene.now += LAG_MS
    scene.settle(100, () => scene.restart())
    expect(scene.slices).toBe(10)
    expect(offsets(scene)).toEqual([16, 17, 18, 19, 20])
  })

  it("[S33] leaves room between its slices", () => {
    const scene = lagging(repeated(21, 5), TINY_SLICES)
    scene.now += LAG_MS
    scene.commit()
    scene.commit()
    expect(scene.slices).toBe(1)
    expect(scene.compaction.nextDeadlineAt(scene.partition)).toBeGreaterThan(scene.now)
  })

  it("[S43] moves the generation on where it changed something, for good", () => {
    const scene = compacted(repeated(21, 5), TINY_SLICES)
    const { compactions } = scene.partition
    expect(compactions).toBeGreaterThan(1)
    scene.restart()
    expect(scene.partition.compactions).toBe(compactions)
    const unchanged = compacted(Array.from({ length: 10 }, (_, index) => large(`key ${index}`, "y".repeat(70_000))))
    expect(unchanged.slices).toBeGreaterThan(0)
    expect(unchanged.partition.compactions).toBe(0)
    scene.change({ cleanup: "delete" })
    expect(scene.partition.compactions).toBe(compactions)
  })
})

describe("space", () => {
  it("[S34] is saved by joining what became small", () => {
    const scene = new CompactionScene({ minCompactionLagMs: LAG_MS })
    for (let index = 0; index < 40; index++) scene.append({ key: `key ${index}`, value: "kept" }, large("counter"))
    scene.now += LAG_MS
    scene.settle()
    expect(scene.readAll()).toHaveLength(41)
    expect(scene.rows()).toHaveLength(2)
  })

  it("[S34] [S40] is not saved by joining across a damaged row", () => {
    const scene = new CompactionScene({ minCompactionLagMs: LAG_MS })
    for (let index = 0; index < 9; index++) scene.append({ key: `key ${index}`, value: "kept" }, large("counter"))
    scene.database.run("UPDATE log SET header = zeroblob(20) WHERE base_offset = 8")
    scene.now += LAG_MS
    scene.settle()
    const spans = scene.rows().map(({ baseOffset, lastOffset }) => [baseOffset, lastOffset])
    expect(spans).toEqual([
      [0, 6],
      [8, 9],
      [10, 14],
      [16, 17],
    ])
    expect(scene.read(0)).toMatchObject({ damaged: [{ firstOffset: 8, lastOffset: 9 }], nextOffset: 18 })
  })

  it("[S35] comes back", () => {
    const scene = lagging(repeated(400, 10))
    const { bytes } = scene.partition.statistics
    const pages = scene.usedPages()
    scene.now += LAG_MS
    scene.settle()
    expect(scene.partition.statistics.bytes).toBeLessThan(bytes / 39)
    expect(scene.usedPages()).toBeLessThan(pages / 10)
    scene.restart()
    expect(scene.partition.statistics.bytes).toBeLessThan(bytes / 39)
  })
})

describe("a read of a compacted log", () => {
  const scene = () => compacted([...repeated(20, 2), large("a"), large(null), large("a"), large("z")])

  it("[S39] begins at the next record that is there", () => {
    const log = scene()
    expect(offsets(log)).toEqual([18, 19, 21, 22, 23])
    for (const offset of [0, 5, 17]) {
      expect(log.partition.checkOffset(offset)).toBeNull()
      expect(log.read(offset, 1)).toMatchObject({ placed: [{ offset: 18 }], nextOffset: 19, damaged: [] })
    }
    expect(log.read(20, 1)).toMatchObject({ placed: [{ offset: 21 }], nextOffset: 22 })
    expect(log.partition.endOffset).toBe(24)
  })

  it("[S39] gives every record once, one at a time too", () => {
    const log = scene()
    const seen: number[] = []
    for (let offset = 0; offset < log.partition.endOffset;) {
      const { placed, nextOffset } = log.read(offset, 1)
      seen.push(...placed.map((record) => record.offset))
      offset = nextOffset
    }
    expect(seen).toEqual([18, 19, 21, 22, 23])
  })
})
