import { beforeEach, describe, expect, it } from "vitest"
import { MAX_DEPARTURES_PER_COMMIT, MAX_EXPIRED_PER_COMMIT } from "../../src/core/limits.ts"
import { ack, bodies, headersOf, nack, pass, QueueScene, stopClock } from "./queue-scene.ts"
import { many } from "./support.ts"

/** How long expired messages may lie at most. */
const LEAVES_WITHIN_MS = 60_000

beforeEach(stopClock)

describe("a time to live", () => {
  it("[Q36] ends delivery at once, and the message leaves by the alarm, through eviction", async () => {
    const queue = await QueueScene.open()
    await queue.send({ body: "short", ttlMs: 5_000 }, "kept", { body: "long", ttlMs: 3_600_000 })
    await queue.evict()
    pass(5_000)
    expect(await queue.alarmAt()).toBeLessThanOrEqual(Date.now() + LEAVES_WITHIN_MS)
    await queue.evict()
    pass(LEAVES_WITHIN_MS)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ ready: 2, expired: 1, dropped: 0, deadLettered: 0 })
    await queue.evict()
    expect(bodies(await queue.receive())).toEqual(["kept", "long"])
  })

  it("[Q36] holds before the sweep as well: what is too old is passed over", async () => {
    const queue = await QueueScene.open()
    await queue.send({ body: "a", ttlMs: 5_000 }, { body: "b", ttlMs: 5_001 })
    pass(4_999)
    await queue.evict()
    pass(1)
    expect(bodies(await queue.receive())).toEqual(["b"])
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 1, expired: 1 })
  })

  it("[Q36] of a scheduled message counts from its entry", async () => {
    const queue = await QueueScene.open()
    await queue.send({ body: "a", delayMs: 100_000, ttlMs: 5_000 })
    await queue.evict()
    pass(100_000)
    await queue.runDueAlarms()
    pass(4_999)
    await queue.evict()
    expect(bodies(await queue.receive(1, { visibilityTimeoutMs: 0 }))).toEqual(["a"])
    pass(1)
    expect(await queue.receive()).toEqual([])
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 0, expired: 1, bytes: 0 })
  })

  it("[Q37] leaves a message in flight alone until it comes back", async () => {
    const queue = await QueueScene.open()
    await queue.send({ body: "a", ttlMs: 5_000 }, { body: "b", ttlMs: 5_000 })
    const [a, b] = await queue.receive(2, { visibilityTimeoutMs: 3_600_000 })
    pass(LEAVES_WITHIN_MS + 5_000)
    await queue.evict()
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ inFlight: 2, expired: 0 })
    expect(await queue.settle(ack(a!), nack(b!))).toEqual([null, null])
    await queue.evict()
    expect(await queue.receive()).toEqual([])
    pass(LEAVES_WITHIN_MS)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 0, expired: 1, acknowledged: 1, bytes: 0 })
  })
})

describe("retention", () => {
  it("[Q36] sweeps what was kept for too long, and nothing younger, through eviction", async () => {
    const queue = await QueueScene.open({ retentionMs: 100_000 })
    await queue.send(...many(300, "old"))
    pass(50_000)
    await queue.send(...many(300, "young"))
    await queue.evict()
    pass(50_000 + LEAVES_WITHIN_MS - 20_000)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ ready: 300, expired: 300 })
    await queue.evict()
    expect(bodies(await queue.receive(1))).toEqual(["young0"])
    pass(LEAVES_WITHIN_MS)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ ready: 0, expired: 599 + 1, bytes: 0 })
  })

  it("[Q36] that is shortened takes hold of what is there", async () => {
    const queue = await QueueScene.open()
    await queue.send("a", "b")
    pass(100_000)
    await queue.send("c")
    await queue.configure({ retentionMs: 60_000 })
    // with no request and no eviction: of what is left the next one is known
    expect(await queue.alarmAt()).toBeLessThanOrEqual(Date.now() + 60_000 + LEAVES_WITHIN_MS)
    pass(LEAVES_WITHIN_MS - 20_000)
    await queue.runDueAlarms()
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 1, expired: 2 })
    expect(bodies(await queue.receive())).toEqual(["c"])
  })

  it("[Q49] works off more than fits a commit, until nothing is left", async () => {
    const queue = await QueueScene.open({ retentionMs: 60_000 })
    const count = MAX_EXPIRED_PER_COMMIT + 1_000
    for (let sent = 0; sent < count; sent += 1_000) await queue.send(...many(1_000, "m"))
    await queue.evict()
    pass(60_000 + LEAVES_WITHIN_MS)
    const slices = await queue.runDueAlarms()
    expect(slices).toBeGreaterThan(1)
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 0, expired: count, bytes: 0, oldestAt: null })
    // the tail stays, it may still grow
    expect(await queue.rowsIn("log")).toBeLessThanOrEqual(1)
    expect(await queue.receive()).toEqual([])
  })
})

describe("onExpiry", () => {
  it("[Q36] [Q38] [Q49] dead-letters with its reason, in slices, and the dead letter has no time of its own", async () => {
    const count = 2 * MAX_DEPARTURES_PER_COMMIT + 1
    const dead = await QueueScene.open({ retentionMs: 30 * 24 * 3_600_000 })
    const queue = await QueueScene.open({ onExpiry: "dead-letter", deadLetterQueue: dead.name })
    await queue.send(...many(count, "m", { ttlMs: 5_000 }))
    await queue.evict()
    pass(5_000 + LEAVES_WITHIN_MS)
    await queue.runDueAlarms()
    await queue.evict()
    await expect.poll(async () => (await dead.statistics()).ready, { timeout: 10_000 }).toBe(count)
    expect(await queue.statistics()).toMatchObject({ ready: 0, expired: count, deadLettered: count, dropped: 0 })
    pass(24 * 3_600_000)
    await dead.runDueAlarms()
    await dead.evict()
    const letters = await dead.receive(count)
    expect(new Set(bodies(letters)).size).toBe(count)
    expect(headersOf(letters[0]!)).toMatchObject({
      "millrace-dead-letter-source": queue.name,
      "millrace-dead-letter-reason": "expired",
      "millrace-dead-letter-delivery-count": "0",
      "millrace-dead-letter-moves": "1",
    })
  })
})
