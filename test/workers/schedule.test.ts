import { vi, beforeEach, describe, expect, it } from "vitest"
import { ObjectSocket } from "./object-socket.ts"
import { bodies, pass, QueueScene, stopClock } from "./queue-scene.ts"
import { many } from "./support.ts"

const HOUR_MS = 3_600_000
/** No lease runs out while a test looks at times. */
const VISIBLE_AFTER = { visibilityTimeoutMs: 12 * HOUR_MS }

beforeEach(stopClock)

describe("scheduled messages", () => {
  it("[Q22] come at their time and not before, under the id that the send was answered with", async () => {
    const queue = await QueueScene.open(VISIBLE_AFTER)
    const [atOnce, late, soon] = await queue.send(
      "at once",
      { body: "late", deliverAt: Date.now() + 2 * HOUR_MS },
      { body: "soon", delayMs: HOUR_MS },
    )
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 1, scheduled: 2, delayed: 0, sent: 3 })
    expect((await queue.receive()).map(({ messageId }) => messageId)).toEqual([atOnce])
    expect(await queue.alarmAt()).toBeLessThanOrEqual(Date.now() + HOUR_MS)
    pass(HOUR_MS - 1)
    expect(await queue.receive(1)).toEqual([])
    await queue.runDueAlarms()
    await queue.evict()
    expect(await queue.receive(1)).toEqual([])
    expect(await queue.alarmAt()).toBe(Date.now() + 1)
    pass(1)
    await queue.runDueAlarms()
    await queue.evict()
    expect(await queue.receive(1)).toMatchObject([{ messageId: soon, deliveryCount: 1, appendedAt: Date.now() }])
    expect(await queue.alarmAt()).toBeLessThanOrEqual(Date.now() + HOUR_MS)
    pass(HOUR_MS)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ scheduled: 0 })
    expect((await queue.receive()).map(({ messageId }) => messageId)).toEqual([late])
  })

  it("[Q22] are pushed by the alarm alone, with no request and after an eviction", async () => {
    vi.useRealTimers()
    const queue = await QueueScene.open(VISIBLE_AFTER)
    const socket = await ObjectSocket.open(queue)
    await socket.subscribe()
    const dueAt = Date.now() + 1_000
    await queue.send({ body: "a", deliverAt: dueAt }, { body: "b", deliverAt: dueAt + 200 })
    await queue.evict()
    const first = await socket.takeDeliveries()
    expect(Date.now()).toBeGreaterThanOrEqual(dueAt)
    // a slow machine has both come at once
    const rest = first.length < 2 ? await socket.takeDeliveries() : []
    expect(Date.now()).toBeGreaterThanOrEqual(dueAt + 200)
    expect(bodies([...first, ...rest])).toEqual(["a", "b"])
  })

  it("[Q22] [Q49] enter in slices when many are due at once, each exactly once", async () => {
    const queue = await QueueScene.open(VISIBLE_AFTER)
    const ids: number[] = []
    const dueAt = Date.now() + HOUR_MS
    for (const prefix of ["a", "b", "c"]) ids.push(...(await queue.send(...many(900, prefix, { deliverAt: dueAt }))))
    expect(await queue.rowsIn("scheduled")).toBe(3)
    await queue.evict()
    pass(HOUR_MS)
    const slices = await queue.runDueAlarms()
    expect(slices).toBeGreaterThan(1)
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 2_700, scheduled: 0 })
    expect(await queue.rowsIn("scheduled")).toBe(0)
    const received: number[] = []
    for (let round = 0; round < 3; round++) {
      received.push(...(await queue.receive(1_000)).map(({ messageId }) => messageId))
    }
    expect(received).toEqual(ids)
  })

  it("[Q22] come one by one where they are due one by one", async () => {
    const queue = await QueueScene.open(VISIBLE_AFTER)
    await queue.send(...many(3, "m").map((entry, index) => ({ ...entry, delayMs: HOUR_MS - index })))
    await queue.evict()
    pass(HOUR_MS - 3)
    for (const body of ["m2", "m1", "m0"]) {
      expect(await queue.alarmAt()).toBe(Date.now() + 1)
      pass(1)
      await queue.runDueAlarms()
      await queue.evict()
      expect(bodies(await queue.receive())).toEqual([body])
    }
  })

  it("[Q22] that were due while nobody was there come with the next request", async () => {
    const queue = await QueueScene.open(VISIBLE_AFTER)
    await queue.send({ body: "a", delayMs: 1_000 })
    await queue.evict()
    pass(HOUR_MS)
    await queue.statistics()
    expect(bodies(await queue.receive())).toEqual(["a"])
  })

  it("[Q24] are cancelled by their id, after an eviction, and never come", async () => {
    const queue = await QueueScene.open(VISIBLE_AFTER)
    const [, second] = await queue.send(...many(3, "m", { delayMs: HOUR_MS }))
    await queue.evict()
    expect(await queue.remove(second!)).toBeNull()
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ scheduled: 2, removed: 1 })
    expect(await queue.remove(second!)).toBe("not_found")
    pass(HOUR_MS)
    await queue.runDueAlarms()
    expect(bodies(await queue.receive())).toEqual(["m0", "m2"])
  })
})

describe("the delay of a queue", () => {
  it("[Q23] holds back every message for as long, through eviction", async () => {
    const queue = await QueueScene.open({ ...VISIBLE_AFTER, delayMs: 60_000 })
    await queue.send("a", "b")
    pass(30_000)
    await queue.send("c")
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 0, delayed: 3, scheduled: 0 })
    expect(await queue.receive()).toEqual([])
    pass(29_999)
    await queue.evict()
    expect(await queue.receive()).toEqual([])
    expect(await queue.alarmAt()).toBeLessThanOrEqual(Date.now() + 1)
    pass(1)
    expect(bodies(await queue.receive())).toEqual(["a", "b"])
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ inFlight: 2, delayed: 1 })
    pass(30_000)
    expect(bodies(await queue.receive())).toEqual(["c"])
  })

  it("[Q23] wakes the queue for a subscription that waits", async () => {
    const queue = await QueueScene.open({ ...VISIBLE_AFTER, delayMs: 60_000 })
    const socket = await ObjectSocket.open(queue)
    await socket.subscribe()
    await queue.send("a")
    await queue.evict()
    pass(59_999)
    await queue.runDueAlarms()
    expect(await queue.alarmAt()).toBe(Date.now() + 1)
    expect(socket.has("deliver")).toBe(false)
    pass(1)
    expect(await queue.runDueAlarms()).toBe(1)
    expect(bodies(await socket.takeDeliveries())).toEqual(["a"])
  })

  it("[Q23] counts with a time of the message's own: the later of both", async () => {
    const queue = await QueueScene.open({ ...VISIBLE_AFTER, delayMs: 60_000 })
    await queue.send({ body: "shorter", delayMs: 10_000 }, { body: "longer", delayMs: 90_000 })
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ delayed: 1, scheduled: 1 })
    pass(30_000)
    await queue.runDueAlarms()
    pass(29_999)
    await queue.evict()
    expect(await queue.receive()).toEqual([])
    expect(await queue.statistics()).toMatchObject({ delayed: 2, scheduled: 0 })
    pass(1)
    expect(bodies(await queue.receive())).toEqual(["shorter"])
    pass(29_999)
    await queue.evict()
    expect(await queue.receive()).toEqual([])
    pass(1)
    expect(bodies(await queue.receive())).toEqual(["longer"])
  })

  it("[Q23] is not cut short by what is removed in front or behind", async () => {
    const queue = await QueueScene.open({ ...VISIBLE_AFTER, delayMs: 60_000 })
    const [first] = await queue.send("a")
    pass(20_000)
    const [, , last] = await queue.send("b", "c", "d")
    expect(await queue.remove(last!)).toBeNull()
    await queue.evict()
    expect(await queue.remove(first!)).toBeNull()
    expect(await queue.statistics()).toMatchObject({ ready: 0, delayed: 2, removed: 2 })
    pass(59_999)
    await queue.evict()
    expect(await queue.receive()).toEqual([])
    pass(1)
    expect(bodies(await queue.receive())).toEqual(["b", "c"])
  })

  it("[Q23] begins with the message's entry, so that a shorter one lets more go", async () => {
    const queue = await QueueScene.open({ delayMs: HOUR_MS })
    const socket = await ObjectSocket.open(queue)
    await socket.subscribe()
    await queue.send("a")
    pass(60_000)
    await queue.configure({ delayMs: 30_000 })
    expect(bodies(await socket.takeDeliveries())).toEqual(["a"])
  })
})
