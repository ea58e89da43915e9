import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { describe, expect, it } from "vitest"
import { GrowingTopic } from "./growing-topic.ts"
import { batchOf } from "./support.ts"

const PATIENCE = { timeout: 20_000, interval: 20 }

describe("a partition that is told to seal", () => {
  it("[S44] takes nothing more, through an eviction, until it learns of the new number", async () => {
    const topic = await GrowingTopic.create({ partitions: 1 })
    const { incarnation, version, settings } = await topic.entry()
    const stub = topic.partition(0)
    await stub.append(version, batchOf(["a", "b"]), null)
    expect(await stub.seal(incarnation, 2)).toEqual({ ok: true, value: 2 })
    await evictDurableObject(stub)
    const sealed = { ok: false, error: { code: "partition_sealed" } }
    expect(await stub.append(version, batchOf(["c"]), null)).toMatchObject(sealed)
    expect(await stub.seal(incarnation, 2)).toEqual({ ok: true, value: 2 })
    const grown = { ...settings, partitions: 2, growths: [{ from: 1, to: 2 }], earlierPartitions: [1] }
    await stub.configure({ incarnation, version: version + 1, settings: grown })
    await evictDurableObject(stub)
    expect(await stub.append(version + 1, batchOf(["c"]), null)).toMatchObject({ value: { baseOffset: 2 } })
  })

  it("[S44] of another life does not", async () => {
    const topic = await GrowingTopic.create({ partitions: 1 })
    const { incarnation, version } = await topic.entry()
    expect(await topic.partition(0).seal(incarnation - 1, 2)).toMatchObject({ error: { code: "not_found" } })
    expect(await topic.partition(7).seal(incarnation, 8)).toMatchObject({ error: { code: "not_found" } })
    expect(await topic.partition(0).append(version, batchOf(["a"]), null)).toMatchObject({ ok: true })
  })

  it("[S46] [N6] takes nothing that was asked for before it learned, and comes to its turn after that", async () => {
    const topic = await GrowingTopic.create({ partitions: 1 })
    const { incarnation, version, settings } = await topic.entry()
    const stub = topic.partition(0)
    const step = { incarnation, version: version + 1, settings: { ...settings, partitions: 2 } }
    // in one turn: the append waits for its commit while the settings change
    const appended = await runInDurableObject(stub, async (partition) => {
      const late = partition.append(version, batchOf(["late"]), null)
      await Promise.resolve()
      await partition.configure(step)
      return late
    })
    expect(appended).toEqual({ ok: false, error: { code: "stale_metadata", version: version + 1 } })
    expect(await stub.statistics(version + 1)).toMatchObject({ value: { endOffset: 0 } })
  })
})

describe("adding partitions with the order of keys kept", () => {
  it("[S45] cuts every old log, and shows nothing of it", async () => {
    const topic = await GrowingTopic.create({ partitions: 2 })
    for (const body of [1, 2, 3]) await topic.request("POST", "/records", { partition: 1, key: "k", body })
    expect((await topic.request("PUT", "", { partitions: 5 })).status).toBe(200)
    const { settings, incarnation } = await topic.entry()
    expect(settings).toMatchObject({ partitions: 5, growths: [{ from: 2, to: 5 }], earlierPartitions: [2] })
    expect(await topic.partition(1).seal(incarnation, 5)).toEqual({ ok: true, value: 3 })
    const shown = (await topic.request("GET", "")).body["settings"]
    expect(shown).not.toHaveProperty("growths")
    expect(shown).not.toHaveProperty("earlierPartitions")
    expect((await topic.request("PUT", "", { growths: [] })).status).toBe(422)
    expect((await topic.request("PUT", "", { earlierPartitions: [] })).status).toBe(422)
    await topic.request("PUT", "", { partitions: 6, retentionMs: 3_600_000 })
    expect((await topic.entry()).settings.growths).toEqual([
      { from: 2, to: 5 },
      { from: 5, to: 6 },
    ])
  })

  it("[S45] seals nothing where the order of keys is relaxed", async () => {
    const topic = await GrowingTopic.create({ partitions: 2, keyOrder: "relaxed" })
    await topic.request("PUT", "", { partitions: 5 })
    expect((await topic.entry()).settings).toMatchObject({ partitions: 5, growths: [], earlierPartitions: [2] })
  })

  it.each([
    ["[S48] nobody was sealed", 0],
    ["[S48] one of two was sealed", 1],
    ["[S48] all were sealed", 2],
  ])("%s when the catalog crashed: the alarm finishes it, and what came meanwhile waited", async (_, sealed) => {
    const topic = await GrowingTopic.create({ partitions: 2 })
    await topic.request("POST", "/records", { key: "k", body: "before" })
    const before = await topic.entry()
    const grown = await topic.halfGrown(4, sealed)
    // until then the topic resolves as it was
    expect(await topic.entry()).toEqual(before)
    const waiting = [0, 1].map((partition) =>
      topic.request("POST", "/records", { partition, key: "k", body: "meanwhile" }),
    )
    for (let index = 0; index < 2; index++) await evictDurableObject(topic.partition(index))
    await runDurableObjectAlarm(topic.catalog)
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200])
    await expect.poll(() => topic.entry(), PATIENCE).toMatchObject({ settings: grown })
    const { version } = await topic.entry()
    for (let index = 0; index < 4; index++) {
      await expect
        .poll(() => topic.partition(index).append(version, batchOf(["after"]), null), PATIENCE)
        .toMatchObject({ ok: true })
    }
    const stored = await Promise.all([0, 1].map((index) => topic.readAll(index)))
    expect(
      stored
        .flat()
        .map(({ body }) => body)
        .sort(),
    ).toEqual(["after", "after", "before", "meanwhile", "meanwhile"])
  })

  it("[S48] the new number held when the catalog crashed: partitions open as they are told, or as they are asked", async () => {
    const topic = await GrowingTopic.create({ partitions: 2 })
    const { incarnation } = await topic.entry()
    const grown = await topic.halfGrown(4, 2)
    const version = incarnation + 100
    await topic.crash(`step = 'altering', pending = NULL, version = ${version}, settings = ?`, JSON.stringify(grown))
    expect(await topic.partition(1).append(version, batchOf(["asks"]), null)).toMatchObject({ ok: true })
    await runDurableObjectAlarm(topic.catalog)
    const identity = () =>
      runInDurableObject(topic.partition(0), (_, { storage }) => {
        return storage.sql.exec("SELECT version FROM identity").one()
      })
    await expect.poll(identity, PATIENCE).toEqual({ version })
  })

  it("[S48] a partition that can't be reached holds up the appends, not the name, and the alarm goes on from there", async () => {
    const topic = await GrowingTopic.create({ partitions: 3 })
    const { incarnation } = await topic.entry()
    await runInDurableObject(topic.partition(1), (partition) => {
      const broken = partition as unknown as { writeCommit: () => boolean }
      broken.writeCommit = () => {
        throw new Error("planted by a test")
      }
    })
    expect(await topic.request("PUT", "", { partitions: 4 })).toMatchObject({ status: 503 })
    expect((await topic.entry()).settings.partitions).toBe(3)
    await runDurableObjectAlarm(topic.catalog)
    await expect.poll(async () => (await topic.entry()).settings.partitions, PATIENCE).toBe(4)
    expect(await topic.partition(1).seal(incarnation, 4)).toEqual({ ok: true, value: 0 })
    expect((await topic.request("POST", "/records", { key: "a", body: 1 })).status).toBe(200)
  })

  it("[S48] partitions that a crash left behind before anything was sealed are taken over, or lie there empty", async () => {
    const topic = await GrowingTopic.create({ partitions: 1 })
    const { incarnation, version, settings } = await topic.entry()
    for (const index of [1, 2, 3]) {
      const step = { incarnation, version: version + 1, settings: { ...settings, partitions: 4 } }
      await topic.partition(index).init(step)
    }
    expect((await topic.request("POST", "/records", { key: "a", body: 1 })).status).toBe(200)
    expect((await topic.request("PUT", "", { partitions: 3 })).status).toBe(200)
    const put = await topic.request("GET", "")
    expect(put.body["partitions"]).toHaveLength(3)
    for (const partition of [0, 1, 2]) {
      expect((await topic.request("POST", "/records", { partition, key: "a", body: 1 })).status).toBe(200)
    }
  })

  it("[S47] a client that comes while it takes too long is told to come again", async () => {
    const topic = await GrowingTopic.create({ partitions: 1 })
    const { incarnation } = await topic.entry()
    await topic.partition(0).seal(incarnation, 2)
    const refused = await topic.request("POST", "/records", { body: 1 })
    expect(refused).toMatchObject({ status: 503, body: { code: "partition_sealed" } })
    expect(await topic.readAll(0)).toEqual([])
  })
})
