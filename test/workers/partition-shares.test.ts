import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { readRecords } from "../../src/core/log/read.ts"
import { bodies, pass, stopClock } from "./queue-scene.ts"
import { ShareObjectScene } from "./share-scene.ts"
import { batchOf, valueOf } from "./support.ts"

beforeEach(stopClock)

describe("a share group at a partition", () => {
  it("[P34] [P33] goes on after an eviction and an abort in every state", async () => {
    const scene = await ShareObjectScene.open()
    await scene.append("r0", "r1", "r2", "r3", "r4", "r5")
    expect(await scene.share("g", { maxDeliveries: 3 })).toMatchObject({ ok: true, value: { available: 6 } })
    await scene.evict()
    const records = await scene.receive("g", 5)
    expect(bodies(records)).toEqual(["r0", "r1", "r2", "r3", "r4"])
    await scene.evict()
    expect(await scene.ack("g", records[0]!)).toEqual(["1/0"])
    const nack = {
      kind: "nack",
      receipt: scene.receipt("g", records[1]!),
      delayMs: 5_000,
      fault: true,
      error: null,
    } as const
    expect(await scene.settle("g", nack)).toEqual(["1/0"])
    await abortAllDurableObjects()
    expect(await scene.reject("g", records[2]!)).toEqual(["1/0"])
    await abortAllDurableObjects()
    const totals = { delivered: 5, accepted: 1, dropped: 1, missing: 0, forwarding: 0 }
    const states = { startOffset: 1, endOffset: 6, available: 1, delayed: 1, locked: 2 }
    expect(await scene.statistics("g")).toMatchObject({ ...states, ...totals })
    pass(5_000)
    await scene.runDueAlarms()
    await scene.evict()
    expect(bodies(await scene.receive("g"))).toEqual(["r1", "r5"])
    expect(await scene.ack("g", records[3]!, records[1]!)).toEqual(["1/0", "0/1"])
  })

  it("[P7] a lock ends by the alarm, through an eviction", async () => {
    const scene = await ShareObjectScene.open()
    await scene.append("r0")
    await scene.share("g", { lockDurationMs: 3_000 })
    const [first] = await scene.receive("g")
    await scene.evict()
    expect(await scene.alarmAt()).toBe(Date.now() + 3_000)
    pass(2_999)
    expect(await scene.receive("g")).toEqual([])
    pass(1)
    await scene.runDueAlarms()
    expect(await scene.statistics("g")).toMatchObject({ locked: 0, available: 1 })
    const [second] = await scene.receive("g")
    expect(second).toMatchObject({ attempt: 2, deliveryCount: 2, firstDeliveredAt: first!.firstDeliveredAt })
    expect(await scene.ack("g", first!)).toEqual(["0/1"])
  })

  it("[P4] [P30] [P31] is not open before it begins and after it is forgotten, in whatever life", async () => {
    const scene = await ShareObjectScene.open()
    await scene.append("r0", "r1")
    await scene.share("g")
    const [record] = await scene.receive("g", 1)
    const old = scene.termsOf("g")
    const notOpen = { ok: false, error: { code: "share_not_open" } }
    const other = { ...old, group: "other" }
    const request = { maxMessages: 1, lockDurationMs: null }
    expect(await scene.stub.shareReceive(scene.version, other, request)).toEqual(notOpen)
    expect(await scene.stub.shareSettle(scene.version, other, [])).toEqual(notOpen)
    expect(await scene.stub.shareStatistics(scene.version, other)).toEqual(notOpen)
    expect(await scene.stub.forgetGroup("g", 1)).toEqual({ ok: true, value: null })
    expect(await scene.stub.shareReceive(scene.version, old, request)).toEqual(notOpen)
    expect(await scene.stub.shareOpen(scene.version, { ...old, reset: "earliest" })).toMatchObject({
      error: { code: "fenced" },
    })
    await scene.evict()
    expect([await scene.rowsIn("share"), await scene.rowsIn("delivery_page")]).toEqual([0, 0])
    expect(await scene.share("g", {}, 2)).toMatchObject({ ok: true, value: { available: 2, locked: 0 } })
    expect(await scene.ack("g", { ...record!, stateId: 2 })).toEqual(["invalid_receipt"])
    await scene.stub.forgetGroup("g", 1)
    expect(bodies(await scene.receive("g"))).toEqual(["r0", "r1"])
  })

  it("[P4] an object that was never created writes nothing", async () => {
    const scene = await ShareObjectScene.open()
    await scene.share("g")
    const never = env.PARTITIONS.getByName("default/never-shared/0")
    const opened = await never.shareOpen(1, { ...scene.termsOf("g"), reset: "earliest" })
    expect(opened).toMatchObject({ error: { code: "not_found" } })
    const tables = await runInDurableObject(never, (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf%'").toArray(),
    )
    expect(tables).toEqual([])
  })

  it("[P21] a trim while locks are held goes on by itself, and holds up nobody", async () => {
    vi.useRealTimers()
    const scene = await ShareObjectScene.open()
    for (let from = 0; from < 12_000; from += 1_000) {
      await scene.append(...Array.from({ length: 1_000 }, (_, index) => `r${from + index}`))
    }
    await scene.share("g", { maxDeliveries: null, maxLocks: 40_000 })
    const [held] = await scene.receive("g", 1, 3_600_000)
    await scene.receive("g", 6_000, 3_000)
    await scene.receive("g", 6_000, 3_000)
    await expect.poll(() => scene.statistics("g"), { timeout: 20_000 }).toMatchObject({ available: 11_999, locked: 1 })
    await scene.stub.trim(scene.version, 11_999)
    await expect.poll(() => scene.statistics("g"), { timeout: 20_000 }).toMatchObject({ missing: 11_998, available: 1 })
    expect(await scene.ack("g", held!)).toEqual(["1/0"])
    expect(bodies(await scene.receive("g"))).toEqual(["r11999"])
  })

  it("[P38] what is moved here twice is appended once, also in one commit and after an eviction", async () => {
    const scene = await ShareObjectScene.open()
    await scene.share("g")
    const { socket } = await scene.subscribe("g")
    const move = { source: "default/other/0", sourceIncarnation: 3, submissions: batchOf(["m1", "m2"]), seqs: [4, 9] }
    const twice = await Promise.all([scene.stub.accept(move), scene.stub.accept(move)])
    expect(twice).toEqual([
      { ok: true, value: 9 },
      { ok: true, value: 9 },
    ])
    expect(bodies(await socket.takeDeliveries(2))).toEqual(["m1", "m2"])
    await scene.evict()
    expect(await scene.stub.accept(move)).toEqual({ ok: true, value: 9 })
    const next = { ...move, submissions: batchOf(["m2", "m3", "m4"]), seqs: [9, 10, 11] }
    expect(await scene.stub.accept(next)).toEqual({ ok: true, value: 11 })
    const elsewhere = { ...move, sourceIncarnation: 5, submissions: batchOf(["other life"]), seqs: [1] }
    expect(await scene.stub.accept(elsewhere)).toEqual({ ok: true, value: 1 })
    const damaged = await scene.stub.accept({ ...move, submissions: new Uint8Array([9, 9]) })
    expect(damaged).toMatchObject({ error: { code: "invalid_request" } })
    const read = await scene.stub.read(scene.version, { offset: 0, maxRecords: 100, maxBytes: 1_000_000 })
    const records = read.ok ? readRecords(read.value.rows, 0, 100).records : []
    expect(records.map(({ record }) => valueOf(record))).toEqual(["m1", "m2", "m3", "m4", "other life"])
    expect(await scene.rowsIn("inbox")).toBe(2)
  })

  it("[P38] nothing is taken while partitions are added", async () => {
    const scene = await ShareObjectScene.open()
    expect(await scene.stub.seal(9, 2)).toMatchObject({ ok: true })
    const move = { source: "default/other/0", sourceIncarnation: 3, submissions: batchOf(["m1"]), seqs: [1] }
    expect(await scene.stub.accept(move)).toMatchObject({ error: { code: "partition_sealed" } })
    expect(await scene.rowsIn("inbox")).toBe(0)
  })

  it("[P34] a bug in a commit aborts the object, and nothing of it was done", async () => {
    const scene = await ShareObjectScene.open()
    await scene.append("r0", "r1")
    await scene.share("g")
    const [record] = await scene.receive("g", 1)
    await runInDurableObject(scene.stub, (instance) => {
      const broken = instance as unknown as { writeCommit: () => boolean }
      broken.writeCommit = () => {
        throw new Error("planted by a test")
      }
    })
    await expect(scene.ack("g", record!)).rejects.toThrow("planted by a test")
    expect(await scene.statistics("g")).toMatchObject({ locked: 1, accepted: 0, available: 1 })
    expect(await scene.ack("g", record!)).toEqual(["1/0"])
  })
})
