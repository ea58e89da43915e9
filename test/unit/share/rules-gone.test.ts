import { expect, it } from "vitest"
import { MAX_MISSING_PER_COMMIT, PAGE_OFFSETS } from "../../../src/core/limits.ts"
import { decodeRowHeader, encodeRowHeader } from "../../../src/core/log/row.ts"
import { ShareScene } from "./scene.ts"
import { NOW, type Received } from "./scene-records.ts"

const offsets = (records: readonly Received[]) => records.map(({ offset }) => offset)
const LONG = "x".repeat(5_000)

it("[P18] [P19] what the log start passed is done and missing at once, wherever the group stands", () => {
  const scene = new ShareScene()
  scene.fill(10)
  scene.open("g")
  scene.open("far")
  const [a, b] = scene.receive("g", 3)
  scene.nack("g", a!, { delayMs: 60_000 })
  scene.nack("g", b!)
  scene.trim(6)
  expect(scene.statistics("g")).toMatchObject({ startOffset: 2, missing: 5, locked: 1, delayed: 0, available: 4 })
  expect(scene.statistics("far")).toMatchObject({ startOffset: 6, missing: 6, available: 4 })
  expect(offsets(scene.receive("far"))).toEqual([6, 7, 8, 9])
  scene.restart()
  expect(scene.statistics("g")).toMatchObject({ startOffset: 2, missing: 5, locked: 1, available: 4 })
})

it("[P18] a trim up to records that come in the same commit takes all before them", () => {
  const scene = new ShareScene()
  scene.fill(3)
  scene.open("g")
  scene.together(() => {
    scene.fill(3)
    scene.receive("g", 1)
    scene.trim(5)
  })
  expect(scene.statistics("g")).toMatchObject({ startOffset: 0, locked: 1, missing: 4, available: 1, endOffset: 6 })
  expect(offsets(scene.receive("g"))).toEqual([5])
})

it("[P18] retention takes records, locked ones too, without waiting", () => {
  const scene = new ShareScene({ retentionMs: 60_000 })
  scene.append("r0", LONG)
  scene.open("g", { lockDurationMs: 600_000 })
  scene.receive("g", 1)
  scene.now += 50_000
  scene.append(LONG)
  scene.runUntil(NOW + 80_000)
  expect(scene.offsets()).toEqual([2])
  expect(scene.statistics("g")).toMatchObject({ locked: 1, missing: 1, available: 1 })
  expect(offsets(scene.receive("g"))).toEqual([2])
})

it("[P19] what compaction took is missing when its turn comes, and not delivered", () => {
  const scene = new ShareScene({ cleanup: "compact" })
  scene.append({ key: "a", body: "r0" }, { key: "b", body: "r1" }, { key: "c", body: LONG })
  scene.open("g")
  const [first] = scene.receive("g", 1)
  scene.nack("g", first!, { delayMs: 10 })
  scene.append({ key: "a", body: "r3" }, { key: "b", body: LONG })
  scene.append("tail")
  scene.runUntil(NOW + 60_000)
  expect(scene.offsets()).toEqual([2, 3, 4, 5])
  expect(scene.statistics("g")).toMatchObject({ available: 6, missing: 0 })
  expect(offsets(scene.receive("g"))).toEqual([2, 3, 4, 5])
  expect(scene.statistics("g")).toMatchObject({ available: 0, missing: 2, startOffset: 2, locked: 4 })
})

it("[P20] a locked record that is gone can be settled; where it comes back or leaves it is missing", () => {
  const scene = new ShareScene()
  scene.fill(5)
  scene.open("g", { maxDeliveries: 1, deadLetter: { kind: "queue", queue: "dead" }, lockDurationMs: 1_000 })
  const [a, b, c, d] = scene.receive("g", 4)
  scene.trim(5)
  expect(scene.statistics("g")).toMatchObject({ startOffset: 0, locked: 4, missing: 1 })
  expect(scene.ack("g", a!)).toEqual(["1/0"])
  expect(scene.reject("g", b!)).toBe("1/0")
  expect(scene.nack("g", c!, { fault: false, delayMs: 5_000 })).toBe("1/0")
  expect(scene.extend("g", d!, 2_000)).toBe("1/0")
  expect(scene.statistics("g")).toMatchObject({ accepted: 1, missing: 3, locked: 1, delayed: 0, deadLettered: 0 })
  scene.runUntil(NOW + 2_000)
  expect(scene.statistics("g")).toMatchObject({ missing: 4, locked: 0, available: 0, startOffset: 5, deadLettered: 0 })
  expect(scene.outbox()).toEqual([])
})

it.each(["none", "key"] as const)(
  "[P21] a gap of any length is passed over in one step and two pages, in order %s",
  (ordering) => {
    const scene = new ShareScene()
    scene.fill(3)
    scene.open("g", { ordering })
    const held = scene.receive("g", 1)
    // as if so many records had come and gone
    const far = 2 ** 45
    scene.append(LONG)
    moveLastRow(scene, far)
    scene.restart()
    const before = scene.rowsIn("delivery_page")
    expect(offsets(scene.receive("g"))).toEqual([1, 2, far])
    expect(scene.rowsIn("delivery_page") - before).toBeLessThanOrEqual(2)
    expect(scene.statistics("g")).toMatchObject({ missing: far - 3, available: 0, locked: 4 })
    scene.restart()
    expect(scene.ack("g", ...held)).toEqual(["1/0"])
    expect(scene.statistics("g")).toMatchObject({ missing: far - 3, locked: 3, startOffset: 1 })
  },
)

it("[P21] a trim of what order looked at is worked off in slices, by itself", () => {
  const scene = new ShareScene()
  const count = MAX_MISSING_PER_COMMIT * 2 + PAGE_OFFSETS
  for (let from = 0; from < count; from += 1_000) {
    scene.append(...Array.from({ length: Math.min(1_000, count - from) }, () => ({ key: "k", body: "x" })))
  }
  scene.append({ key: "other", body: "y" })
  scene.open("g", { ordering: "key", lockDurationMs: 3_600_000 })
  scene.receive("g", 1)
  expect(offsets(scene.receive("g", 1))).toEqual([count])
  scene.trim(count)
  expect(scene.statistics("g").missing).toBe(MAX_MISSING_PER_COMMIT)
  expect(scene.nextDeadlineAt).toBe(0)
  scene.runUntil(scene.now)
  expect(scene.statistics("g")).toMatchObject({ missing: count - 1, available: 0, locked: 2 })
})

it("[P21] locks that run out after a trim are worked off in slices too", () => {
  const scene = new ShareScene()
  const count = MAX_MISSING_PER_COMMIT + 500
  for (let from = 0; from < count; from += 500) scene.fill(500)
  scene.fill(1)
  scene.open("g", { lockDurationMs: 1_000, maxLocks: 40_000 })
  for (let from = 0; from < count; from += 500) scene.receive("g", 500)
  scene.trim(count)
  expect(scene.statistics("g")).toMatchObject({ locked: count, missing: 0 })
  scene.now += 1_000
  scene.alarm()
  expect(scene.statistics("g")).toMatchObject({ locked: 0, missing: MAX_MISSING_PER_COMMIT, available: 501 })
  scene.runUntil(scene.now)
  expect(scene.statistics("g")).toMatchObject({ missing: count, available: 1 })
})

it("[P21] records that compaction took out of the window are worked off while a subscription waits", () => {
  const scene = new ShareScene({ cleanup: "compact" })
  const count = MAX_MISSING_PER_COMMIT + 2_000
  scene.open("g", { lockDurationMs: 1_000, maxDeliveries: null, maxLocks: 40_000 })
  for (let from = 0; from < count; from += 1_000) {
    scene.append(...Array.from({ length: 1_000 }, () => ({ key: "k", body: "x".repeat(10) })))
  }
  while (scene.receive("g", 10_000).length > 0);
  // all of them come back, and all but the last are compacted away
  scene.append({ key: "k", body: LONG })
  scene.append("tail")
  scene.runUntil(NOW + 120_000)
  expect(scene.offsets()).toEqual([count, count + 1])
  scene.subscribe("g", 1)
  expect(scene.takePushed()).toEqual([])
  expect(scene.nextDeadlineAt).toBe(0)
  scene.alarm()
  expect(scene.takePushed().flatMap(({ records }) => offsets(records))).toEqual([count, count + 1])
  expect(scene.statistics("g")).toMatchObject({ missing: count, locked: 2 })
})

it("[P22] a record in a damaged row is delivered without a body, and can be settled", () => {
  for (const column of ["header", "frames"] as const) {
    const scene = new ShareScene()
    scene.append("r0", LONG)
    scene.append("r2", "r3", LONG)
    scene.append("r5")
    const damage = column === "header" ? DAMAGED_HEADER : DAMAGED_FRAMES
    scene.database.run(damage, new Uint8Array(7))
    scene.restart()
    scene.open("g", { deadLetter: { kind: "queue", queue: "dead" } })
    scene.open("h", { ordering: "key" })
    const records = scene.receive("g")
    expect(records.map(({ offset, body }) => [offset, body])).toEqual([
      [0, "r0"],
      [1, LONG],
      [2, null],
      [3, null],
      [4, null],
      [5, "r5"],
    ])
    expect(offsets(scene.receive("h"))).toEqual([0, 1, 2, 3, 4, 5])
    expect(scene.reject("g", records[3]!)).toBe("1/0")
    expect(scene.outbox()).toMatchObject([{ body: "", headers: { "millrace-dead-letter-offset": "3" } }])
    expect(scene.ack("g", records[2]!)).toEqual(["1/0"])
  }
})

const DAMAGED_HEADER = "UPDATE log SET header = ? WHERE base_offset = 2"
const DAMAGED_FRAMES = "UPDATE log SET frames = ? WHERE base_offset = 2"

/** Makes the last row, of one record, one of another offset. */
function moveLastRow({ database, store }: ShareScene, offset: number): void {
  const { baseOffset, header } = store.log.newest()!
  const [entry] = decodeRowHeader(header).entries
  const moved = encodeRowHeader([{ ...entry!, offset, messageId: offset }])
  database.run(
    "UPDATE log SET base_offset = ?1, last_offset = ?1, header = ?2 WHERE base_offset = ?3",
    offset,
    moved,
    baseOffset,
  )
}
