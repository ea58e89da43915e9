import { abortAllDurableObjects } from "cloudflare:test"
import { beforeEach, describe, expect, it } from "vitest"
import { RESUME_GRACE_MS } from "../../src/core/limits.ts"
import { ObjectSocket } from "./object-socket.ts"
import { bodies, pass, QueueScene, stopClock } from "./queue-scene.ts"
import { breakOff, comeBack, holding, INCARNATION, resumeOf } from "./resume-scene.ts"

beforeEach(stopClock)

describe("leases of a socket that broke", () => {
  it("[W55] go on where they are named, the others go back; nothing counts as a delivery", async () => {
    const { queue, socket, consumer, held } = await holding(["a", "b", "c"])
    await breakOff(queue, socket)
    pass(RESUME_GRACE_MS - 1)
    const next = await comeBack(queue, consumer, [held[0]!, held[2]!])
    expect(next).toMatchObject({ consumer, held: 2 })
    expect(await next.socket.takeDeliveries()).toMatchObject([{ attempt: 2, deliveryCount: 1 }])
    expect(await queue.ack(held[0]!, held[1]!, held[2]!)).toEqual([null, "receipt_expired", null])
    // the grace is forgotten
    pass(RESUME_GRACE_MS)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ inFlight: 1, ready: 0 })
  })

  it("[W55] totals begin anew, and deadlines and settings do not", async () => {
    const { queue, socket, consumer, held } = await holding(["a", "b"], { visibilityTimeoutMs: 10_000 })
    await breakOff(queue, socket)
    const next = await ObjectSocket.open(queue)
    await next.subscribe({ ...resumeOf(consumer, held), grantedMessages: 1 })
    await queue.send("c", "d")
    expect(bodies(await next.takeDeliveries())).toEqual(["c"])
    pass(10_000)
    await queue.runDueAlarms()
    next.send({ type: "credit", sub: 1, grantedMessages: 10, grantedBytes: 1_000_000 })
    const again = await next.takeDeliveries(4)
    expect(again.map(({ deliveryCount }) => deliveryCount)).toEqual([2, 2, 2, 1])
  })

  it("[W55] [W26] through an eviction in between, and after it", async () => {
    const { queue, socket, consumer, held } = await holding(["a", "b"])
    await breakOff(queue, socket)
    await queue.evict()
    const next = await comeBack(queue, consumer, [held[0]!])
    expect(next.held).toBe(1)
    expect(bodies(await next.socket.takeDeliveries())).toEqual(["b"])
    await queue.evict()
    pass(RESUME_GRACE_MS)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ inFlight: 2 })
    await next.socket.bye()
    expect(await queue.statistics()).toMatchObject({ inFlight: 0, ready: 2 })
  })

  it("[W55] [W21] of an object that crashed", async () => {
    const { queue, consumer, held } = await holding(["a", "b"])
    await abortAllDurableObjects()
    const next = await comeBack(queue, consumer, held)
    expect(next).toMatchObject({ consumer, held: 2 })
    expect(await queue.ack(...held)).toEqual([null, null])
  })

  it("[W55] cost no row where all of them go on", async () => {
    const { queue, socket, consumer, held } = await holding(["a", "b"])
    await breakOff(queue, socket)
    const before = await queue.cost()
    expect((await comeBack(queue, consumer, held)).held).toBe(2)
    const { commits } = await queue.cost()
    expect(commits).toBe(before.commits)
  })

  it("[W55] [W15] a receipt that was settled meanwhile, or is named twice, is not held", async () => {
    const { queue, socket, consumer, held } = await holding(["a", "b"])
    await breakOff(queue, socket)
    await queue.ack(held[0]!)
    expect(await comeBack(queue, consumer, [...held, ...held])).toMatchObject({ consumer, held: 1 })
  })

  it("[W55] one that has run out counts as a delivery", async () => {
    const { queue, socket, consumer, held } = await holding(["a"], { visibilityTimeoutMs: 1000 })
    socket.close()
    pass(1000)
    const next = await comeBack(queue, consumer, held)
    expect(next.held).toBe(0)
    expect(await next.socket.takeDeliveries()).toMatchObject([{ attempt: 2, deliveryCount: 2 }])
  })

  it("[W55] in message groups the later ones of a group go back with the first that is not named", async () => {
    const messages = ["a1", "a2", "a3", "b1"].map((body) => ({ body, group: body[0]! }))
    const { queue, socket, consumer, held } = await holding(messages, { ordering: "fifo" })
    await breakOff(queue, socket)
    const kept = held.filter((_, index) => index !== 1)
    const next = await comeBack(queue, consumer, kept)
    expect(next.held).toBe(2)
    expect(bodies(await next.socket.takeDeliveries(2))).toEqual(["a2", "a3"])
    const other = await ObjectSocket.open(queue)
    await other.subscribe()
    await queue.send({ body: "b2", group: "b" }, { body: "c1", group: "c" })
    // the groups stay with whoever held them
    const more = [...bodies(await next.socket.takeDeliveries()), ...bodies(await other.takeDeliveries())]
    expect(more.toSorted()).toEqual(["b2", "c1"])
    expect(await queue.ack(held[0]!, held[3]!)).toEqual([null, null])
  })

  it("[W55] [Q18] the single active consumer stays active", async () => {
    const { queue, socket, consumer, held } = await holding(["a"], { singleActiveConsumer: true })
    const second = await ObjectSocket.open(queue)
    await second.subscribe()
    await breakOff(queue, socket)
    pass(1)
    const next = await comeBack(queue, consumer, held)
    await queue.ack(...held)
    await queue.evict()
    await queue.send("b")
    expect(bodies(await next.socket.takeDeliveries())).toEqual(["b"])
    expect(second.has("deliver")).toBe(false)
  })
})

describe("nothing is left to take over", () => {
  it("[W56] once the grace is over", async () => {
    const { queue, socket, consumer, held } = await holding(["a"])
    await breakOff(queue, socket)
    pass(RESUME_GRACE_MS)
    const next = await comeBack(queue, consumer, held)
    expect(next.held).toBe(0)
    expect(next.consumer).not.toBe(consumer)
    expect(await next.socket.takeDeliveries()).toMatchObject([{ attempt: 2, deliveryCount: 1 }])
  })

  it("[W56] [W19] of one that said goodbye, held nothing, or never was", async () => {
    const { queue, socket, consumer, held } = await holding(["a"])
    await socket.bye()
    expect((await comeBack(queue, consumer, held)).held).toBe(0)
    const idle = await ObjectSocket.open(queue)
    const { consumer: idleConsumer } = await idle.subscribe({ grantedMessages: 0 })
    idle.close()
    expect((await comeBack(queue, idleConsumer, [])).held).toBe(0)
    expect((await comeBack(queue, 99, held)).held).toBe(0)
  })

  it("[W56] of a queue of another life", async () => {
    const { queue, socket, consumer, held } = await holding(["a"])
    await breakOff(queue, socket)
    const next = await ObjectSocket.open(queue)
    const begun = await next.subscribe(resumeOf(consumer, held, INCARNATION + 1))
    expect(begun.held).toBe(0)
    expect(begun.consumer).not.toBe(consumer)
    expect(await queue.statistics()).toMatchObject({ inFlight: 1 })
  })

  it("[W56] [W24] of a receive that waits: its leases are nobody's", async () => {
    const queue = await QueueScene.open()
    const waiting = await ObjectSocket.open(queue)
    const { consumer } = await waiting.subscribe({ detached: true })
    await queue.send("a")
    const held = await waiting.takeDeliveries()
    expect((await comeBack(queue, consumer, held)).held).toBe(0)
    await queue.send("b")
    expect(waiting.has("ended")).toBe(false)
    expect(await queue.ack(...held)).toEqual([null])
  })
})

describe("a subscription whose socket seems open", () => {
  it("[W57] is taken from there, and its end is told", async () => {
    const { queue, socket, consumer, held } = await holding(["a", "b"])
    const next = await comeBack(queue, consumer, [held[0]!])
    expect(next).toMatchObject({ consumer, held: 1 })
    expect((await socket.take("ended")).operation).toMatchObject({ sub: 1, failure: { code: "conflict" } })
    await next.socket.takeDeliveries()
    await queue.send("c")
    expect(bodies(await next.socket.takeDeliveries())).toEqual(["c"])
    expect(socket.has("deliver")).toBe(false)
  })

  it("[W57] the end of the old socket takes nothing along, nor does what it still says", async () => {
    const { queue, socket, consumer, held } = await holding(["a"])
    const next = await comeBack(queue, consumer, held)
    socket.send({ type: "credit", sub: 1, grantedMessages: 100, grantedBytes: 1_000_000 })
    socket.send({ type: "unsubscribe", sub: 1 })
    await socket.bye()
    socket.close()
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ inFlight: 1 })
    pass(RESUME_GRACE_MS)
    await queue.runDueAlarms()
    expect(await queue.statistics()).toMatchObject({ inFlight: 1 })
    await queue.send("b")
    expect(bodies(await next.socket.takeDeliveries())).toEqual(["b"])
  })

  it("[W26] [W57] is not brought back by an eviction while both sockets are open", async () => {
    const { queue, socket, consumer, held } = await holding(["a"])
    const next = await comeBack(queue, consumer, held)
    await queue.evict()
    await queue.send("b", "c", "d")
    expect(bodies(await next.socket.takeDeliveries(3))).toEqual(["b", "c", "d"])
    expect(socket.has("deliver")).toBe(false)
    // its number is free again
    await socket.subscribe()
  })

  it("[W57] who resumes last has it", async () => {
    const { queue, socket, consumer, held } = await holding(["a"])
    await breakOff(queue, socket)
    const second = await comeBack(queue, consumer, held)
    const third = await comeBack(queue, consumer, held)
    expect([second.held, third.held]).toEqual([1, 1])
    expect((await second.socket.take("ended")).operation).toMatchObject({ failure: { code: "conflict" } })
    await queue.send("b")
    expect(bodies(await third.socket.takeDeliveries())).toEqual(["b"])
  })

  it("[W57] may be resumed over the same socket", async () => {
    const { queue, socket, consumer, held } = await holding(["a"])
    expect(await socket.subscribe({ sub: 2, ...resumeOf(consumer, held) })).toMatchObject({ consumer, held: 1 })
    expect((await socket.take("ended")).operation).toMatchObject({ sub: 1 })
    await queue.send("b")
    expect((await socket.take("deliver")).operation).toMatchObject({ sub: 2 })
  })
})
