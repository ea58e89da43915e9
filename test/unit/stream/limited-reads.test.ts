import { describe, expect, it } from "vitest"
import { readRecords } from "../../../src/core/log/read.ts"
import type { Partition } from "../../../src/core/stream/partition.ts"
import { readFrom } from "../../../src/objects/partition-reader.ts"
import type { LogStore } from "../../../src/store/log-store.ts"
import { PartitionStore } from "../../../src/store/partition-store.ts"
import { CompactionScene } from "./compaction-scene.ts"
import { GroupScene } from "./group-scene.ts"

/** Offsets that a member gets who reads on and on, and where that ends. */
function readAll(partition: Partition, log: LogStore, limit: number | null, maxRecords: number) {
  const offsets: number[] = []
  let offset = partition.startOffset
  for (let reads = 0; reads < 100; reads++) {
    const read = readFrom(partition, log, { offset, maxRecords, maxBytes: 1024 * 1024 }, limit)
    if (!read.ok) throw new Error(read.error.code)
    const { rows, nextOffset, endOffset } = read.value
    offsets.push(...readRecords(rows, offset, maxRecords).records.map(({ entry }) => entry.offset))
    expect(endOffset).toBe(partition.endOffset)
    if (nextOffset === offset) return { offsets, offset }
    offset = nextOffset
  }
  throw new Error("a read without an end")
}

const upTo = (end: number): number[] => Array.from({ length: end }, (_, index) => index)

describe("a read with a limit", () => {
  it.each([1, 3, 100])("[G10] ends before it, wherever that stands in a row, in reads of %i", (maxRecords) => {
    const scene = new GroupScene()
    for (let rows = 0; rows < 3; rows++) scene.append(upTo(10).map(() => "x".repeat(500)))
    expect(scene.count("log")).toBe(3)
    for (const limit of [0, 1, 9, 10, 11, 20, 25, 30]) {
      const { offsets, offset } = readAll(scene.partition, scene.store.log, limit, maxRecords)
      expect(offsets).toEqual(upTo(limit))
      expect(offset).toBe(limit)
    }
    expect(readAll(scene.partition, scene.store.log, null, maxRecords).offset).toBe(30)
  })

  it("[G10] answers nothing from the limit on, and is wrong outside the log as any read", () => {
    const scene = new GroupScene()
    scene.fill(10)
    scene.trim(2)
    const request = { maxRecords: 9, maxBytes: 1000 }
    const { log } = scene.store
    const at = (offset: number) => readFrom(scene.partition, log, { ...request, offset }, 5)
    expect(at(7)).toMatchObject({ ok: true, value: { rows: new Uint8Array(0), nextOffset: 7, endOffset: 10 } })
    expect(at(1)).toEqual({ ok: false, error: { code: "offset_trimmed", earliestOffset: 2 } })
    expect(at(11)).toEqual({ ok: false, error: { code: "offset_out_of_range", latestOffset: 10 } })
  })

  it.each([1, 3, 100])("[G10] leads to the limit over gaps that compaction left, in reads of %i", (maxRecords) => {
    const scene = compacted()
    const all = scene.readAll().map(({ offset }) => offset)
    const gaps = upTo(scene.partition.endOffset).filter((offset) => !all.includes(offset))
    expect(gaps.length).toBeGreaterThan(5)
    const { log } = new PartitionStore(scene.database)
    for (const limit of upTo(scene.partition.endOffset + 1)) {
      const { offsets, offset } = readAll(scene.partition, log, limit, maxRecords)
      expect(offsets).toEqual(all.filter((each) => each < limit))
      expect(offset).toBe(limit)
    }
  })

  it("[G10] leads to the limit at once, also from within a gap and to within one", () => {
    const scene = compacted()
    const all = scene.readAll().map(({ offset }) => offset)
    const { log } = new PartitionStore(scene.database)
    for (const offset of upTo(scene.partition.endOffset)) {
      for (const limit of upTo(scene.partition.endOffset + 1).slice(offset)) {
        const read = readFrom(scene.partition, log, { offset, maxRecords: 100, maxBytes: 1024 * 1024 }, limit)
        if (!read.ok) throw new Error(read.error.code)
        const { records } = readRecords(read.value.rows, offset, 100)
        expect(records.map(({ entry }) => entry.offset)).toEqual(all.filter((each) => each >= offset && each < limit))
        expect(read.value.nextOffset).toBe(limit)
      }
    }
  })

  it("[G10] names only the part of a damaged row that stands before it", () => {
    const scene = new GroupScene()
    for (let rows = 0; rows < 3; rows++) scene.append(upTo(10).map(() => "x".repeat(500)))
    scene.database.run("UPDATE log SET header = zeroblob(40) WHERE base_offset = 10")
    const read = readFrom(scene.partition, scene.store.log, { offset: 5, maxRecords: 100, maxBytes: 1024 * 1024 }, 15)
    expect(read).toMatchObject({
      ok: true,
      value: { damaged: [{ firstOffset: 10, lastOffset: 14 }], nextOffset: 15, endOffset: 30 },
    })
  })
})

describe("barriers over a compacted log", () => {
  it("[G15] count as reached where compaction took what stood before them", () => {
    const scene = new CompactionScene({ minCompactionLagMs: 0 })
    const value = "x".repeat(500)
    const records = (keys: readonly string[]) => keys.map((key) => ({ key, value }))
    scene.append(...records(["kept", "a", "b", "c", "d", "e"]), ...fillers(0))
    const barrier = scene.partition.endOffset
    scene.commit(() => scene.partition.seal(4))
    scene.change({ partitions: 4 })
    const request = { group: "g", generation: 1, memberId: "a", epoch: 1, reset: "earliest", seek: null } as const
    scene.commit(() => scene.partition.groups.grant({ ...request, limit: null }, scene.now))
    const owner = { group: "g", generation: 1, memberId: "a", epoch: 1, metadata: "", append: null }
    const barrierAt = (offset: number) => {
      scene.commit(() => scene.partition.commitOffset({ ...owner, offset }, null, scene.now))
      return scene.partition.groups.offsetOf("g", 1).barriers
    }
    expect(barrierAt(1)).toEqual([{ partitions: 4, offset: barrier }])
    // the same keys again, behind the barrier: those before it go
    for (let round = 0; round < 3; round++) {
      scene.append(...records(["a", "b", "c", "d", "e"]), ...fillers(0), ...fillers(1))
      scene.settle()
    }
    expect(scene.readAll().filter(({ offset }) => offset < barrier)).toMatchObject([{ offset: 0, key: "kept" }])
    expect(barrierAt(0)).toEqual([{ partitions: 4, offset: barrier }])
    expect(barrierAt(1)).toEqual([{ partitions: 4, offset: 1 }])
    scene.restart()
    expect(scene.partition.groups.offsetOf("g", 1).barriers).toEqual([{ partitions: 4, offset: 1 }])
  })
})

/** A log with gaps within its rows and between them. */
function compacted(): CompactionScene {
  const scene = new CompactionScene({ minCompactionLagMs: 0 })
  const value = "x".repeat(500)
  for (let round = 0; round < 6; round++) {
    scene.append(...["a", "b", "c", `only ${round}`].map((key) => ({ key, value })), ...fillers(round))
    scene.settle()
  }
  return scene
}

/** Records that the next round makes superfluous. */
function fillers(round: number): { key: string; value: string }[] {
  return upTo(3).map((index) => ({ key: `f${index}`, value: `${round} ${"x".repeat(500)}` }))
}
