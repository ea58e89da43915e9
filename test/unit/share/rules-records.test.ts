import { expect, it } from "vitest"
import { MAX_RECEIVE_BYTES } from "../../../src/core/limits.ts"
import { ShareScene } from "./scene.ts"
import { NOW, type Received } from "./scene-records.ts"

const bodies = (records: readonly Received[]) => records.map(({ body }) => body)

it("[P1] records are handed out lowest first, to one receive each, until they are accepted", () => {
  const scene = new ShareScene()
  scene.fill(5)
  scene.open("g")
  const first = scene.receive("g", 3)
  expect(bodies(first)).toEqual(["r0", "r1", "r2"])
  expect(bodies(scene.receive("g", 10))).toEqual(["r3", "r4"])
  expect(scene.receive("g")).toEqual([])
  scene.ack("g", first[0]!, first[1]!)
  scene.nack("g", first[2]!)
  expect(bodies(scene.receive("g"))).toEqual(["r2"])
})

it("[P2] two groups and a reader see all records, whatever each of them does", () => {
  const scene = new ShareScene()
  scene.fill(4)
  scene.open("g")
  scene.open("h")
  scene.ack("g", ...scene.receive("g"))
  const held = scene.receive("h", 2)
  scene.reject("h", held[0]!)
  expect(scene.statistics("g")).toMatchObject({ startOffset: 4, available: 0, accepted: 4, dropped: 0 })
  expect(scene.statistics("h")).toMatchObject({ startOffset: 1, available: 2, locked: 1, accepted: 0, dropped: 1 })
  expect(scene.offsets()).toEqual([0, 1, 2, 3])
})

it("[P3] a group begins with the log start, behind the end, or at an age; opening it again changes nothing", () => {
  const scene = new ShareScene()
  scene.fill(2)
  scene.now += 1_000
  scene.append("x".repeat(5_000))
  scene.trim(1)
  const starts = { earliest: 1, latest: 3, none: 3 } as const
  for (const reset of ["earliest", "latest", "none"] as const) {
    const opened = scene.open(reset, {}, reset)
    expect(opened).toMatchObject({ ok: true, value: { startOffset: starts[reset], endOffset: 3 } })
  }
  expect(scene.open("young", {}, { durationMs: 999 })).toMatchObject({ ok: true, value: { startOffset: 2 } })
  expect(scene.open("old", {}, { durationMs: 1_000 })).toMatchObject({ ok: true, value: { startOffset: 1 } })
  scene.fill(1)
  const again = scene.open("latest", {}, "earliest")
  expect(again).toMatchObject({ ok: true, value: { startOffset: 3, available: 1 } })
  scene.restart()
  expect(bodies(scene.receive("latest"))).toEqual(["r3"])
})

it("[P4] a group that was not opened is not open, and nothing is written", () => {
  const scene = new ShareScene()
  scene.fill(1)
  scene.open("g")
  const terms = { ...scene.termsOf("g"), group: "other" }
  const before = scene.rowsWritten
  const notOpen = { ok: false, error: { code: "share_not_open" } }
  const request = { maxMessages: 1, lockDurationMs: null }
  expect(scene.together(() => scene.shares.receive(terms, request, NOW))).toEqual(notOpen)
  expect(scene.together(() => scene.shares.settle(terms, [], NOW))).toEqual(notOpen)
  expect(scene.shares.statistics(terms)).toEqual(notOpen)
  expect(scene.shares.find(terms)).toBeNull()
  expect(scene.rowsWritten).toBe(before)
})

it("[P5] a receive sees what is committed; who waits has a record locked in the commit that appends it", () => {
  const scene = new ShareScene()
  scene.fill(1)
  scene.open("g")
  const received = scene.together(() => {
    scene.append("r1")
    return scene.receive("g")
  })
  expect(bodies(received)).toEqual(["r0"])
  scene.ack("g", ...received, ...scene.receive("g"))
  scene.subscribe("g", 5)
  expect(scene.takePushed()).toEqual([])
  scene.append("r2", "r3")
  const [push] = scene.takePushed()
  expect(push).toMatchObject({
    consumer: 5,
    records: [
      { offset: 2, body: "r2" },
      { offset: 3, body: "r3" },
    ],
  })
  scene.restart()
  expect(scene.statistics("g")).toMatchObject({ locked: 2, available: 0 })
})

it("[P6] at most maxLocks are locked at once; what waits for a retry is not among them", () => {
  const scene = new ShareScene()
  scene.fill(10)
  scene.open("g", { maxLocks: 3 })
  scene.open("h", { maxLocks: 4 })
  const held = scene.receive("g", 10)
  expect(held).toHaveLength(3)
  expect(scene.receive("g")).toEqual([])
  expect(scene.receive("h")).toHaveLength(4)
  scene.nack("g", held[1]!, { delayMs: 60_000 })
  expect(bodies(scene.receive("g"))).toEqual(["r3"])
  scene.change("g", { maxLocks: 5 })
  expect(bodies(scene.receive("g"))).toEqual(["r4", "r5"])
  scene.subscribe("h", 7)
  expect(scene.takePushed()).toEqual([])
  scene.change("h", { maxLocks: 6 })
  scene.receive("h", 1)
  expect(scene.takePushed().flatMap(({ records }) => bodies(records))).toEqual(["r5"])
})

it("[P6] a receive carries no more bytes than one answer may, and one record at least", () => {
  const scene = new ShareScene()
  for (let index = 0; index < 6; index++) scene.append("x".repeat(1_000_000))
  scene.open("g")
  const bytes = scene.receive("g").reduce((sum, { body }) => sum + body!.length, 0)
  expect(bytes).toBe(4_000_000)
  expect(bytes).toBeLessThan(MAX_RECEIVE_BYTES)
  scene.subscribe("g", 1, { grantedBytes: 1 })
  expect(scene.takePushed().map(({ records }) => records.length)).toEqual([1])
})

it("[P7] a lock ends at its time and not before, without a request, and counts as a delivery", () => {
  const scene = new ShareScene()
  scene.fill(2)
  scene.open("g", { lockDurationMs: 5_000 })
  scene.receive("g", 1)
  scene.receive("g", 1, { lockDurationMs: 700 })
  expect(scene.nextDeadlineAt).toBe(NOW + 700)
  scene.runUntil(NOW + 699)
  expect(scene.statistics("g")).toMatchObject({ locked: 2, available: 0 })
  scene.runUntil(NOW + 700)
  expect(scene.statistics("g")).toMatchObject({ locked: 1, available: 1 })
  scene.restart()
  expect(scene.nextDeadlineAt).toBe(NOW + 5_000)
  scene.runUntil(NOW + 5_000)
  expect(scene.receive("g")).toMatchObject([
    { offset: 0, attempt: 2, deliveryCount: 2, firstDeliveredAt: NOW },
    { offset: 1, attempt: 2, deliveryCount: 2, firstDeliveredAt: NOW },
  ])
})

it("[P36] an append reads and writes nothing for share groups where there are none, nor where nobody waits", () => {
  const scene = new ShareScene()
  scene.fill(1)
  const plain = scene.statementsOf(() => scene.fill(1))
  expect(plain).toEqual([expect.stringMatching(/^UPDATE log/)])
  scene.open("g")
  scene.receive("g", 1)
  expect(scene.statementsOf(() => scene.fill(1))).toEqual(plain)
})

it("[P37] a receive and an accept of 100 records each write at most 0.1 rows a record", () => {
  const scene = new ShareScene()
  for (let index = 0; index < 50; index++) scene.fill(100)
  scene.open("g", { lockDurationMs: 3_600_000 })
  const before = scene.rowsWritten
  for (let index = 0; index < 50; index++) scene.ack("g", ...scene.receive("g", 100))
  expect(scene.statistics("g")).toMatchObject({ accepted: 5_000, startOffset: 5_000 })
  expect((scene.rowsWritten - before) / 5_000).toBeLessThanOrEqual(0.1)
  expect(scene.rowsIn("delivery_page") + scene.rowsIn("delivery_ring")).toBe(1)
})
