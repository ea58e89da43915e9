import { describe, expect, it } from "vitest"
import { MAX_DUE_PER_COMMIT } from "../../../src/core/limits.ts"
import { QueueScene } from "./scene.ts"
import { NOW, type Outgoing } from "./scene-messages.ts"

const BATCH = 1000

function numbered(count: number, message: Partial<Outgoing> = {}, from = 0): Outgoing[] {
  return Array.from({ length: count }, (_, index) => ({ body: `${from + index}`, ...message }))
}

describe("what waits for its own time", () => {
  it("[Q22] [Q49] enters the log in slices of MAX_DUE_PER_COMMIT, across a restart, under its ids and in order", () => {
    const scene = QueueScene.create()
    const dueAt = NOW + 60_000
    const ids = [0, 1, 2].flatMap((batch) =>
      scene.sent(numbered(BATCH, { deliverAt: dueAt }, batch * BATCH), NOW + batch),
    )
    expect(scene.statistics(NOW + 3)).toMatchObject({ ready: 0, scheduled: 3 * BATCH })
    expect(scene.rowsIn("scheduled")).toBe(3)
    scene.reload()
    expect(scene.queue.nextDeadlineAt).toBe(dueAt)
    scene.alarm(dueAt - 1)
    expect(scene.statistics(dueAt - 1)).toMatchObject({ ready: 0, scheduled: 3 * BATCH })
    for (let slice = 1; slice <= 3; slice++) {
      expect(scene.queue.nextDeadlineAt).toBe(dueAt)
      scene.alarm(dueAt)
      const entered = slice * MAX_DUE_PER_COMMIT
      expect(scene.statistics(dueAt)).toMatchObject({ ready: entered, scheduled: 3 * BATCH - entered })
      scene.reload()
    }
    expect(scene.rowsIn("scheduled")).toBe(0)
    const delivered = [0, 1, 2].flatMap(() => scene.receive({ maxMessages: BATCH }, dueAt + 1))
    expect(delivered.map(({ id }) => id)).toEqual(ids)
    expect(delivered.map(({ body }) => body)).toEqual(numbered(3 * BATCH).map(({ body }) => body))
  })

  it("[Q22] [Q25] comes in order of its time, behind what entered the log before", () => {
    const scene = QueueScene.create()
    const delays = [3_000, 1_000, 2_000, 1_000]
    scene.sent(
      delays.map((delayMs, index) => ({ body: `${index} after ${delayMs}`, delayMs })),
      NOW,
    )
    scene.sent([{ body: "at once" }], NOW + 500)
    scene.reload()
    scene.alarmsUntil(NOW + 3_000)
    scene.sent([{ body: "last" }], NOW + 3_001)
    const bodies = scene.receive({}, NOW + 3_002).map(({ body }) => body)
    expect(bodies).toEqual(["at once", "1 after 1000", "3 after 1000", "2 after 2000", "0 after 3000", "last"])
  })

  it("[Q22] a time in the past is now", () => {
    const scene = QueueScene.create()
    scene.sent([{ body: "late", deliverAt: NOW - 1 }], NOW)
    expect(scene.receive({}, NOW).map(({ body }) => body)).toEqual(["late"])
  })

  it("[Q23] together with the queue's delay the later counts", () => {
    const scene = QueueScene.create({ delayMs: 10_000 })
    scene.sent([{ body: "sooner", delayMs: 2_000 }, { body: "later", delayMs: 15_000 }, { body: "plain" }], NOW)
    expect(scene.statistics(NOW)).toMatchObject({ ready: 0, delayed: 2, scheduled: 1 })
    scene.reload()
    scene.alarmsUntil(NOW + 9_999)
    expect(scene.receive({}, NOW + 9_999)).toEqual([])
    scene.alarmsUntil(NOW + 10_000)
    expect(scene.receive({}, NOW + 10_000).map(({ body }) => body)).toEqual(["sooner", "plain"])
    scene.alarmsUntil(NOW + 14_999)
    expect(scene.receive({}, NOW + 14_999)).toEqual([])
    scene.alarmsUntil(NOW + 15_000)
    expect(scene.receive({}, NOW + 15_000).map(({ body }) => body)).toEqual(["later"])
  })

  for (const ordering of ["standard", "fifo"] as const) {
    it(`[Q23] is not delivered early whatever leaves before it (${ordering})`, () => {
      const scene = QueueScene.create({ ordering, delayMs: 10_000, maxMessages: 3, overflow: "drop-oldest" })
      const message = (body: string): Outgoing => ({ body, groupId: "A" })
      scene.sent([message("1"), message("2")], NOW)
      scene.sent([message("3"), message("4"), message("5")], NOW + 4_000)
      expect(scene.statistics(NOW + 4_000)).toMatchObject({ ready: 0, delayed: 3, dropped: 2 })
      scene.reload()
      scene.sent([message("6")], NOW + 8_000)
      for (const at of [NOW + 10_000, NOW + 13_999]) {
        scene.alarmsUntil(at)
        expect(scene.receive({}, at)).toEqual([])
        scene.reload()
      }
      scene.alarmsUntil(NOW + 14_000)
      expect(scene.statistics(NOW + 14_000)).toMatchObject({ ready: 2, delayed: 1 })
      expect(scene.receive({}, NOW + 14_000).map(({ body }) => body)).toEqual(["4", "5"])
      const later = scene.receive({}, NOW + 18_000).map(({ body }) => body)
      expect(later).toEqual(ordering === "fifo" ? [] : ["6"])
    })
  }

  it("[Q23] a delay that was made shorter lets go at once what is old enough for it", () => {
    const scene = QueueScene.create({ delayMs: 60_000 })
    scene.sent([{ body: "1" }], NOW)
    scene.sent([{ body: "2" }], NOW + 5_000)
    scene.configure({ delayMs: 2_000 })
    expect(scene.receive({}, NOW + 5_001).map(({ body }) => body)).toEqual(["1"])
    scene.configure({ delayMs: 0 })
    expect(scene.receive({}, NOW + 5_002).map(({ body }) => body)).toEqual(["2"])
  })
})

it("[Q43] [Q46] a damaged row of scheduled messages no longer counts when it is gone", () => {
  const scene = QueueScene.create({ maxBytes: 10_000 })
  scene.sent([{ body: "lost", delayMs: 1_000 }], NOW)
  scene.sent([{ body: "kept", delayMs: 2_000 }], NOW + 1)
  const { bytes } = scene.statistics(NOW + 1)
  scene.database.run("UPDATE scheduled SET header = x'00' WHERE message_id = 1")
  scene.reload()
  scene.alarmsUntil(NOW + 1_000)
  expect(scene.rowsIn("scheduled")).toBe(1)
  scene.sent([{ body: "more", delayMs: 5_000 }], NOW + 1_001)
  expect(scene.statistics(NOW + 1_001).bytes).toBeGreaterThan(bytes)
  scene.alarmsUntil(NOW + 6_001)
  for (const message of scene.receive({}, NOW + 6_001)) scene.ack(message, NOW + 6_001)
  expect(scene.statistics(NOW + 6_001)).toMatchObject({ scheduled: 0, bytes: 0, acknowledged: 2 })
  scene.reload()
  expect(scene.statistics(NOW + 6_001)).toMatchObject({ scheduled: 0, bytes: 0 })
})

it("[Q23] a lower delay also frees what came into the window before its time", () => {
  const scene = QueueScene.create({ ordering: "fifo", delayMs: 60_000, maxMessages: 3, overflow: "drop-oldest" })
  for (const body of ["a", "b", "c", "d"]) scene.send([{ body, groupId: body }], NOW)
  expect(scene.receive({ maxMessages: 10 }, NOW)).toEqual([])
  scene.configure({ delayMs: 1_000 })
  scene.alarm(NOW)
  scene.reload()
  expect(scene.receive({ maxMessages: 10 }, NOW + 999)).toEqual([])
  expect(scene.receive({ maxMessages: 10 }, NOW + 1_000).map(({ body }) => body)).toEqual(["b", "c", "d"])
})
