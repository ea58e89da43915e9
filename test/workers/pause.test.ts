import { beforeEach, describe, expect, it } from "vitest"
import { ObjectSocket } from "./object-socket.ts"
import { bodies, nack, pass, QueueScene, stopClock } from "./queue-scene.ts"

beforeEach(stopClock)

describe("pauses", () => {
  it("[Q45] refuse sends, by request and by socket, through eviction, and nothing else", async () => {
    const queue = await QueueScene.open()
    await queue.send("a")
    await queue.configure({ sendingPaused: true })
    await queue.evict()
    await expect(queue.send("b")).rejects.toThrow("queue_paused")
    expect(bodies(await queue.receive())).toEqual(["a"])
    await queue.configure({ sendingPaused: false })
    await queue.send("c")
    expect(bodies(await queue.receive())).toEqual(["c"])
  })

  it("[Q45] make receives empty, while what is in flight can be settled", async () => {
    const queue = await QueueScene.open({ visibilityTimeoutMs: 30_000 })
    await queue.send("a", "b", "c", "d")
    const [a, b] = await queue.receive(3)
    await queue.configure({ deliveryPaused: true })
    await queue.evict()
    expect(await queue.receive()).toEqual([])
    expect(await queue.receive(10, { attemptId: "paused" })).toEqual([])
    expect(await queue.ack(a!)).toEqual([null])
    expect(await queue.settle(nack(b!))).toEqual([null])
    pass(30_000)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ ready: 3, inFlight: 0, acknowledged: 1 })
    await queue.evict()
    expect(await queue.receive()).toEqual([])
    await queue.configure({ deliveryPaused: false })
    expect(bodies(await queue.receive())).toEqual(["b", "c", "d"])
  })

  it("[Q45] let a subscription wait, and serve it when they end, with no request", async () => {
    const queue = await QueueScene.open({ deliveryPaused: true })
    const socket = await ObjectSocket.open(queue)
    await socket.subscribe()
    await queue.send("a", "b")
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 2, inFlight: 0 })
    expect(socket.has("deliver")).toBe(false)
    await queue.configure({ deliveryPaused: false })
    expect(bodies(await socket.takeDeliveries(2))).toEqual(["a", "b"])
    await queue.configure({ deliveryPaused: true })
    await queue.send("c")
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 1, inFlight: 2 })
    expect(socket.has("deliver")).toBe(false)
  })

  it("[Q45] end without a storm: nothing is due while delivery is paused", async () => {
    const queue = await QueueScene.open({ deliveryPaused: true, delayMs: 1_000 })
    const socket = await ObjectSocket.open(queue)
    await socket.subscribe()
    await queue.send("a", { body: "b", delayMs: 2_000 })
    for (const ms of [1_000, 1_000, 60_000]) {
      pass(ms)
      expect(await queue.runDueAlarms()).toBeLessThan(5)
    }
    expect(socket.has("deliver")).toBe(false)
    await queue.evict()
    await queue.configure({ deliveryPaused: false })
    expect(bodies(await socket.takeDeliveries(2))).toEqual(["a", "b"])
  })
})
