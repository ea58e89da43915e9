import { expect, it } from "vitest"
import { MAX_DELETIONS_PER_COMMIT, MAX_SHARES_PER_PARTITION, PAGE_OFFSETS } from "../../../src/core/limits.ts"
import {
  decodeShareCounters,
  emptyShareCounters,
  encodeShareCounters,
} from "../../../src/core/stream/share/counters.ts"
import { decodePartitionCounters } from "../../../src/core/stream/counters.ts"
import { ByteWriter } from "../../../src/core/bytes/writer.ts"
import { ShareScene } from "./scene.ts"
import { NOW } from "./scene-records.ts"

const offsetsPushed = (scene: ShareScene) =>
  scene.takePushed().map(({ consumer, records }) => [consumer, ...records.map(({ offset }) => offset)])

it("[P26] those who wait get equal shares in turn, within their credit", () => {
  const scene = new ShareScene()
  scene.open("g")
  for (const id of [1, 2, 3]) scene.subscribe("g", id, { grantedMessages: id === 3 ? 1 : 5 })
  scene.fill(6)
  expect(offsetsPushed(scene)).toEqual([
    [1, 0, 1],
    [2, 2, 3],
    [3, 4],
    [1, 5],
  ])
  scene.fill(1)
  expect(offsetsPushed(scene)).toEqual([[2, 6]])
  scene.fill(10)
  expect(offsetsPushed(scene)).toEqual([
    [1, 7, 8],
    [2, 9, 10],
  ])
  scene.grant(3, 3)
  expect(offsetsPushed(scene)).toEqual([[3, 11, 12, 13]])
  expect(scene.statistics("g")).toMatchObject({ locked: 14, available: 3 })
})

it("[P26] what is left of the locks is shared out as well", () => {
  const scene = new ShareScene()
  scene.open("g", { maxLocks: 4 })
  scene.subscribe("g", 1)
  scene.subscribe("g", 2)
  scene.fill(10)
  expect(offsetsPushed(scene)).toEqual([
    [1, 0, 1],
    [2, 2, 3],
  ])
})

it("[P26] subscriptions of one group take nothing from another's", () => {
  const scene = new ShareScene()
  scene.open("g")
  scene.open("h")
  scene.subscribe("g", 1)
  scene.subscribe("h", 2)
  scene.fill(2)
  expect(offsetsPushed(scene)).toEqual([
    [1, 0, 1],
    [2, 0, 1],
  ])
  scene.unsubscribe(1)
  expect(scene.statistics("g")).toMatchObject({ locked: 0, available: 2 })
  expect(scene.statistics("h")).toMatchObject({ locked: 2 })
})

it("[P26] many rows are shared out within one commit", () => {
  const scene = new ShareScene()
  for (let row = 0; row < 5; row++) scene.append("x".repeat(5_000), "y")
  scene.open("g")
  scene.subscribe("g", 1, { grantedMessages: 7 })
  scene.subscribe("g", 2, { grantedMessages: 100 })
  expect(
    scene
      .takePushed()
      .flatMap(({ records }) => records.map(({ offset }) => offset))
      .sort((a, b) => a - b),
  ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

it("[P27] what a subscription holds goes back when it ends, and was no delivery", () => {
  const scene = new ShareScene()
  scene.fill(2)
  scene.open("g")
  scene.subscribe("g", 1)
  scene.unsubscribe(1)
  expect(scene.receive("g")).toMatchObject([
    { offset: 0, attempt: 2, deliveryCount: 1 },
    { offset: 1, attempt: 2, deliveryCount: 1 },
  ])
})

it("[P29] [P30] a group that is forgotten ends with its subscriptions, receipts and rows", () => {
  const scene = new ShareScene()
  scene.fill(3)
  scene.open("g")
  scene.open("h")
  const [record] = scene.receive("g", 1)
  const receipt = scene.receipt("g", record!)
  scene.subscribe("g", 1)
  scene.subscribe("h", 2)
  scene.together(() => {
    scene.shares.forget("g", 1)
    expect(scene.shares.takeEnded()).toEqual([{ consumer: 1, group: "g" }])
  })
  expect(() => scene.receive("g")).toThrow("share_not_open")
  expect([scene.rowsIn("share"), scene.rowsIn("delivery_page")]).toEqual([1, 1])
  // what was on its way meanwhile
  expect(scene.open("g")).toEqual({ ok: false, error: { code: "fenced", epoch: 0 } })
  expect(scene.open("g", {}, "earliest", 2)).toMatchObject({ ok: true, value: { available: 3 } })
  expect(scene.settle("g", { kind: "ack", receipt })).toEqual(["invalid_receipt"])
  scene.forget("g", 1)
  expect(scene.receive("g")).toHaveLength(3)
  expect(scene.statistics("h")).toMatchObject({ locked: 3 })
})

it("[P30] its rows are deleted in slices, through restarts", () => {
  const scene = new ShareScene()
  const pages = MAX_DELETIONS_PER_COMMIT * 2 + 5
  scene.open("g", { maxLocks: 40_000 })
  for (let page = 0; page < pages; page++) {
    scene.append(...Array.from({ length: PAGE_OFFSETS / 2 }, () => "x"))
    scene.append(...Array.from({ length: PAGE_OFFSETS / 2 }, () => "x"))
    const records = scene.receive("g", PAGE_OFFSETS)
    scene.settle("g", { kind: "ack", receipt: scene.receipt("g", records[0]!, PAGE_OFFSETS - 1) })
  }
  expect(scene.rowsIn("delivery_page")).toBe(pages)
  scene.forget("g")
  expect(scene.rowsIn("delivery_page")).toBe(pages - MAX_DELETIONS_PER_COMMIT)
  expect(scene.nextDeadlineAt).toBe(0)
  scene.restart()
  expect(scene.nextDeadlineAt).toBe(0)
  scene.alarm()
  expect(scene.rowsIn("delivery_page")).toBe(pages - 2 * MAX_DELETIONS_PER_COMMIT)
  scene.runUntil(scene.now)
  expect([scene.rowsIn("delivery_page"), scene.rowsIn("delivery_ring"), scene.rowsIn("share")]).toEqual([0, 0, 0])
})

it("[P30] a group that is begun and forgotten in one commit leaves nothing", () => {
  const scene = new ShareScene()
  scene.fill(1)
  scene.together(() => {
    scene.open("g")
    scene.receive("g")
    scene.forget("g")
  })
  scene.runUntil(scene.now)
  expect([scene.rowsIn("share"), scene.rowsIn("delivery_page")]).toEqual([0, 0])
})

it("[P31] a higher generation begins anew, and a lower one is fenced", () => {
  const scene = new ShareScene()
  scene.fill(3)
  scene.open("g", {}, "earliest", 5)
  scene.ack("g", ...scene.receive("g", 2))
  const old = scene.termsOf("g")
  expect(scene.open("g", {}, "earliest", 6)).toMatchObject({
    ok: true,
    value: { startOffset: 0, available: 3, accepted: 0 },
  })
  const request = { maxMessages: 1, lockDurationMs: null }
  expect(scene.together(() => scene.shares.receive(old, request, NOW))).toMatchObject({
    error: { code: "share_not_open" },
  })
  expect(scene.together(() => scene.shares.open({ ...old, reset: "earliest" }, NOW))).toMatchObject({
    error: { code: "fenced" },
  })
  scene.restart()
  expect(scene.statistics("g")).toMatchObject({ available: 3 })
  expect(scene.rowsIn("share")).toBe(1)
})

it("[P32] a partition has so many share groups and no more", () => {
  const scene = new ShareScene()
  scene.fill(1)
  for (let group = 0; group < MAX_SHARES_PER_PARTITION; group++) expect(scene.open(`g${group}`).ok).toBe(true)
  expect(scene.open("more")).toMatchObject({ ok: false, error: { code: "conflict" } })
  expect(scene.open("g0").ok).toBe(true)
  expect(scene.receive("g7")).toHaveLength(1)
  scene.forget("g1")
  expect(scene.open("more").ok).toBe(true)
})

it("[P33] statistics are the same after a load", () => {
  const scene = new ShareScene()
  scene.fill(6)
  scene.open("g", { maxDeliveries: 2 })
  const records = scene.receive("g", 5)
  scene.ack("g", records[0]!)
  scene.reject("g", records[1]!)
  scene.nack("g", records[2]!, { delayMs: 9_000 })
  scene.nack("g", records[3]!)
  const totals = { delivered: 5, accepted: 1, deadLettered: 0, dropped: 1, missing: 0, forwarding: 0 }
  const expected = { startOffset: 2, endOffset: 6, available: 2, delayed: 1, locked: 1, ...totals }
  expect(scene.statistics("g")).toEqual(expected)
  scene.restart()
  expect(scene.statistics("g")).toEqual(expected)
})

it("[P33] [P34] many pages are as they were after every load", () => {
  const scene = new ShareScene()
  const pages = 5
  for (let page = 0; page < pages; page++) scene.fill(PAGE_OFFSETS)
  scene.open("g", { maxLocks: 40_000 })
  const records = scene.receive("g", pages * PAGE_OFFSETS)
  for (let index = 0; index < 40; index++) {
    const some = records.filter(({ offset }) => offset % 40 === index).slice(index % 3)
    scene.ack("g", ...some)
    const before = scene.statistics("g")
    scene.restart()
    expect(scene.statistics("g")).toEqual(before)
  }
  expect(scene.statistics("g")).toMatchObject({ accepted: records.length - 39, locked: 39 })
})

it("[P35] sequences go on after the outbox was emptied", () => {
  const scene = new ShareScene()
  scene.fill(2)
  scene.open("g", { deadLetter: { kind: "queue", queue: "dead" } })
  scene.reject("g", scene.receive("g", 1)[0]!)
  scene.forward("queue:ns/dead/0", 1)
  scene.restart()
  expect(scene.shares.forwarding).toBe(0)
  scene.reject("g", scene.receive("g", 1)[0]!)
  expect(scene.outbox()).toMatchObject([{ seq: 2, body: "r1" }])
})

it("[P35] ids of states and sequences of dead letters are new after everything was forgotten", () => {
  const scene = new ShareScene()
  scene.fill(3)
  scene.open("g", { deadLetter: { kind: "queue", queue: "dead" } })
  scene.reject("g", scene.receive("g", 1)[0]!)
  scene.reject("g", scene.receive("g", 1)[0]!)
  const { stateId } = scene.receipt("g", { offset: 0, attempt: 1 })
  scene.forget("g")
  scene.forward("queue:ns/dead/0", 2)
  scene.runUntil(scene.now)
  expect([scene.rowsIn("share"), scene.rowsIn("outbox"), scene.rowsIn("delivery_page")]).toEqual([0, 0, 0])
  scene.restart()
  scene.open("h", { deadLetter: { kind: "queue", queue: "dead" } })
  expect(scene.receipt("h", { offset: 0, attempt: 1 }).stateId).toBeGreaterThan(stateId)
  scene.restart()
  scene.reject("h", scene.receive("h", 1)[0]!)
  expect(scene.outbox()).toMatchObject([{ seq: 3 }])
})

it("[P35] ids of states are new after groups were forgotten in a partition that never had a record", () => {
  const scene = new ShareScene()
  const ids: number[] = []
  const begin = (group: string) => {
    scene.open(group)
    ids.push(scene.receipt(group, { offset: 0, attempt: 1 }).stateId)
  }
  const forget = (group: string) => {
    scene.forget(group)
    scene.runUntil(scene.now)
    scene.restart()
    scene.runUntil(scene.now)
    expect(scene.nextDeadlineAt).toBeNull()
  }
  for (const group of ["a", "b", "c"]) {
    begin(group)
    forget(group)
    expect(scene.rowsIn("share")).toBe(1)
  }
  scene.fill(1)
  scene.restart()
  scene.runUntil(scene.now)
  expect(scene.rowsIn("share")).toBe(0)
  scene.restart()
  begin("d")
  expect(ids).toEqual([1, 2, 3, 4])
})

it("[P16] dead letters of a group that was forgotten still wait for their target, after a restart too", () => {
  const scene = new ShareScene()
  scene.fill(1)
  scene.open("g", { deadLetter: { kind: "queue", queue: "dead" } })
  scene.reject("g", scene.receive("g", 1)[0]!)
  scene.forget("g")
  scene.restart()
  expect(scene.shares.forwarding).toBe(1)
  expect(scene.outbox()).toMatchObject([{ seq: 1, body: "r0" }])
})

it("[P33] counters of every version are read, and others are refused", () => {
  const counters = { ...emptyShareCounters(), delivered: 300, missing: 7, outboxSeq: 1 }
  expect(decodeShareCounters(encodeShareCounters(counters))).toEqual(counters)
  expect(decodeShareCounters(encodeShareCounters(counters).subarray(0, 3))).toMatchObject({
    delivered: 300,
    missing: 0,
  })
  expect(() => decodeShareCounters(Uint8Array.of(9))).toThrow("version")
  const before = new ByteWriter(16)
  for (const value of [2, 1, 2, 3, 4]) before.varint(value)
  expect(decodePartitionCounters(before.finish())).toMatchObject({ compactions: 4, lastShareId: 0, outboxSeq: 0 })
})
