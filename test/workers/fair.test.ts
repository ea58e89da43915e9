import { beforeEach, describe, expect, it } from "vitest"
import { ObjectSocket } from "./object-socket.ts"
import { bodies, pass, QueueScene, stopClock } from "./queue-scene.ts"
import { many } from "./support.ts"

beforeEach(stopClock)

describe("fair queues", () => {
  it("[Q20] let a quiet tenant pass a noisy one, through eviction", async () => {
    const queue = await QueueScene.open({ fair: true, visibilityTimeoutMs: 3_600_000 })
    await queue.send(...many(500, "loud", { group: "loud" }))
    await queue.receive(100)
    await queue.send(...many(50, "late", { group: "loud" }), ...many(3, "quiet", { group: "quiet" }))
    expect(bodies(await queue.receive(2))).toEqual(["quiet0", "quiet1"])
    await queue.evict()
    expect(bodies(await queue.receive(3))).toEqual(["quiet2", "loud100", "loud101"])
    await queue.evict()
    await queue.send(...many(2, "more", { group: "quiet" }))
    expect(bodies(await queue.receive(2))).toEqual(["more0", "more1"])
    const { ready, inFlight } = await queue.statistics()
    expect({ ready, inFlight }).toEqual({ ready: 448, inFlight: 107 })
  })

  it("[Q20] deliver everything exactly once, whatever the order", async () => {
    const queue = await QueueScene.open({ fair: true })
    await queue.send(...many(300, "a", { group: "a" }), ...many(30, "b", { group: "b" }), ...many(30, "c"))
    const seen: string[] = []
    for (let round = 0; round < 36; round++) {
      const received = await queue.receive(10)
      seen.push(...bodies(received))
      await queue.ack(...received)
      if (round % 6 === 0) await queue.evict()
    }
    expect(new Set(seen).size).toBe(360)
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 0, bytes: 0, acknowledged: 360 })
  })
})

describe("messages in flight", () => {
  it("[Q21] are bounded: a receive is empty beyond it, after an eviction too", async () => {
    const queue = await QueueScene.open({ maxInFlight: 3, visibilityTimeoutMs: 30_000 })
    await queue.send("a", "b", "c", "d", "e")
    const held = await queue.receive(10)
    expect(bodies(held)).toEqual(["a", "b", "c"])
    await queue.evict()
    expect(await queue.receive(10)).toEqual([])
    await queue.ack(held[1]!)
    await queue.evict()
    expect(bodies(await queue.receive(10))).toEqual(["d"])
    pass(30_000)
    expect(bodies(await queue.receive(2))).toEqual(["a", "c"])
  })

  it("[Q21] are bounded for a subscription, which waits and goes on", async () => {
    const queue = await QueueScene.open({ maxInFlight: 2 })
    const socket = await ObjectSocket.open(queue)
    await socket.subscribe()
    await queue.send("a", "b", "c")
    const held = await socket.takeDeliveries(2)
    expect(bodies(held)).toEqual(["a", "b"])
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 1, inFlight: 2 })
    expect(socket.has("deliver")).toBe(false)
    await queue.ack(held[0]!)
    expect(bodies(await socket.takeDeliveries())).toEqual(["c"])
  })
})
