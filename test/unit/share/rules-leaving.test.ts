import { expect, it } from "vitest"
import {
  MAX_DEPARTURES_PER_COMMIT,
  MAX_GIVEN_UP_PER_COMMIT,
  MAX_OUTBOX_BYTES_PER_COMMIT,
} from "../../../src/core/limits.ts"
import { ShareScene } from "./scene.ts"
import { NOW } from "./scene-records.ts"

const DEAD_QUEUE = { kind: "queue", queue: "dead" } as const

it("[P13] a record leaves after its last delivery, with fault or by its lock, and when it is rejected", () => {
  const scene = new ShareScene()
  scene.fill(3)
  scene.open("g", { maxDeliveries: 2, lockDurationMs: 1_000 })
  const [a, b, c] = scene.receive("g")
  expect(scene.reject("g", b!)).toBe("1/0")
  scene.nack("g", a!)
  scene.nack("g", c!)
  const again = scene.receive("g")
  expect(again.map(({ offset }) => offset)).toEqual([0, 2])
  expect(scene.nack("g", again[0]!)).toBe("1/0")
  scene.runUntil(NOW + 1_000)
  expect(scene.receive("g")).toEqual([])
  expect(scene.statistics("g")).toMatchObject({ dropped: 3, deadLettered: 0, startOffset: 3 })
  expect(scene.offsets()).toEqual([0, 1, 2])
})

it("[P13] a record that nobody is to blame for leaves after ten times as many attempts", () => {
  const scene = new ShareScene()
  scene.fill(1)
  scene.open("g", { maxDeliveries: 2 })
  for (let attempt = 1; attempt <= 20; attempt++) {
    const [record] = scene.receive("g")
    expect(record).toMatchObject({ attempt, deliveryCount: 1 })
    scene.nack("g", record!, { fault: false })
  }
  expect(scene.receive("g")).toEqual([])
  expect(scene.statistics("g")).toMatchObject({ dropped: 1 })
})

it("[P13] where the limit was lowered, a record leaves instead of being delivered", () => {
  const scene = new ShareScene()
  scene.fill(2)
  scene.open("g", { maxDeliveries: null, deadLetter: DEAD_QUEUE })
  for (let round = 0; round < 3; round++) scene.nack("g", scene.receive("g", 1)[0]!)
  scene.change("g", { maxDeliveries: 3 })
  expect(scene.receive("g")).toMatchObject([{ offset: 1 }])
  expect(scene.outbox()).toMatchObject([{ body: "r0", headers: { "millrace-dead-letter-delivery-count": "3" } }])
})

it("[P14] a dead letter says where it comes from and why, and keeps its key", () => {
  const scene = new ShareScene()
  scene.append("r0", { key: "k", body: "r1" })
  scene.open("g", { maxDeliveries: 1, deadLetter: DEAD_QUEUE })
  scene.open("h", { deadLetter: { kind: "topic", topic: "lost" } })
  const [, second] = scene.receive("g")
  scene.now += 100
  scene.nack("g", second!, { error: "no such flight" })
  scene.reject("h", scene.receive("h", 1)[0]!, "not mine")
  const common = { "millrace-dead-letter-source": "flights", "millrace-dead-letter-moves": "1" }
  expect(scene.outbox()).toEqual([
    {
      seq: 1,
      target: "queue:ns/dead/0",
      body: "r1",
      key: "k",
      headers: {
        ...common,
        "millrace-dead-letter-id": "3/1",
        "millrace-dead-letter-offset": "1",
        "millrace-dead-letter-reason": "max_deliveries",
        "millrace-dead-letter-delivery-count": "1",
        "millrace-dead-letter-first-delivered-at": String(NOW),
        "millrace-dead-letter-at": String(NOW + 100),
        "millrace-dead-letter-error": "no such flight",
      },
    },
    {
      seq: 2,
      target: "topic:ns/lost/0",
      body: "r0",
      key: null,
      headers: {
        ...common,
        "millrace-dead-letter-id": "3/0",
        "millrace-dead-letter-offset": "0",
        "millrace-dead-letter-reason": "rejected",
        "millrace-dead-letter-delivery-count": "1",
        "millrace-dead-letter-first-delivered-at": String(NOW + 100),
        "millrace-dead-letter-at": String(NOW + 100),
        "millrace-dead-letter-error": "not mine",
      },
    },
  ])
  expect(scene.statistics("g")).toMatchObject({ deadLettered: 1, dropped: 0 })
})

it("[P14] dead letters of one range are in order, however it is given back", () => {
  const scene = new ShareScene()
  scene.fill(4)
  scene.open("g", { maxDeliveries: 1, deadLetter: DEAD_QUEUE })
  const [first] = scene.receive("g")
  expect(scene.nack("g", first!, { count: 4 })).toBe("4/0")
  expect(scene.outbox().map(({ seq, body }) => [seq, body])).toEqual([
    [1, "r0"],
    [2, "r1"],
    [3, "r2"],
    [4, "r3"],
  ])
})

it("[P16] dead letters wait for their target, and the group goes on", () => {
  const scene = new ShareScene()
  scene.fill(5)
  scene.open("g", { maxDeliveries: 1, deadLetter: DEAD_QUEUE })
  const [first, second] = scene.receive("g", 2)
  scene.reject("g", first!)
  scene.restart()
  expect(scene.shares.forwarding).toBe(1)
  scene.reject("g", second!)
  expect(scene.receive("g")).toHaveLength(3)
  scene.forward("queue:ns/dead/0", 1)
  expect(scene.outbox()).toMatchObject([{ seq: 2, body: "r1" }])
  expect(scene.shares.forwarding).toBe(1)
})

it("[P16] locks that run out together leave in order, as many as a commit may carry", () => {
  const scene = new ShareScene()
  const count = MAX_DEPARTURES_PER_COMMIT * 2 + 10
  scene.fill(count)
  scene.open("g", { maxDeliveries: 1, deadLetter: DEAD_QUEUE, lockDurationMs: 1_000 })
  scene.open("h", { maxDeliveries: 1, deadLetter: DEAD_QUEUE, lockDurationMs: 1_000 })
  scene.receive("g", 1_000)
  scene.receive("h", 1_000)
  scene.now += 1_000
  scene.alarm()
  expect(scene.outbox()).toHaveLength(MAX_DEPARTURES_PER_COMMIT)
  expect(scene.nextDeadlineAt).toBeLessThanOrEqual(scene.now)
  scene.runUntil(scene.now)
  expect(scene.outbox()).toHaveLength(2 * count)
  expect(scene.statistics("g")).toMatchObject({ deadLettered: count, startOffset: count })
  expect(scene.statistics("h")).toMatchObject({ deadLettered: count, startOffset: count })
})

it("[P17] what a commit can't carry on the word of a receiver comes back at once", () => {
  const scene = new ShareScene()
  const size = 1_000_000
  const count = Math.ceil(MAX_OUTBOX_BYTES_PER_COMMIT / size) + 4
  for (let index = 0; index < count; index++) scene.append("x".repeat(size))
  scene.open("g", { maxDeliveries: 1, deadLetter: DEAD_QUEUE })
  const records = Array.from({ length: count }, () => scene.receive("g", 1)[0]!)
  const fitting = Math.ceil(MAX_OUTBOX_BYTES_PER_COMMIT / size)
  expect(scene.reject("g", records[0]!, null, count)).toBe(`${fitting}/${count - fitting}`)
  expect(scene.statistics("g")).toMatchObject({ deadLettered: fitting, locked: 0, available: count - fitting })
  const again = scene.receive("g", 1)[0]!
  expect(again).toMatchObject({ offset: fitting, attempt: 2, deliveryCount: 1 })
  scene.nack("g", again)
  expect(scene.statistics("g")).toMatchObject({ deadLettered: fitting + 1 })
})

it("[P17] a commit can't carry more records than so many either, however small", () => {
  const scene = new ShareScene()
  const count = MAX_GIVEN_UP_PER_COMMIT + 40
  scene.fill(count)
  scene.open("g", { deadLetter: DEAD_QUEUE })
  const first = scene.receive("g", 1_000)[0]!
  const rest = scene.receive("g", 1_000)[0]!
  expect(
    scene.together(() => [scene.reject("g", first, null, 1_000), scene.reject("g", rest, null, count - 1_000)]),
  ).toEqual([`${MAX_GIVEN_UP_PER_COMMIT}/0`, `0/${count - 1_000}`])
  expect(scene.statistics("g")).toMatchObject({
    deadLettered: MAX_GIVEN_UP_PER_COMMIT,
    forwarding: MAX_GIVEN_UP_PER_COMMIT,
    available: count - MAX_GIVEN_UP_PER_COMMIT,
  })
  const again = scene.receive("g", 1_000)
  expect(again[0]).toMatchObject({ attempt: 2, deliveryCount: 1 })
  expect(scene.reject("g", again[0]!, null, again.length)).toBe(`${again.length}/0`)
  expect(scene.outbox()).toHaveLength(count)
})

it("[P17] a nack that would move too much gives back, and one that would move nothing does as it says", () => {
  const scene = new ShareScene()
  const size = 1_000_000
  const fitting = Math.ceil(MAX_OUTBOX_BYTES_PER_COMMIT / size)
  for (let index = 0; index < fitting + 2; index++) scene.append("x".repeat(size))
  scene.open("g", { maxDeliveries: 2, deadLetter: DEAD_QUEUE })
  const last = scene.receive("g", 1)[0]!
  scene.nack("g", last, { delayMs: 1 })
  const records = Array.from({ length: fitting }, () => scene.receive("g", 1)[0]!)
  scene.now += 1
  const tired = scene.receive("g", 1)[0]!
  const fresh = scene.receive("g", 1)[0]!
  expect([tired.offset, tired.deliveryCount, fresh.deliveryCount]).toEqual([0, 2, 1])
  const outcomes = scene.together(() => [
    scene.reject("g", records[0]!, null, fitting),
    scene.nack("g", tired, { delayMs: 60_000 }),
    scene.nack("g", fresh, { delayMs: 60_000 }),
  ])
  expect(outcomes).toEqual([`${fitting}/0`, "0/1", "1/0"])
  expect(scene.statistics("g")).toMatchObject({ available: 1, delayed: 1, deadLettered: fitting })
})
