import { evictDurableObject, runInDurableObject } from "cloudflare:test"
import { describe, expect, it } from "vitest"
import { GroupScene, namesOf, PATIENCE, valueOf } from "./group-scene.ts"

/** What partition `index` has stored of any group. */
function storedAt(scene: GroupScene, index: number): Promise<number> {
  return runInDurableObject(scene.partition(index), (_, state) =>
    Number(state.storage.sql.exec("SELECT count(*) AS n FROM group_offset").one()["n"]),
  )
}

describe("a group that is deleted", () => {
  it("[G57] is forgotten by every partition, and its members are fenced", async () => {
    const scene = await GroupScene.open({}, 2)
    const joined = await scene.join("a")
    expect([await storedAt(scene, 0), await storedAt(scene, 1)]).toEqual([1, 1])
    await evictDurableObject(scene.group)
    valueOf(await scene.catalog.deleteGroup("g"))
    expect([await storedAt(scene, 0), await storedAt(scene, 1)]).toEqual([0, 0])
    expect(await scene.commit(joined, 0, 0)).toMatchObject({ error: { code: "fenced" } })
    expect(await scene.heartbeat("a")).toMatchObject({ error: { code: "not_found", resource: "group" } })
    const tables = await runInDurableObject(scene.group, (_, state) =>
      state.storage.sql.exec("SELECT state FROM identity").toArray(),
    )
    expect(tables).toEqual([{ state: "destroyed" }])
  })

  it("[G57] is forgotten where nobody is a member any more, and where it was only committed to", async () => {
    const scene = await GroupScene.open({}, 2)
    await scene.topic("u", { partitions: 1 })
    await scene.join("a")
    valueOf(await scene.group.leave(scene.version, "a"))
    const epoch = valueOf(await scene.group.standalone(scene.version, ["u"]))
    const request = { group: "g", generation: scene.generation, memberId: null, epoch, offset: 0 }
    const commit = { ...request, metadata: "", append: null }
    valueOf(await scene.partition(0, "u").commitOffset(await scene.versionOf("u"), commit))
    expect(await scene.offsetOf(0, "u")).toMatchObject({ committedOffset: 0, epoch })
    valueOf(await scene.catalog.deleteGroup("g"))
    expect([await storedAt(scene, 0), await storedAt(scene, 1)]).toEqual([0, 0])
    expect(await scene.offsetOf(0, "u")).toMatchObject({ committedOffset: null, epoch: 0 })
  })

  it("[G57] waits for a partition that can't be reached, and goes on by itself", async () => {
    const scene = await GroupScene.open({}, 2)
    await scene.join("a")
    const sql = (statement: string) =>
      runInDurableObject(scene.partition(1), (_, state) => void state.storage.sql.exec(statement))
    await sql(`CREATE TRIGGER refuse BEFORE DELETE ON group_offset BEGIN SELECT RAISE(ABORT, 'planted by a test'); END`)
    expect(await scene.catalog.deleteGroup("g")).toMatchObject({ error: { code: "unavailable" } })
    expect(await scene.catalog.getGroup("g")).toMatchObject({ error: { code: "not_found" } })
    const request = { memberId: "b", instanceId: null, subscription: { topics: ["t"], patterns: [] } }
    expect(await scene.group.join(scene.version, request)).toMatchObject({ error: { code: "being_deleted" } })
    // nor does a coordinator that wakes between two attempts take up where the other left
    await evictDurableObject(scene.group)
    expect(await scene.heartbeat("a")).toMatchObject({ error: { code: "being_deleted", resource: "group" } })
    expect(await storedAt(scene, 0)).toBe(0)
    await sql("DROP TRIGGER refuse")
    // the catalog's alarm comes again
    await expect.poll(() => storedAt(scene, 1), PATIENCE).toBe(0)
    await expect.poll(async () => (await scene.heartbeat("a")).ok, PATIENCE).toBe(false)
    await expect
      .poll(async () => await scene.heartbeat("a"), PATIENCE)
      .toMatchObject({ error: { code: "not_found", resource: "group" } })
  })

  it("[G57] goes with topics that are gone already", async () => {
    const scene = await GroupScene.open({}, 2)
    await scene.join("a")
    valueOf(await scene.catalog.deleteTopic("t"))
    expect(await scene.catalog.deleteGroup("g")).toEqual({ ok: true, value: null })
  })
})

describe("a group that is created again", () => {
  it("[G58] has a higher generation, and neither members nor offsets of the earlier life", async () => {
    const scene = await GroupScene.open({ autoOffsetReset: "latest" }, 2)
    await scene.append(0, 10)
    const before = await scene.join("a")
    valueOf(await scene.commit(before, 0, 7))
    const { generation } = scene
    valueOf(await scene.catalog.deleteGroup("g"))
    await scene.put({ autoOffsetReset: "earliest" })
    expect(scene.generation).toBeGreaterThan(generation)
    const described = valueOf(await scene.group.describe(scene.version))
    expect(described).toMatchObject({ state: "empty", members: [] })
    const joined = await scene.join("b")
    expect(namesOf(joined)).toEqual(["t/0", "t/1"])
    expect(joined.partitions.map(({ offset }) => offset)).toEqual([0, 0])
    expect(await scene.heartbeat("a")).toMatchObject({ error: { code: "not_found", resource: "member" } })
    const late = { group: "g", generation, memberId: "a", epoch: before.partitions[0]!.epoch, offset: 1 }
    const commit = { ...late, metadata: "", append: null }
    expect(await scene.partition(0).commitOffset(await scene.versionOf(), commit)).toMatchObject({
      error: { code: "fenced" },
    })
    expect(await scene.offsetOf(0)).toMatchObject({ committedOffset: 0, memberId: "b" })
  })

  it("[N4] keeps steps of an earlier life away, also after an eviction", async () => {
    const scene = await GroupScene.open({}, 1)
    const { generation: incarnation, version } = scene
    valueOf(await scene.catalog.deleteGroup("g"))
    await evictDurableObject(scene.group)
    const settings = valueOf(await scene.catalog.putGroup("other", {})).entry.settings
    expect(await scene.group.init({ incarnation, version, settings })).toMatchObject({ error: { code: "conflict" } })
    await scene.put({})
    expect(await scene.group.destroy(incarnation)).toEqual({ ok: true, value: null })
    expect((await scene.group.describe(scene.version)).ok).toBe(true)
  })
})

describe("offsets of a group without members", () => {
  it("[G51] go by its alarm when their time is over, also after an eviction, and the group can begin again", async () => {
    const scene = await GroupScene.open({ autoOffsetReset: "earliest", offsetRetentionMs: 500 }, 2)
    await scene.append(0, 10)
    valueOf(await scene.commit(await scene.join("a"), 0, 7))
    valueOf(await scene.group.leave(scene.version, "a"))
    await evictDurableObject(scene.group)
    // nobody calls the coordinator
    await expect.poll(() => storedAt(scene, 0), PATIENCE).toBe(0)
    await expect.poll(() => storedAt(scene, 1), PATIENCE).toBe(0)
    const again = await scene.join("b")
    expect(again.partitions.map(({ offset }) => offset)).toEqual([0, 0])
    expect((await scene.commit(again, 0, 3)).ok).toBe(true)
    expect(await scene.offsetOf(0)).toMatchObject({ memberId: "b", committedOffset: 3 })
  })
})

describe("commits from outside", () => {
  it("[G59] get an epoch only while the group has no member", async () => {
    const scene = await GroupScene.open({}, 1)
    const first = valueOf(await scene.group.standalone(scene.version, ["t"]))
    const joined = await scene.join("a")
    expect(joined.partitions[0]!.epoch).toBeGreaterThan(first)
    expect(await scene.group.standalone(scene.version, ["t"])).toMatchObject({ error: { code: "conflict" } })
    valueOf(await scene.group.leave(scene.version, "a"))
    await evictDurableObject(scene.group)
    await expect.poll(async () => (await scene.offsetOf(0)).memberId, PATIENCE).toBe(null)
    const epoch = valueOf(await scene.group.standalone(scene.version, ["t"]))
    const request = { group: "g", generation: scene.generation, memberId: null, epoch, offset: 0 }
    const commit = { ...request, metadata: "by hand", append: null }
    await expect
      .poll(async () => await scene.partition(0).commitOffset(await scene.versionOf(), commit), PATIENCE)
      .toMatchObject({ ok: true })
    expect(await scene.offsetOf(0)).toMatchObject({ committedOffset: 0, metadata: "by hand" })
  })
})
