import { describe, expect, it } from "vitest"
import { PartitionScene, by } from "./partition-scene.ts"

const SEALED = { ok: false, error: { code: "partition_sealed", retryAfterMs: 1_000 } }
/** What the catalog makes of a topic that had two partitions and gets four, with the order of keys kept. */
const GROWN = { partitions: 4, growths: [{ from: 2, to: 4 }], earlierPartitions: [2] }

describe("a sealed partition", () => {
  it("[S44] ends where the commit stands: what came before in it is below the barrier, what comes after is refused", () => {
    const scene = new PartitionScene({ partitions: 2 })
    scene.append(["a", "b"])
    scene.commit((partition) => {
      expect(scene.appendTo(partition, ["c"], null)).toMatchObject({ ok: true, value: { baseOffset: 2 } })
      expect(partition.seal(4)).toBe(3)
      expect(scene.appendTo(partition, ["d"], null)).toEqual(SEALED)
    })
    expect(scene.partition.barriers).toEqual([{ partitions: 4, offset: 3 }])
    expect(scene.bodies()).toEqual(["a", "b", "c"])
  })

  it("[S44] stays sealed through a restart, and being sealed again changes nothing", () => {
    const scene = new PartitionScene({ partitions: 2 })
    scene.append(["a"])
    scene.commit((partition) => partition.seal(4))
    scene.restart()
    expect(scene.append(["b"])).toEqual(SEALED)
    expect(scene.commit((partition) => partition.seal(4))).toBe(1)
    scene.restart()
    expect(scene.partition.barriers).toEqual([{ partitions: 4, offset: 1 }])
  })

  it("[S44] goes on behind the barrier once its settings say as many, also after a restart", () => {
    const scene = new PartitionScene({ partitions: 2 })
    scene.append(["a"])
    scene.commit((partition) => partition.seal(4))
    scene.configure({ ...GROWN, retentionMs: 60_000 })
    expect(scene.append(["b"])).toMatchObject({ ok: true, value: { baseOffset: 1 } })
    scene.restart()
    expect(scene.append(["c"])).toMatchObject({ ok: true, value: { baseOffset: 2 } })
    expect(scene.commit((partition) => partition.seal(4))).toBe(1)
    expect(scene.append(["d"])).toMatchObject({ ok: true })
  })

  it("[S44] is still sealed by settings that change something else", () => {
    const scene = new PartitionScene({ partitions: 2 })
    scene.commit((partition) => partition.seal(4))
    scene.configure({ retentionMs: 60_000 })
    expect(scene.append(["a"])).toEqual(SEALED)
  })

  it("[S44] costs one row, and an empty partition has its barrier too", () => {
    const scene = new PartitionScene({ partitions: 2 })
    const before = scene.statements.length
    scene.commit((partition) => partition.seal(4))
    expect(scene.statements.slice(before).filter((sql) => /INSERT|UPDATE/.test(sql))).toHaveLength(1)
    scene.restart()
    expect(scene.partition.barriers).toEqual([{ partitions: 4, offset: 0 }])
  })

  it("[S45] still answers what is stored: a repeated batch as such, reads and trims", () => {
    const scene = new PartitionScene({ partitions: 2 })
    scene.append(["a"], by(3, 0, 0))
    scene.commit((partition) => partition.seal(4))
    expect(scene.append(["a"], by(3, 0, 0))).toMatchObject({ ok: true, value: { baseOffset: 0, repeated: true } })
    expect(scene.append(["b"], by(3, 0, 1))).toEqual(SEALED)
    // refused as sealed, not as a gap: nothing was noted of it
    scene.configure(GROWN)
    expect(scene.append(["b"], by(3, 0, 1))).toMatchObject({ ok: true, value: { baseOffset: 1 } })
    scene.commit((partition) => partition.seal(8))
    expect(scene.commit((partition) => partition.trim(1))).toMatchObject({ ok: true })
    expect(scene.bodies()).toEqual(["b"])
  })

  it("[S44] is cut again each time, in order", () => {
    const scene = new PartitionScene({ partitions: 1 })
    for (const [body, partitions] of [
      ["a", 2],
      ["b", 3],
      ["c", 7],
    ] as const) {
      scene.append([body])
      scene.commit((partition) => partition.seal(partitions))
      scene.configure({ partitions })
    }
    scene.append(["d"])
    scene.restart()
    expect(scene.partition.barriers).toEqual([
      { partitions: 2, offset: 1 },
      { partitions: 3, offset: 2 },
      { partitions: 7, offset: 3 },
    ])
    expect([0, 1, 2, 3].map((offset) => scene.partition.appendedBefore(offset))).toEqual([2, 3, 7, null])
  })
})

describe("a sender that does not know of all partitions", () => {
  it("[S46] is refused once partitions were added with the order of keys kept, by what its records were routed by", () => {
    const scene = new PartitionScene({ partitions: 2 })
    scene.commit((partition) => partition.seal(4))
    scene.configure(GROWN)
    const publish = (partitions: number) =>
      scene.commit((partition) => scene.appendTo(partition, ["x"], null, partitions))
    expect(publish(2)).toEqual(SEALED)
    scene.restart()
    expect(publish(3)).toEqual(SEALED)
    expect(publish(4)).toMatchObject({ ok: true })
    expect(publish(8)).toMatchObject({ ok: true })
  })

  it("[S46] goes on where the order of keys is relaxed; the log is cut all the same, with no pause", () => {
    const scene = new PartitionScene({ partitions: 2, keyOrder: "relaxed" })
    scene.append(["a"])
    scene.configure({ partitions: 4, earlierPartitions: [2] })
    expect(scene.commit((partition) => scene.appendTo(partition, ["b"], null, 2))).toMatchObject({ ok: true })
    scene.restart()
    expect(scene.partition.barriers).toEqual([{ partitions: 4, offset: 1 }])
  })
})
