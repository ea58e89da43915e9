import { evictDurableObject, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { describe, expect, it } from "vitest"
import { DEFAULT_GROUP_SETTINGS } from "../../src/core/group/settings.ts"
import { GroupScene, namesOf, PATIENCE, valueOf } from "./group-scene.ts"

describe("a group", () => {
  it("[N1] [N10] that was never created is not found, and writes nothing", async () => {
    const stub = env.GROUPS.getByName("nowhere/g/0")
    const request = { memberId: "a", instanceId: null, subscription: { topics: ["t"], patterns: [] } }
    expect(await stub.join(1, request)).toMatchObject({ error: { code: "not_found", resource: "group" } })
    expect(await stub.describe(1)).toMatchObject({ error: { code: "not_found" } })
    const tables = await runInDurableObject(stub, (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf%'").toArray(),
    )
    expect(tables).toEqual([])
  })

  it("[N6] refuses callers with other settings, and catches up with newer ones", async () => {
    const scene = await GroupScene.open()
    const { version } = scene
    expect(await scene.group.describe(version - 1)).toMatchObject({ error: { code: "stale_metadata", version } })
    await scene.put({ sessionTimeoutMs: 60_000 })
    expect(await scene.group.describe(version)).toMatchObject({ error: { code: "stale_metadata" } })
    expect(await scene.group.describe(scene.version)).toMatchObject({ ok: true, value: { state: "empty" } })
  })

  it("[G64] takes over changed settings for the members that are there", async () => {
    const scene = await GroupScene.open()
    await scene.join("a")
    await scene.put({ sessionTimeoutMs: 60_000, heartbeatIntervalMs: 2_000 })
    await evictDurableObject(scene.group)
    await scene.settlesWith("a", ["t/0", "t/1", "t/2", "t/3"])
    expect(await scene.member("a")).toMatchObject({ sessionTimeoutMs: 60_000, heartbeatIntervalMs: 2_000 })
  })

  it("[G52] answers a join with the first partitions, and the partitions know", async () => {
    const scene = await GroupScene.open({ autoOffsetReset: "earliest" })
    await scene.append(1, 3)
    const joined = await scene.join("a")
    expect(namesOf(joined)).toEqual(["t/0", "t/1", "t/2", "t/3"])
    expect(joined.isWaiting).toBe(false)
    for (const { partition, epoch, offset } of joined.partitions) {
      expect(offset).toBe(0)
      expect(await scene.offsetOf(partition)).toMatchObject({ memberId: "a", epoch, committedOffset: 0 })
    }
  })

  it("[G52] answers a join that gets nothing: no topic, or no partition left", async () => {
    const scene = await GroupScene.open({}, 1)
    expect(await scene.join("none", { topics: ["missing"] })).toMatchObject({ partitions: [], isWaiting: false })
    expect(namesOf(await scene.join("a"))).toEqual(["t/0"])
    expect(await scene.join("b")).toMatchObject({ partitions: [] })
    expect(await scene.settle({ a: 1, b: 0, none: 0 })).toMatchObject({ b: { isWaiting: false } })
  })

  it("[G50] divides partitions among members that come and go, and fences whoever had one before", async () => {
    const scene = await GroupScene.open({ autoOffsetReset: "earliest" })
    for (const partition of [0, 1, 2, 3]) await scene.append(partition, 10)
    const alone = await scene.join("a")
    expect(valueOf(await scene.commit(alone, 3, 4)).offset).toBe(4)
    await scene.join("b")
    const { a, b } = await scene.settle({ a: 2, b: 2 })
    const moved = b!.partitions.map(({ partition }) => partition)
    for (const partition of moved) {
      expect(await scene.commit(alone, partition, 5)).toMatchObject({ error: { code: "fenced" } })
      expect(valueOf(await scene.commit(b!, partition, 6)).offset).toBe(6)
    }
    for (const { partition, epoch } of a!.partitions) {
      expect(epoch).toBe(alone.partitions.find((place) => place.partition === partition)!.epoch)
      expect(valueOf(await scene.commit(alone, partition, 5)).offset).toBe(5)
    }
    valueOf(await scene.group.leave(scene.version, "a"))
    const last = await scene.settlesWith("b", ["t/0", "t/1", "t/2", "t/3"])
    // what it kept shows where it began, what came to it where `a` was
    const begun = [0, 0, 0, 4]
    for (const { partition, offset } of last.partitions) {
      expect(offset).toBe(moved.includes(partition) ? begun[partition] : 5)
    }
    expect(await scene.commit(a!, a!.partitions[0]!.partition, 7)).toMatchObject({ error: { code: "fenced" } })
    expect(await scene.heartbeat("a")).toMatchObject({ error: { code: "not_found", resource: "member" } })
  })

  it("[G50] goes on after an eviction at every step, and uses no epoch twice", async () => {
    const scene = await GroupScene.open({ autoOffsetReset: "earliest" })
    const evict = () => evictDurableObject(scene.group)
    const epochs: number[] = []
    const subscription = { topics: ["t"], patterns: [] }
    // not awaited: the coordinator goes away while partitions are on their way
    const joining = scene.group.join(scene.version, { memberId: "a", instanceId: null, subscription }).catch(() => null)
    await expect.poll(async () => (await scene.heartbeat("a")).ok, PATIENCE).toBe(true)
    await evict()
    const alone = await scene.settlesWith("a", ["t/0", "t/1", "t/2", "t/3"])
    await joining
    epochs.push(...alone.partitions.map(({ epoch }) => epoch))
    await evict()
    expect((await scene.member("a")).partitions).toEqual(alone.partitions)
    const joinB = scene.join("b").catch(() => null)
    await expect.poll(async () => (await scene.heartbeat("b")).ok, PATIENCE).toBe(true)
    await evict()
    await joinB
    await expect
      .poll(async () => {
        const view = valueOf(await scene.heartbeat("a"))
        return view.partitions.filter(({ revokeAt }) => revokeAt !== null).length
      }, PATIENCE)
      .toBe(2)
    await evict()
    const revoking = await scene.member("a")
    const kept = revoking.partitions.filter(({ revokeAt }) => revokeAt === null)
    expect(kept).toHaveLength(2)
    valueOf(await scene.heartbeat("a", kept))
    await evict()
    const { a, b } = await scene.settle({ a: 2, b: 2 })
    expect(a!.partitions).toEqual(kept)
    epochs.push(...b!.partitions.map(({ epoch }) => epoch))
    expect(Math.min(...b!.partitions.map(({ epoch }) => epoch))).toBeGreaterThan(Math.max(...epochs.slice(0, 4)))
    valueOf(await scene.group.leave(scene.version, "b"))
    await evict()
    const last = await scene.settlesWith("a", ["t/0", "t/1", "t/2", "t/3"])
    for (const { partition, epoch } of last.partitions) {
      const had = b!.partitions.find((place) => place.partition === partition)
      if (had) expect(epoch).toBeGreaterThan(had.epoch)
      expect(await scene.offsetOf(partition)).toMatchObject({ memberId: "a", epoch })
    }
  })

  it("[G51] ends a silent member's session by its alarm, also after an eviction", async () => {
    const scene = await GroupScene.open({ sessionTimeoutMs: 1_000, heartbeatIntervalMs: 100 })
    const joined = await scene.join("a")
    await evictDurableObject(scene.group)
    // nobody calls the coordinator: the partition hears of it
    await expect.poll(async () => (await scene.offsetOf(0)).memberId, PATIENCE).toBe(null)
    expect(await scene.commit(joined, 0, 0)).toMatchObject({ error: { code: "fenced" } })
    expect(await scene.heartbeat("a")).toMatchObject({ error: { code: "not_found", resource: "member" } })
    const described = valueOf(await scene.group.describe(scene.version))
    expect(described).toMatchObject({ state: "empty", members: [] })
  })

  it("[G20] ends a silent member's session though the object sleeps between the heartbeats of another", async () => {
    const scene = await GroupScene.open({ sessionTimeoutMs: 4_000, heartbeatIntervalMs: 100 }, 2)
    await scene.join("silent")
    await scene.join("b")
    const members = async () => {
      await evictDurableObject(scene.group)
      valueOf(await scene.heartbeat("b"))
      return valueOf(await scene.group.describe(scene.version)).members.map(({ memberId }) => memberId)
    }
    await expect.poll(members, PATIENCE).toEqual(["b"])
  })

  it("[G51] takes a partition away from a member that does not give it up, at its deadline", async () => {
    const scene = await GroupScene.open({ rebalanceTimeoutMs: 500 })
    const alone = await scene.join("a")
    await scene.join("b")
    await expect.poll(async () => namesOf(await scene.member("b")).length, PATIENCE).toBe(2)
    const taken = (await scene.member("b")).partitions[0]!.partition
    expect(await scene.commit(alone, taken, 0)).toMatchObject({ error: { code: "fenced" } })
  })

  it("[G51] a heartbeat that changes nothing writes no row and moves no alarm", async () => {
    const scene = await GroupScene.open()
    await scene.join("a")
    await scene.settlesWith("a", ["t/0", "t/1", "t/2", "t/3"])
    // what the join needed was armed early, and has fired
    await expect.poll(async () => (await scene.cost()).alarmInMs, PATIENCE).toBeGreaterThan(10_000)
    const before = await scene.cost()
    for (let heartbeat = 0; heartbeat < 20; heartbeat++) valueOf(await scene.heartbeat("a"))
    const after = await scene.cost()
    expect(after.commits).toBe(before.commits)
    expect(after.rowsWritten).toBe(before.rowsWritten)
  })

  it("[G50] gives a static member that comes back its partitions under a new id, and disturbs nobody", async () => {
    const scene = await GroupScene.open()
    await scene.join("a1", { topics: ["t"] }, "host-a")
    await scene.join("b")
    const { a1, b } = await scene.settle({ a1: 2, b: 2 })
    await evictDurableObject(scene.group)
    await scene.join("a2", { topics: ["t"] }, "host-a")
    const after = await scene.settle({ a2: 2, b: 2 })
    expect(namesOf(after["a2"]!)).toEqual(namesOf(a1!))
    expect(after["b"]!.partitions).toEqual(b!.partitions)
    expect(await scene.heartbeat("a1")).toMatchObject({ error: { code: "not_found" } })
    const partition = a1!.partitions[0]!.partition
    expect(await scene.commit(a1!, partition, 0)).toMatchObject({ error: { code: "fenced" } })
    expect((await scene.commit(after["a2"]!, partition, 0)).ok).toBe(true)
  })
})

describe("the topics of a group", () => {
  it("[G54] are found by pattern, also one that is created later", async () => {
    const scene = await GroupScene.open({}, 1)
    await scene.topic("logs.a", { partitions: 2 })
    await scene.topic("log", { partitions: 1 })
    const joined = await scene.join("a", { patterns: ["logs.*"] })
    expect(namesOf(joined)).toEqual(["logs.a/0", "logs.a/1"])
    await scene.topic("logs.b", { partitions: 1 })
    await scene.settlesWith("a", ["logs.a/0", "logs.a/1", "logs.b/0"])
    valueOf(await scene.catalog.deleteTopic("logs.a"))
    await scene.settlesWith("a", ["logs.b/0"])
  })

  it("[G54] may grow: added partitions find owners, from their first record on", async () => {
    const scene = await GroupScene.open({ autoOffsetReset: "latest" }, 1)
    await scene.topic("t", { keyOrder: "relaxed" })
    await scene.join("a")
    await scene.topic("t", { partitions: 3 })
    await scene.append(2, 5)
    const view = await scene.settlesWith("a", ["t/0", "t/1", "t/2"])
    expect(view.partitions.find(({ partition }) => partition === 2)!.offset).toBe(0)
  })

  it("[G54] [G15] that grow with key order kept are read past the barriers when all before them is done", async () => {
    const scene = await GroupScene.open({ autoOffsetReset: "earliest" }, 1)
    await scene.append(0, 5)
    const before = await scene.join("a")
    await scene.topic("t", { partitions: 2 })
    await scene.append(0, 2)
    await scene.append(1, 3)
    await scene.settlesWith("a", ["t/0", "t/1"])
    await expect.poll(async () => (await scene.offsetOf(0)).limit, PATIENCE).toBe(5)
    expect(await scene.offsetOf(1)).toMatchObject({ memberId: "a", committedOffset: 0, limit: 0 })
    valueOf(await scene.commit(before, 0, 4))
    await evictDurableObject(scene.group)
    expect(await scene.commit(before, 0, 6)).toMatchObject({ error: { code: "offset_out_of_range", latestOffset: 5 } })
    valueOf(await scene.commit(before, 0, 5))
    await expect.poll(async () => (await scene.offsetOf(1)).limit, PATIENCE).toBe(null)
    await expect.poll(async () => (await scene.offsetOf(0)).limit, PATIENCE).toBe(null)
    expect((await scene.commit(await scene.member("a"), 1, 3)).ok).toBe(true)
  })

  it("[G54] [G15] that grow when all had read everything hold nobody back", async () => {
    const scene = await GroupScene.open({ autoOffsetReset: "earliest" }, 1)
    await scene.append(0, 5)
    const before = await scene.join("a")
    valueOf(await scene.commit(before, 0, 5))
    await scene.topic("t", { partitions: 2 })
    await scene.append(0, 2)
    await scene.settlesWith("a", ["t/0", "t/1"])
    await expect.poll(async () => (await scene.offsetOf(0)).limit, PATIENCE).toBe(null)
    await expect.poll(async () => (await scene.offsetOf(1)).limit, PATIENCE).toBe(null)
    expect((await scene.commit(before, 0, 7)).ok).toBe(true)
  })

  it("[G54] of another life begin anew", async () => {
    const scene = await GroupScene.open({ autoOffsetReset: "earliest" }, 1)
    await scene.append(0, 5)
    valueOf(await scene.commit(await scene.join("a"), 0, 5))
    valueOf(await scene.catalog.deleteTopic("t"))
    await scene.topic("t", { partitions: 2 })
    await expect
      .poll(async () => valueOf(await scene.heartbeat("a")).partitions.map(({ offset }) => offset), PATIENCE)
      .toEqual([0, 0])
  })
})

describe("an unreachable partition", () => {
  it("[G53] stays with nobody and is asked again, and the others arrive", async () => {
    const scene = await GroupScene.open()
    const sql = (statement: string) =>
      runInDurableObject(scene.partition(2), (_, state) => void state.storage.sql.exec(statement))
    await sql(`CREATE TRIGGER refuse BEFORE INSERT ON group_offset BEGIN SELECT RAISE(ABORT, 'planted by a test'); END`)
    await scene.join("a")
    await expect.poll(async () => namesOf(valueOf(await scene.heartbeat("a"))), PATIENCE).toEqual(["t/0", "t/1", "t/3"])
    expect((await scene.member("a")).isWaiting).toBe(true)
    await evictDurableObject(scene.group)
    await expect.poll(async () => namesOf(valueOf(await scene.heartbeat("a"))), PATIENCE).toEqual(["t/0", "t/1", "t/3"])
    await sql("DROP TRIGGER refuse")
    await scene.settlesWith("a", ["t/0", "t/1", "t/2", "t/3"])
  })
})

describe("the settings of a group", () => {
  it("[G61] [G62] are checked where the group is created or altered, and nothing is stored", async () => {
    const scene = await GroupScene.open()
    const put = (settings: Parameters<typeof scene.catalog.putGroup>[1], name = "g") =>
      scene.catalog.putGroup(name, settings)
    expect(await put({ type: "share" })).toMatchObject({ error: { code: "conflict" } })
    const refused = { error: { code: "invalid_field", pointer: "/deadLetter/queue" } }
    const deadLetter = { kind: "queue", queue: "failed" } as const
    expect(await put({ type: "share", deadLetter }, "s")).toMatchObject(refused)
    expect(await scene.catalog.getGroup("s")).toMatchObject({ error: { code: "not_found", resource: "group" } })
    valueOf(await scene.catalog.putQueue("failed", {}))
    const created = valueOf(await put({ type: "share", deadLetter }, "s"))
    expect(created.entry.settings).toEqual({ ...DEFAULT_GROUP_SETTINGS, type: "share", deadLetter })
    const listed = await scene.catalog.listGroups({ prefix: "", limit: 10, cursor: null })
    expect(listed.items.map(({ name }) => name)).toEqual(["g", "s"])
  })
})
