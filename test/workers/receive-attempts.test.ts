import { abortAllDurableObjects } from "cloudflare:test"
import { beforeEach, describe, expect, it } from "vitest"
import { RECEIVE_ATTEMPT_MS } from "../../src/core/limits.ts"
import type { Delivery } from "../../src/core/log/types.ts"
import { ObjectSocket } from "./object-socket.ts"
import { ack, bodies, extend, nack, pass, QueueScene, stopClock } from "./queue-scene.ts"

const TIMEOUT_MS = 30_000
const FIRST = { attemptId: "first" }

beforeEach(stopClock)

const receipts = (deliveries: readonly Delivery[]) => deliveries.map(({ offset, attempt }) => ({ offset, attempt }))

describe("a receive that is repeated", () => {
  it("[Q17] answers the same messages and receipts after an eviction", async () => {
    const queue = await QueueScene.open({ visibilityTimeoutMs: TIMEOUT_MS })
    await queue.send("a", "b", "c")
    const first = await queue.receive(2, FIRST)
    await queue.evict()
    const again = await queue.receive(2, FIRST)
    expect(again).toEqual(first)
    expect(await queue.statistics()).toMatchObject({ ready: 1, inFlight: 2 })
    await abortAllDurableObjects()
    expect(receipts(await queue.receive(1, FIRST))).toEqual(receipts(first))
    expect(bodies(await queue.receive(2, { attemptId: "second" }))).toEqual(["c"])
    expect(await queue.ack(...first)).toEqual([null, null])
  })

  it("[Q17] begins the visibility timeout anew", async () => {
    const queue = await QueueScene.open({ visibilityTimeoutMs: TIMEOUT_MS })
    await queue.send("a")
    await queue.receive(1, FIRST)
    pass(TIMEOUT_MS - 1)
    await queue.evict()
    const [again] = await queue.receive(1, FIRST)
    pass(TIMEOUT_MS - 1)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 1 })
    pass(1)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ ready: 1, inFlight: 0 })
    expect(await queue.ack(again!)).toEqual(["receipt_expired"])
  })

  it("[Q17] is a new receive once one of the messages was settled, extended past its end or delivered again", async () => {
    const settled = [ack, (delivery: Delivery) => nack(delivery, { delayMs: 600_000 })]
    const ended = [(delivery: Delivery) => extend(delivery, 0)]
    for (const settle of [...settled, ...ended]) {
      const queue = await QueueScene.open({ visibilityTimeoutMs: TIMEOUT_MS })
      await queue.send("a", "b", "c")
      const first = await queue.receive(2, FIRST)
      await queue.settle(settle(first[0]!))
      await queue.evict()
      const again = await queue.receive(3, FIRST)
      expect(bodies(again)).toEqual(settle === ended[0] ? ["a", "c"] : ["c"])
      // and that one can be repeated in its turn
      await queue.evict()
      expect(receipts(await queue.receive(3, FIRST))).toEqual(receipts(again))
    }
  })

  it("[Q17] is a new receive after its time", async () => {
    const queue = await QueueScene.open({ visibilityTimeoutMs: 2 * RECEIVE_ATTEMPT_MS })
    await queue.send("a", "b", "c")
    const first = await queue.receive(1, FIRST)
    pass(RECEIVE_ATTEMPT_MS - 1)
    await queue.evict()
    expect(receipts(await queue.receive(1, FIRST))).toEqual(receipts(first))
    pass(1)
    await queue.evict()
    expect(bodies(await queue.receive(1, FIRST))).toEqual(["b"])
  })

  it("[Q17] works for a receive that waited", async () => {
    const queue = await QueueScene.open()
    const socket = await ObjectSocket.open(queue)
    await socket.subscribe({ detached: true, grantedMessages: 5, ...FIRST })
    await queue.evict()
    await queue.send("a", "b")
    const first = await socket.takeDeliveries(2)
    socket.close()
    await queue.evict()
    expect(await queue.receive(5, FIRST)).toEqual(first)
    const other = await ObjectSocket.open(queue)
    await other.subscribe({ detached: true, grantedMessages: 5, ...FIRST })
    await queue.send("c")
    // the repeat is answered before anything new
    expect(receipts(await other.takeDeliveries(2))).toEqual(receipts(first))
    other.close()
  })

  it("[Q17] keeps the order of a group", async () => {
    const queue = await QueueScene.open({ ordering: "fifo" })
    await queue.send({ body: "a0", group: "a" }, { body: "b0", group: "b" }, { body: "a1", group: "a" })
    const first = await queue.receive(10, FIRST)
    expect(bodies(first)).toEqual(["a0", "a1", "b0"])
    await queue.evict()
    expect(await queue.receive(10, FIRST)).toEqual(first)
    expect(await queue.receive(10)).toEqual([])
  })
})

describe("what is remembered of receives", () => {
  it("[Q17] [Q48] is one row for each, is gone after its time, and is none without an id", async () => {
    const queue = await QueueScene.open()
    await queue.send("a", "b", "c")
    await queue.ack(...(await queue.receive(1)))
    expect(await queue.rowsIn("receive_attempt")).toBe(0)
    await queue.ack(...(await queue.receive(1, FIRST)), ...(await queue.receive(1, { attemptId: "second" })))
    await queue.evict()
    expect(await queue.rowsIn("receive_attempt")).toBe(2)
    // nothing else is there that would wake the queue
    pass(RECEIVE_ATTEMPT_MS)
    await queue.runDueAlarms()
    expect(await queue.rowsIn("receive_attempt")).toBe(0)
  })
})
