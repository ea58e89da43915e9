import { evictDurableObject } from "cloudflare:test"
import { describe, expect, it } from "vitest"
import type { GroupSeekRequest } from "../../src/core/group/commands.ts"
import { GroupScene, PATIENCE, valueOf } from "./group-scene.ts"

async function seek(scene: GroupScene, request: Partial<GroupSeekRequest>) {
  const wanted = { topic: "t", partitions: null, target: { kind: "earliest" }, dryRun: false, ...request } as const
  return scene.group.seek(scene.version, wanted)
}

describe("a seek of a group", () => {
  it("[G56] moves an empty group, and says for each partition from where to where", async () => {
    const scene = await GroupScene.open({}, 2)
    await scene.append(0, 10)
    await scene.append(1, 4)
    const moved = valueOf(await seek(scene, { target: { kind: "latest" } }))
    expect(moved).toEqual([
      { topic: "t", partition: 0, before: null, offset: 10 },
      { topic: "t", partition: 1, before: null, offset: 4 },
    ])
    const again = valueOf(await seek(scene, { partitions: [1], target: { kind: "shift", by: -3 } }))
    expect(again).toEqual([{ topic: "t", partition: 1, before: 4, offset: 1 }])
    expect(await scene.offsetOf(0)).toMatchObject({ committedOffset: 10 })
    expect(await scene.offsetOf(1)).toMatchObject({ committedOffset: 1 })
    await evictDurableObject(scene.group)
    expect((await scene.join("a")).partitions.map(({ offset }) => offset)).toEqual([10, 1])
  })

  it("[G56] fences the owner's old epoch and gives the partition back to it at a new one", async () => {
    const scene = await GroupScene.open({ autoOffsetReset: "earliest" }, 2)
    await scene.append(0, 10)
    const before = await scene.join("a")
    valueOf(await scene.commit(before, 0, 8))
    expect(valueOf(await seek(scene, { partitions: [0], target: { kind: "offset", offset: 3 } }))).toEqual([
      { topic: "t", partition: 0, before: 8, offset: 3 },
    ])
    expect(await scene.commit(before, 0, 9)).toMatchObject({ error: { code: "fenced" } })
    const after = await scene.settlesWith("a", ["t/0", "t/1"])
    const at = (partition: number) => after.partitions.find((place) => place.partition === partition)!
    expect(at(0)).toMatchObject({ offset: 3 })
    expect(at(0).epoch).toBeGreaterThan(before.partitions.find(({ partition }) => partition === 0)!.epoch)
    expect(at(1)).toEqual(before.partitions.find(({ partition }) => partition === 1))
    expect((await scene.commit(after, 0, 4)).ok).toBe(true)
  })

  it("[G56] without doing it changes nothing", async () => {
    const scene = await GroupScene.open({ autoOffsetReset: "earliest" }, 1)
    await scene.append(0, 10)
    const before = await scene.join("a")
    const described = valueOf(await scene.group.describe(scene.version))
    expect(valueOf(await seek(scene, { target: { kind: "latest" }, dryRun: true }))).toEqual([
      { topic: "t", partition: 0, before: 0, offset: 10 },
    ])
    expect((await scene.commit(before, 0, 5)).ok).toBe(true)
    expect(valueOf(await scene.group.describe(scene.version)).epoch).toBe(described.epoch)
    expect(await scene.offsetOf(0)).toMatchObject({ committedOffset: 5 })
  })

  it("[G56] of which some partitions can't be moved moves the others", async () => {
    const scene = await GroupScene.open({}, 2)
    await scene.append(0, 10)
    await scene.append(1, 4)
    const results = valueOf(await seek(scene, { partitions: [0, 1, 7], target: { kind: "offset", offset: 6 } }))
    expect(results).toEqual([
      { topic: "t", partition: 0, before: null, offset: 6 },
      { topic: "t", partition: 1, failure: { code: "offset_out_of_range", latestOffset: 4 } },
      { topic: "t", partition: 7, failure: { code: "not_found", resource: "partition", name: "t/7" } },
    ])
    expect(await scene.offsetOf(1)).toMatchObject({ committedOffset: null })
    await expect.poll(async () => valueOf(await scene.group.describe(scene.version)).state, PATIENCE).toBe("empty")
  })

  it("[G56] of a topic that is not there, or of a share group, is refused", async () => {
    const scene = await GroupScene.open({ type: "share" }, 1)
    expect(await seek(scene, {})).toMatchObject({ error: { code: "conflict" } })
    const consumer = await GroupScene.open({}, 1)
    expect(await seek(consumer, { topic: "missing" })).toMatchObject({
      error: { code: "not_found", resource: "topic" },
    })
    expect(await seek(consumer, { topic: "missing", dryRun: true })).toMatchObject({ error: { code: "not_found" } })
  })
})
