import { evictDurableObject } from "cloudflare:test"
import { describe, expect, it } from "vitest"
import { DEFAULT_GROUP_SETTINGS } from "../../src/core/group/settings.ts"
import type { ShareTerms } from "../../src/core/stream/share/commands.ts"
import { GroupScene, namesOf, PATIENCE, valueOf } from "./group-scene.ts"

/** Where the share group stands in a partition, or why it can't be said. */
async function standsAt(scene: GroupScene, partition: number) {
  const { generation, version } = scene
  const { lockDurationMs, maxDeliveries, maxLocks, ordering, retryDelay, deadLetter } = DEFAULT_GROUP_SETTINGS
  const settings = { lockDurationMs, maxDeliveries, maxLocks, ordering, retryDelay, deadLetter }
  const terms: ShareTerms = { group: "g", generation, version, settings }
  return scene.partition(partition).shareStatistics(await scene.versionOf(), terms)
}

describe("a share group", () => {
  it("[G60] opens in every partition of a topic that is attached, and again changes nothing", async () => {
    const scene = await GroupScene.open({ type: "share" }, 3)
    await scene.append(0, 5)
    expect(await standsAt(scene, 0)).toMatchObject({ error: { code: "share_not_open" } })
    valueOf(await scene.group.attach(scene.version, "t"))
    await scene.append(0, 2)
    expect(await standsAt(scene, 0)).toMatchObject({ ok: true, value: { startOffset: 5, endOffset: 7 } })
    await evictDurableObject(scene.group)
    valueOf(await scene.group.attach(scene.version, "t"))
    expect(await standsAt(scene, 0)).toMatchObject({ ok: true, value: { startOffset: 5 } })
    expect(await standsAt(scene, 2)).toMatchObject({ ok: true, value: { startOffset: 0 } })
  })

  it("[G60] opens partitions that are added later from their first record on", async () => {
    const scene = await GroupScene.open({ type: "share" }, 1)
    await scene.topic("t", { keyOrder: "relaxed" })
    valueOf(await scene.group.attach(scene.version, "t"))
    await scene.topic("t", { partitions: 2 })
    await scene.append(1, 4)
    expect(await standsAt(scene, 1)).toMatchObject({ error: { code: "share_not_open" } })
    // as the Worker does that met it
    await expect
      .poll(async () => {
        valueOf(await scene.group.attach(scene.version, "t"))
        return standsAt(scene, 1)
      }, PATIENCE)
      .toMatchObject({ ok: true, value: { startOffset: 0, endOffset: 4 } })
  })

  it("[G60] spreads partitions over members without epochs, and opens them", async () => {
    const scene = await GroupScene.open({ type: "share" }, 2)
    for (const memberId of ["a", "b", "c"]) await scene.join(memberId)
    const { a, b, c } = await scene.settle({ a: 1, b: 1, c: 1 })
    expect(new Set([a!, b!, c!].flatMap(namesOf))).toEqual(new Set(["t/0", "t/1"]))
    expect(a!.partitions).toMatchObject([{ epoch: 0, offset: null, revokeAt: null }])
    await expect.poll(async () => (await standsAt(scene, 1)).ok, PATIENCE).toBe(true)
  })

  it("[G60] is attached to topics that are there, and is no consumer group", async () => {
    const scene = await GroupScene.open({ type: "share" }, 1)
    expect(await scene.group.attach(scene.version, "missing")).toMatchObject({
      error: { code: "not_found", resource: "topic" },
    })
    expect(await scene.group.standalone(scene.version, ["t"])).toMatchObject({ error: { code: "conflict" } })
    const consumer = await GroupScene.open({}, 1)
    expect(await consumer.group.attach(consumer.version, "t")).toMatchObject({ error: { code: "conflict" } })
  })

  it("[G57] is forgotten by its partitions when it is deleted", async () => {
    const scene = await GroupScene.open({ type: "share" }, 2)
    valueOf(await scene.group.attach(scene.version, "t"))
    valueOf(await scene.catalog.deleteGroup("g"))
    expect(await standsAt(scene, 1)).toMatchObject({ ok: false })
  })
})
