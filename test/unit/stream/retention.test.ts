import { describe, expect, it } from "vitest"
import { RETENTION_SWEEP_MS } from "../../../src/core/limits.ts"
import { PartitionScene } from "./partition-scene.ts"

/** Fills a row of its own: above it the tail is sealed. */
const large = (name: string): string => name + "x".repeat(5_000)
const names = (scene: PartitionScene): string[] => scene.bodies().map((body) => body.replace(/x+$/, ""))

describe("retention by age", () => {
  it("[S13] drops rows whose records are all past it, and keeps the end", () => {
    const scene = new PartitionScene({ retentionMs: 60_000 })
    const startedAt = scene.now
    for (const name of ["a", "b", "c"]) {
      scene.append([large(name)])
      scene.now += 20_000
    }
    scene.runUntil(startedAt + 59_999)
    expect(names(scene)).toEqual(["a", "b", "c"])
    scene.runUntil(startedAt + 60_000)
    expect(names(scene)).toEqual(["b", "c"])
    expect(scene.partition.statistics).toMatchObject({ startOffset: 1, endOffset: 3 })
    expect(scene.count("log")).toBe(2)
    scene.restart()
    scene.runUntil(startedAt + 80_000)
    expect(names(scene)).toEqual(["c"])
    scene.runUntil(startedAt + 1_000_000)
    expect(scene.partition.statistics).toMatchObject({
      startOffset: 3,
      endOffset: 3,
      lastAppendedAt: startedAt + 40_000,
    })
    scene.restart()
    expect(scene.append(["next"])).toMatchObject({ value: { baseOffset: 3 } })
    expect(names(scene)).toEqual(["next"])
  })

  it("[S13] keeps a row as long as one of its records is younger", () => {
    const scene = new PartitionScene({ retentionMs: 60_000 })
    const startedAt = scene.now
    scene.append(["a"])
    scene.now += 30_000
    scene.append(["b"])
    expect(scene.count("log")).toBe(1)
    scene.runUntil(startedAt + 89_999)
    expect(names(scene)).toEqual(["a", "b"])
    scene.runUntil(startedAt + 90_000)
    expect(names(scene)).toEqual([])
  })

  it("[S13] goes on after everything went, also for what the same commit appends", () => {
    const scene = new PartitionScene({ retentionMs: 60_000 })
    scene.append([large("a")])
    scene.now += 60_000
    scene.append([large("b")])
    expect(names(scene)).toEqual(["b"])
    scene.runUntil(scene.now + 60_000)
    expect(names(scene)).toEqual([])
  })

  it("[S13] wakes up a few times a minute at most, however many rows come", () => {
    const scene = new PartitionScene({ retentionMs: 60_000 })
    const until = scene.now + 600_000
    let commits = 0
    while (scene.now < until) {
      scene.append([large("r")])
      commits += scene.runUntil(scene.now + 500)
      const [oldest] = scene.store.log.before(Number.MAX_SAFE_INTEGER, 1)
      const kept = scene.partition.endOffset - oldest!.baseOffset
      expect(kept).toBeLessThanOrEqual((60_000 + RETENTION_SWEEP_MS) / 500 + 1)
    }
    expect(commits).toBeLessThanOrEqual(600_000 / RETENTION_SWEEP_MS)
  })

  it("[S13] moves the log start at once and deletes behind it in slices, through restarts", () => {
    const scene = new PartitionScene({ retentionMs: 60_000 })
    for (let row = 0; row < 450; row++) scene.append([large(`${row} `)])
    scene.now += 60_000
    scene.commit()
    expect(scene.partition.startOffset).toBe(450)
    expect(scene.count("log")).toBe(250)
    scene.restart()
    expect(scene.runUntil(scene.now)).toBe(2)
    expect(scene.count("log")).toBe(1)
  })

  it("[S13] writes and reads nothing in a commit before it is due", () => {
    const scene = new PartitionScene({ retentionMs: 60_000 })
    scene.append([large("a")])
    scene.statements.length = 0
    scene.append([large("b")])
    expect(scene.statements).toHaveLength(1)
    scene.commit()
    expect(scene.statements).toHaveLength(1)
  })

  it("[S20] takes a damaged row for as old as what follows it can be", () => {
    const scene = new PartitionScene({ retentionMs: 60_000 })
    const startedAt = scene.now
    for (const name of ["a", "b", "c"]) {
      scene.append([large(name)])
      scene.now += 20_000
    }
    scene.database.run("UPDATE log SET header = zeroblob(40) WHERE base_offset IN (0, 1)")
    scene.restart()
    scene.runUntil(startedAt + 99_999)
    expect(scene.partition.startOffset).toBe(0)
    scene.runUntil(startedAt + 100_000)
    expect(scene.partition.startOffset).toBe(3)
  })
})

describe("retention by size", () => {
  it("[S14] drops the oldest rows while the rest is still as large as asked for", () => {
    const scene = new PartitionScene({ retentionBytes: 20_000 })
    for (let row = 0; row < 20; row++) {
      scene.append([large(`${row} `)])
      const { bytes } = scene.partition.statistics
      if (row >= 4) expect(bytes).toBeGreaterThanOrEqual(20_000)
      expect(bytes).toBeLessThan(25_100)
    }
    expect(names(scene)).toEqual(["16 ", "17 ", "18 ", "19 "])
    expect(scene.partition.nextDeadlineAt()).toBeGreaterThan(scene.now)
    scene.restart()
    expect(scene.partition.nextDeadlineAt()).toBeGreaterThan(scene.now)
    scene.append([large("20 ")])
    expect(names(scene)).toEqual(["17 ", "18 ", "19 ", "20 "])
  })

  it("[S14] keeps the newest row whatever its size, and rests", () => {
    const scene = new PartitionScene({ retentionBytes: 1_000, retentionMs: null })
    for (const name of ["a", "b", "c"]) {
      scene.append([large(name)])
      expect(scene.runUntil(scene.now)).toBeLessThanOrEqual(2)
      expect(names(scene)).toEqual([name])
    }
    expect(scene.partition.nextDeadlineAt()).toBeNull()
  })

  it("[S14] rests where a damaged row is smaller than what was counted for it", () => {
    const scene = new PartitionScene({ retentionBytes: 1_000, retentionMs: null })
    for (const name of ["a", "b"]) scene.append([large(name)])
    scene.runUntil(scene.now)
    scene.database.run("UPDATE log SET frames = zeroblob(1)")
    scene.restart()
    scene.runUntil(scene.now)
    expect(scene.partition.nextDeadlineAt()).toBeNull()
    expect(scene.count("log")).toBe(1)
  })

  it("[S14] a trim of a large row does not keep small ones behind it for its sake", () => {
    const scene = new PartitionScene({ retentionBytes: 20_000, retentionMs: null })
    scene.append(["a".repeat(15_000)])
    for (const name of ["b", "c", "d"]) scene.append([large(name)])
    expect(scene.partition.startOffset).toBe(0)
    scene.commit((partition) => partition.trim(1))
    for (const name of ["e", "f"]) scene.append([large(name)])
    scene.runUntil(scene.now)
    expect(names(scene)).toEqual(["c", "d", "e", "f"])
  })

  it("[S14] and by age go together: neither takes what the other already took", () => {
    const scene = new PartitionScene()
    for (let row = 0; row < 450; row++) {
      scene.append([large(`${row} `)])
      scene.now += 1_000
    }
    // the first 300 rows are too old; of the rest the last 100 are enough
    scene.now += 150_000
    const rowBytes = scene.partition.statistics.bytes / 450
    scene.configure({ retentionMs: 300_001, retentionBytes: Math.floor(rowBytes * 100) })
    scene.runUntil(scene.now)
    expect(scene.partition.startOffset).toBe(350)
    expect(scene.count("log")).toBe(100)
  })

  it("[S14] works through a large surplus in slices", () => {
    const scene = new PartitionScene()
    for (let row = 0; row < 450; row++) scene.append([large(`${row} `)])
    scene.configure({ retentionBytes: 10_000 })
    expect(scene.count("log")).toBe(250)
    expect(scene.partition.nextDeadlineAt()).toBe(0)
    scene.restart()
    scene.runUntil(scene.now)
    expect(names(scene)).toEqual(["448 ", "449 "])
    expect(scene.partition.statistics).toMatchObject({ startOffset: 448, endOffset: 450 })
  })
})

describe("altered settings", () => {
  it("[S15] hold at once for what is stored, in both directions", () => {
    const scene = new PartitionScene({ retentionMs: 600_000 })
    const startedAt = scene.now
    for (const name of ["a", "b", "c"]) {
      scene.append([large(name)])
      scene.now += 20_000
    }
    scene.configure({ retentionMs: 60_000 })
    expect(names(scene)).toEqual(["b", "c"])
    scene.configure({ retentionMs: null })
    scene.runUntil(startedAt + 10_000_000)
    expect(names(scene)).toEqual(["b", "c"])
    scene.configure({ retentionBytes: 1 })
    expect(names(scene)).toEqual(["c"])
    scene.configure({ retentionBytes: null, retentionMs: 10_000_000 })
    expect(names(scene)).toEqual(["c"])
    scene.runUntil(startedAt + 10_040_000)
    expect(names(scene)).toEqual([])
  })

  it("[S15] of a topic that only compacts take nothing by age or size", () => {
    const scene = new PartitionScene({ cleanup: "compact", retentionMs: 60_000, retentionBytes: 1 })
    for (const name of ["a", "b"]) scene.append([large(name)])
    scene.runUntil(scene.now + 10_000_000)
    expect(names(scene)).toEqual(["a", "b"])
    scene.configure({ cleanup: "both" })
    expect(names(scene)).toEqual([])
  })
})

it("[S13] an empty partition has nothing to do, whatever its settings become", () => {
  const scene = new PartitionScene({})
  scene.configure({ retentionMs: 60_000, retentionBytes: 10_000_000 })
  scene.partition.settle(scene.now)
  expect(scene.partition.nextDeadlineAt()).toBeNull()
  scene.append(["a"])
  expect(scene.partition.nextDeadlineAt()).toBeGreaterThan(scene.now)
})

it("[S4] [S13] a trim up to records of the same commit stays where it is when all before them is past its retention", () => {
  const scene = new PartitionScene({ retentionMs: 60_000 })
  scene.append(["a"])
  scene.now += 60_000
  scene.commit((partition) => {
    scene.appendTo(partition, ["b", "c"], null)
    expect(partition.trim(2)).toMatchObject({ ok: true, value: { startOffset: 2, endOffset: 3 } })
  })
  expect(scene.partition.startOffset).toBe(2)
  expect(names(scene)).toEqual(["c"])
})
