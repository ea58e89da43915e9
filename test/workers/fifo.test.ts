import { beforeEach, describe, expect, it } from "vitest"
import { ack, bodies, headersOf, nack, pass, QueueScene, reject, stopClock } from "./queue-scene.ts"
import { many } from "./support.ts"

const TIMEOUT_MS = 30_000
const IN_FRONT = 3_000

beforeEach(stopClock)

describe("a group in order, through eviction", () => {
  it("[Q14] is handed out whole and blocked while one of it is in flight", async () => {
    const queue = await QueueScene.open({ ordering: "fifo" })
    const of = (group: string, ...bodiesOf: string[]) => bodiesOf.map((body) => ({ body, group }))
    await queue.send(...of("a", "a1"), ...of("b", "b1"), ...of("a", "a2"), ...of("b", "b2"))
    const first = await queue.receive(2)
    expect(bodies(first)).toEqual(["a1", "a2"])
    await queue.evict()
    expect(bodies(await queue.receive(10))).toEqual(["b1", "b2"])
    await queue.send(...of("a", "a3"))
    expect(await queue.receive()).toEqual([])
    await queue.ack(...first)
    expect(bodies(await queue.receive())).toEqual(["a3"])
  })

  it("[Q14] comes again from its first message when its lease ran out", async () => {
    const queue = await QueueScene.open({ ordering: "fifo", visibilityTimeoutMs: TIMEOUT_MS })
    await queue.send(...many(4, "a", { group: "a" }))
    const first = await queue.receive(2)
    await queue.evict()
    expect(await queue.receive()).toEqual([])
    pass(TIMEOUT_MS)
    expect(await queue.runDueAlarms()).toBe(1)
    await queue.evict()
    const again = await queue.receive()
    expect(bodies(again)).toEqual(["a0", "a1", "a2", "a3"])
    expect(again[0]).toMatchObject({ deliveryCount: 2, firstDeliveredAt: first[0]!.firstDeliveredAt })
    expect(await queue.ack(...first)).toEqual(["receipt_expired", "receipt_expired"])
    expect(await queue.ack(...again)).toEqual([null, null, null, null])
  })

  it("[Q14] [Q9] waits as a whole while its first message backs off, and others pass", async () => {
    const queue = await QueueScene.open({ ordering: "fifo", visibilityTimeoutMs: 3_600_000 })
    await queue.send(...many(2, "a", { group: "a" }), { body: "b0", group: "b" })
    const [a0] = await queue.receive(1)
    await queue.settle(nack(a0!, { delayMs: 60_000 }))
    await queue.evict()
    expect(bodies(await queue.receive())).toEqual(["b0"])
    pass(59_999)
    await queue.evict()
    expect(await queue.receive()).toEqual([])
    pass(1)
    expect(bodies(await queue.receive())).toEqual(["a0", "a1"])
  })

  it("[Q14] goes on where it was acknowledged", async () => {
    const queue = await QueueScene.open({ ordering: "fifo" })
    await queue.send(...many(50, "a", { group: "a" }))
    const seen: string[] = []
    while (seen.length < 50) {
      const received = await queue.receive(7)
      seen.push(...bodies(received))
      await queue.evict()
      expect(await queue.ack(...received)).toEqual(received.map(() => null))
    }
    expect(seen).toEqual(many(50, "a").map(({ body }) => body))
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 0, bytes: 0, acknowledged: 50 })
  })
})

describe("blocked groups", () => {
  it("[Q15] do not keep others waiting, however many of their messages lie in front", async () => {
    const queue = await QueueScene.open({ ordering: "fifo" })
    await queue.send(...many(IN_FRONT, "a", { group: "a" }))
    await queue.send(...many(3, "b", { group: "b" }), ...many(2, "c", { group: "c" }))
    const [a0] = await queue.receive(1)
    await queue.evict()
    const others = await queue.receive(4)
    expect(bodies(others)).toEqual(["b0", "b1", "b2", "c0"])
    await queue.evict()
    // a group of which something is in flight is not free to another receive
    expect(await queue.receive()).toEqual([])
    expect(await queue.statistics()).toMatchObject({ ready: IN_FRONT, inFlight: 5 })
    await queue.ack(...others, a0!)
    await queue.evict()
    expect(bodies(await queue.receive(3))).toEqual(["a1", "a2", "a3"])
    expect(bodies(await queue.receive(3))).toEqual(["c1"])
  })
})

describe("a group goes on", () => {
  it("[Q16] behind a message that was rejected, or had no delivery left", async () => {
    const dead = await QueueScene.open({ ordering: "fifo" })
    const queue = await QueueScene.open({ ordering: "fifo", maxDeliveries: 1, deadLetterQueue: dead.name })
    await queue.send(...many(3, "a", { group: "a" }))
    await queue.settle(reject((await queue.receive(1))[0]!))
    await queue.evict()
    const [second] = await queue.receive(1)
    expect(bodies([second!])).toEqual(["a1"])
    await queue.settle(nack(second!))
    await queue.evict()
    expect(bodies(await queue.receive())).toEqual(["a2"])
    await expect.poll(async () => (await dead.statistics()).ready, { timeout: 10_000 }).toBe(2)
    const letters = await dead.receive()
    expect(bodies(letters)).toEqual(["a0", "a1"])
    expect(letters.map((letter) => headersOf(letter)["millrace-dead-letter-reason"])).toEqual([
      "rejected",
      "max_deliveries",
    ])
  })

  it("[Q16] behind a message that expired while it blocked the group", async () => {
    const queue = await QueueScene.open({ ordering: "fifo" })
    await queue.send({ body: "a0", group: "a", ttlMs: 5_000 }, { body: "a1", group: "a" })
    const [a0] = await queue.receive(1)
    await queue.settle(nack(a0!, { delayMs: 3_600_000 }))
    await queue.evict()
    expect(await queue.receive()).toEqual([])
    pass(60_000)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ expired: 1, ready: 1, delayed: 0 })
    await queue.evict()
    expect(bodies(await queue.receive())).toEqual(["a1"])
  })

  it("[Q16] behind a message that was deleted while it blocked the group", async () => {
    const queue = await QueueScene.open({ ordering: "fifo" })
    const [id] = await queue.send(...many(2, "a", { group: "a" }))
    await queue.settle(nack((await queue.receive(1))[0]!, { delayMs: 3_600_000 }))
    await queue.evict()
    expect(await queue.remove(id!)).toBeNull()
    await queue.evict()
    const rest = await queue.receive()
    expect(bodies(rest)).toEqual(["a1"])
    expect(await queue.settle(ack(rest[0]!))).toEqual([null])
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 0, delayed: 0, bytes: 0, removed: 1 })
  })
})
