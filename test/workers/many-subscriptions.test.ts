import { describe, expect, it, vi } from "vitest"
import { MAX_SUBSCRIPTIONS_PER_OBJECT } from "../../src/core/limits.ts"
import { QueueObject } from "../../src/objects/queue-object.ts"
import { ObjectSocket, subscribeQueue } from "./object-socket.ts"
import { QueueScene } from "./queue-scene.ts"

const IDLE_SUBSCRIPTIONS = 10_000

/** As many sockets as so many subscriptions need. */
async function subscribeAll(queue: QueueScene, count: number): Promise<ObjectSocket[]> {
  const sockets: ObjectSocket[] = []
  for (let left = count; left > 0; left -= MAX_SUBSCRIPTIONS_PER_OBJECT) {
    const socket = await ObjectSocket.open(queue)
    const subs = Array.from({ length: Math.min(left, MAX_SUBSCRIPTIONS_PER_OBJECT) }, (_, sub) => sub)
    socket.send(...subs.map((sub) => subscribeQueue({ sub })))
    for (const _ of subs) await socket.take("subscribed")
    sockets.push(socket)
  }
  return sockets
}

describe("ten thousand idle subscriptions", () => {
  it("[W65] [W26] leave a queue asleep, and the next message wakes it and is delivered", async () => {
    const loads = vi.spyOn(QueueObject.prototype as unknown as { loadEngine: () => unknown }, "loadEngine")
    const queue = await QueueScene.open()
    const sockets = await subscribeAll(queue, IDLE_SUBSCRIPTIONS)
    // nothing is to wake it
    expect(await queue.alarmAt()).toBeNull()
    expect((await queue.cost()).commits).toBe(0)
    await queue.evict()
    loads.mockClear()
    // clients and their sessions live on meanwhile
    await scheduler.wait(0)
    expect(loads).not.toHaveBeenCalled()
    const bodiesSent = ["a", "b", "c"]
    await queue.send(...bodiesSent)
    expect(loads).toHaveBeenCalledOnce()
    // one each: three of the ten thousand were next in turn
    const served = new Set<string>()
    for (const _ of bodiesSent) {
      await expect.poll(() => sockets.some((socket) => socket.has("deliver"))).toBe(true)
      const at = sockets.findIndex((socket) => socket.has("deliver"))
      const { operation } = await sockets[at]!.take("deliver")
      if (operation.type === "deliver") served.add(`${at}/${operation.sub}`)
    }
    expect(served.size).toBe(3)
    expect(await queue.statistics()).toMatchObject({ inFlight: 3, ready: 0 })
    // nothing was written for any subscription
    expect((await queue.cost()).commits).toBe(1)
  })

  it("[W66] [W26] are served in turn, also by a queue that sleeps between its messages", async () => {
    const queue = await QueueScene.open()
    const sockets = await subscribeAll(queue, 2 * MAX_SUBSCRIPTIONS_PER_OBJECT)
    const random = vi.spyOn(Math, "random")
    const served: number[] = []
    for (const part of [0, 0.999, 0.25]) {
      random.mockReturnValue(part)
      await queue.evict()
      await queue.send("a")
      await expect.poll(() => sockets.some((socket) => socket.has("deliver"))).toBe(true)
      const at = sockets.findIndex((socket) => socket.has("deliver"))
      await sockets[at]!.take("deliver")
      served.push(at)
    }
    expect(served[1]).not.toBe(served[0])
    expect(served[2]).toBe(served[0])
    random.mockRestore()
  })
})
