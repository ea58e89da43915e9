import { beforeEach, describe, expect, it } from "vitest"
import { bodies, stopClock } from "./queue-scene.ts"
import { breakOff, comeBack, holding } from "./resume-scene.ts"

beforeEach(stopClock)

describe("draining", () => {
  it("[W60] ends deliveries and keeps leases, also through evictions", async () => {
    const { queue, socket, held } = await holding(["a", "b"])
    socket.send({ type: "drain", sub: 1 })
    expect((await socket.take("drained")).operation).toEqual({ type: "drained", sub: 1 })
    await queue.send("c")
    await queue.evict()
    await queue.send("d")
    expect(await queue.statistics()).toMatchObject({ inFlight: 2, ready: 2 })
    expect(socket.has("deliver")).toBe(false)
    expect(await queue.ack(held[0]!)).toEqual([null])
    socket.send({ type: "drain", sub: 1 })
    await socket.take("drained")
    socket.send({ type: "unsubscribe", sub: 1 })
    await socket.take("ended")
    expect(await queue.statistics()).toMatchObject({ inFlight: 0, ready: 3 })
  })

  it("[W60] comes behind what was on its way", async () => {
    const { queue, socket } = await holding(["a"])
    await queue.send("b")
    socket.send({ type: "drain", sub: 1 })
    await socket.take("drained")
    expect(bodies(await socket.takeDeliveries())).toEqual(["b"])
    // of a subscription that is not there nothing is said
    socket.send({ type: "drain", sub: 9 })
    await socket.bye()
    expect(socket.has("drained")).toBe(false)
  })

  it("[W55] [W60] one that was drained may be resumed, and is served again", async () => {
    const { queue, socket, consumer, held } = await holding(["a"])
    socket.send({ type: "drain", sub: 1 })
    await socket.take("drained")
    await queue.send("b")
    await breakOff(queue, socket)
    const next = await comeBack(queue, consumer, held)
    expect(bodies(await next.socket.takeDeliveries())).toEqual(["b"])
  })
})
