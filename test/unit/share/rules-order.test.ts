import { expect, it } from "vitest"
import { ShareScene } from "./scene.ts"
import { NOW, type Received, type Written } from "./scene-records.ts"

const offsets = (records: readonly Received[]) => records.map(({ offset }) => offset)
const LONG = "x".repeat(5_000)
const keyed = (...keys: readonly string[]): Written[] => keys.map((key, index) => ({ key, body: `r${index}` }))

it("[P23] records of a key are delivered in order, none while an earlier one is locked or waits", () => {
  const scene = new ShareScene()
  scene.append(...keyed("a", "b", "a", "c", "a"), "plain", "plain")
  scene.open("g", { ordering: "key", lockDurationMs: 1_000 })
  const [first] = scene.receive("g", 1)
  expect(first).toMatchObject({ offset: 0 })
  expect(offsets(scene.receive("g", 2))).toEqual([1, 3])
  expect(offsets(scene.receive("g"))).toEqual([5, 6])
  scene.nack("g", first!, { delayMs: 500 })
  expect(scene.receive("g")).toEqual([])
  scene.restart()
  expect(scene.receive("g")).toEqual([])
  scene.runUntil(NOW + 500)
  const again = scene.receive("g")
  expect(offsets(again)).toEqual([0, 2, 4])
  scene.runUntil(NOW + 1_500)
  // the first of the key ran out, and the others came back with it
  expect(scene.ack("g", again[1]!)).toEqual(["0/1"])
  expect(offsets(scene.receive("g", 3))).toEqual([0, 2, 4])
})

it("[P23] one consumer holds a key, through goodbyes and dead letters", () => {
  const scene = new ShareScene()
  scene.append(...keyed("a", "a", "a", "b"))
  scene.open("g", { ordering: "key", maxDeliveries: 1 })
  scene.subscribe("g", 1, { grantedMessages: 2 })
  scene.subscribe("g", 2, { grantedMessages: 10 })
  expect(scene.takePushed()).toMatchObject([
    { consumer: 1, records: [{ offset: 0 }, { offset: 1 }] },
    { consumer: 2, records: [{ offset: 3 }] },
  ])
  expect(scene.reject("g", { ...NO_RECORD, offset: 0 })).toBe("1/0")
  expect(scene.takePushed()).toEqual([])
  scene.unsubscribe(1)
  expect(scene.takePushed()).toMatchObject([{ consumer: 2, records: [{ offset: 1 }, { offset: 2 }] }])
})

it("[P23] [P21] a key is looked for across gaps, and the hashes come from headers", () => {
  const scene = new ShareScene({ cleanup: "compact" })
  const record = (key: string, body: string | null) => ({ key, body })
  for (let round = 0; round < 8; round++)
    scene.append(record("a", `a${round}`), record("b", `b${round}`), record("k", LONG))
  scene.append("tail")
  scene.runUntil(NOW + 60_000)
  expect(scene.offsets()).toEqual([21, 22, 23, 24])
  scene.open("g", { ordering: "key" })
  expect(scene.statistics("g").startOffset).toBe(0)
  const reads = scene.statementsOf(() => expect(offsets(scene.receive("g", 2))).toEqual([21, 22]))
  expect(scene.statistics("g")).toMatchObject({ missing: 21, available: 2 })
  expect(reads.filter((sql) => sql.startsWith("SELECT") && sql.includes("frames")).length).toBeLessThanOrEqual(2)
  expect(offsets(scene.receive("g"))).toEqual([23, 24])
  expect(scene.statistics("g")).toMatchObject({ missing: 21, available: 0 })
})

it("[P24] a record of a key that is gone does not hold up the later ones", () => {
  const scene = new ShareScene()
  scene.append(...keyed("a", "a", "a", "a"))
  scene.open("g", { ordering: "key" })
  const [first] = scene.receive("g", 2)
  scene.nack("g", first!, { delayMs: 60_000 })
  expect(scene.receive("g")).toEqual([])
  scene.trim(2)
  expect(offsets(scene.receive("g"))).toEqual([2, 3])
  expect(scene.statistics("g")).toMatchObject({ missing: 2 })
})

it("[P24] nor one that compaction took while it waited to be looked at", () => {
  const scene = new ShareScene({ cleanup: "compact" })
  scene.append({ key: "a", body: "r0" }, { key: "b", body: "r1" }, { key: "c", body: LONG })
  scene.open("g", { ordering: "key" })
  scene.receive("g", 1)
  scene.append({ key: "b", body: "r3" }, { key: "d", body: LONG }, "tail")
  scene.append(LONG)
  scene.runUntil(NOW + 20_000)
  expect(scene.offsets()).not.toContain(1)
  expect(offsets(scene.receive("g"))).toEqual([3, 2, 4, 5, 6])
})

it("[P25] the order stays as it was opened; of the other settings the newest that were told hold", () => {
  const scene = new ShareScene()
  scene.append(...keyed("a", "a", "b"))
  scene.open("g", { ordering: "key", maxLocks: 1 })
  const old = scene.termsOf("g")
  scene.change("g", { ordering: "none", maxLocks: 7, lockDurationMs: 400 })
  const [first] = scene.receive("g", 1)
  expect(first).toMatchObject({ offset: 0 })
  scene.restart()
  expect(scene.nextDeadlineAt).toBe(NOW + 400)
  // an older caller does not bring the older settings back
  const received = scene.together(() => scene.shares.receive(old, { maxMessages: 5, lockDurationMs: null }, NOW))
  expect(received.ok && received.value.map(({ offset }) => offset)).toEqual([2])
  expect(scene.shares.find(old)).toMatchObject({ version: 2, settings: { ordering: "key", maxLocks: 7 } })
  const before = scene.rowsWritten
  scene.together(() => scene.shares.find(scene.termsOf("g")))
  expect(scene.rowsWritten).toBe(before)
})

const NO_RECORD = { attempt: 1, deliveryCount: 1, firstDeliveredAt: NOW, appendedAt: NOW, body: null }
