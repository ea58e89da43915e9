import { runInDurableObject } from "cloudflare:test"
import { beforeEach, describe, expect, it } from "vitest"
import { MAX_PENDING_COMMANDS, RESUME_GRACE_MS } from "../../src/core/limits.ts"
import type { QueueObject } from "../../src/objects/queue-object.ts"
import { ObjectSocket } from "./object-socket.ts"
import { bodies, pass, QueueScene, stopClock } from "./queue-scene.ts"

const SETTINGS = { singleActiveConsumer: true, visibilityTimeoutMs: 3_600_000 }

beforeEach(stopClock)

/** A queue with two sockets that are subscribed, the first one first. */
async function twoConsumers() {
  const queue = await QueueScene.open(SETTINGS)
  const [first, second] = [await ObjectSocket.open(queue), await ObjectSocket.open(queue)]
  await first.subscribe()
  pass(1)
  await second.subscribe()
  return { queue, first, second }
}

/** Closes a socket that holds something, and waits until the object knows. */
async function breakOff(queue: QueueScene, socket: ObjectSocket): Promise<void> {
  socket.close()
  await expect.poll(() => queue.alarmAt(), { timeout: 10_000 }).toBe(Date.now() + RESUME_GRACE_MS)
}

describe("single active consumer", () => {
  it("[Q18] stays the one that joined first, through eviction", async () => {
    const { queue, first, second } = await twoConsumers()
    await queue.send("a")
    expect(bodies(await first.takeDeliveries())).toEqual(["a"])
    await queue.evict()
    await queue.send("b")
    expect(bodies(await first.takeDeliveries())).toEqual(["b"])
    await queue.evict()
    await queue.send("c")
    expect(bodies(await first.takeDeliveries())).toEqual(["c"])
    expect(second.has("deliver")).toBe(false)
  })

  it("[Q18] is followed by the next after its goodbye, with what it gave back", async () => {
    const { queue, first, second } = await twoConsumers()
    await queue.send("a", "b")
    expect(bodies(await first.takeDeliveries(2))).toEqual(["a", "b"])
    await queue.evict()
    await first.bye()
    expect(bodies(await second.takeDeliveries(2))).toEqual(["a", "b"])
    await queue.evict()
    await queue.send("c")
    expect(bodies(await second.takeDeliveries())).toEqual(["c"])
    expect(first.has("deliver")).toBe(false)
  })

  it("[Q18] keeps the next waiting while what it held is not back", async () => {
    const { queue, first, second } = await twoConsumers()
    await queue.send("a")
    await first.takeDeliveries()
    await breakOff(queue, first)
    await queue.send("b")
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 1, inFlight: 1 })
    expect(second.has("deliver")).toBe(false)
    pass(RESUME_GRACE_MS)
    await queue.runDueAlarms()
    expect(bodies(await second.takeDeliveries(2))).toEqual(["a", "b"])
  })

  it("[Q18] gives back after the grace although the queue was overloaded when it broke off", async () => {
    const { queue, first, second } = await twoConsumers()
    await queue.send("a")
    await first.takeDeliveries()
    await queue.evict()
    const refused = await runInDurableObject(queue.stub, async (object: QueueObject, state) => {
      const more = Array.from({ length: MAX_PENDING_COMMANDS + 1 }, () => object.statistics(queue.version))
      await Promise.resolve()
      for (const socket of state.getWebSockets()) object.webSocketError(socket)
      return (await Promise.all(more)).filter((result) => !result.ok && result.error.code === "overloaded")
    })
    expect(refused).toHaveLength(1)
    expect(second.has("deliver")).toBe(false)
    expect(await queue.alarmAt()).toBe(Date.now() + RESUME_GRACE_MS)
    pass(RESUME_GRACE_MS)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ ready: 1, inFlight: 0 })
  })

  it("[Q18] works off a backlog in order of credit, one consumer at a time", async () => {
    const { queue, first, second } = await twoConsumers()
    await queue.send(...Array.from({ length: 25 }, (_, index) => String(index)))
    const taken = await first.takeDeliveries(10)
    expect(taken).toHaveLength(10)
    await queue.ack(...taken)
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 15, inFlight: 0 })
    expect(second.has("deliver")).toBe(false)
    first.send({ type: "credit", sub: 1, grantedMessages: 30, grantedBytes: 1_000_000 })
    expect(await first.takeDeliveries(15)).toHaveLength(15)
  })

  it("[Q19] refuses HTTP receives while a subscription exists, or a socket holds a message", async () => {
    const { queue, first, second } = await twoConsumers()
    await queue.send("a")
    await first.takeDeliveries()
    await queue.evict()
    await expect(queue.receive()).rejects.toThrow("consumer_active")
    await second.bye()
    await expect(queue.receive()).rejects.toThrow("consumer_active")
    await breakOff(queue, first)
    await queue.evict()
    await expect(queue.receive()).rejects.toThrow("consumer_active")
    pass(RESUME_GRACE_MS)
    await queue.runDueAlarms()
    expect(bodies(await queue.receive())).toEqual(["a"])
  })

  it("[Q19] lets receives share what is there as one consumer, and a subscription waits for them", async () => {
    const queue = await QueueScene.open(SETTINGS)
    await queue.send("a", "b", "c")
    const one = await queue.receive(1)
    const other = await queue.receive(1)
    expect(bodies([...one, ...other])).toEqual(["a", "b"])
    const socket = await ObjectSocket.open(queue)
    await socket.subscribe()
    await queue.evict()
    await queue.ack(...one)
    expect(socket.has("deliver")).toBe(false)
    await queue.ack(...other)
    expect(bodies(await socket.takeDeliveries())).toEqual(["c"])
  })

  it("[Q19] puts a receive that waits behind every subscription", async () => {
    const queue = await QueueScene.open(SETTINGS)
    const waiting = await ObjectSocket.open(queue)
    await waiting.subscribe({ detached: true })
    pass(1)
    const socket = await ObjectSocket.open(queue)
    await socket.subscribe()
    await queue.evict()
    await queue.send("a")
    const [delivery] = await socket.takeDeliveries()
    await queue.ack(delivery!)
    expect(waiting.has("deliver")).toBe(false)
    await socket.bye()
    await queue.send("b")
    expect(bodies(await waiting.takeDeliveries())).toEqual(["b"])
  })
})
