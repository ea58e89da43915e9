import { beforeEach, describe, expect, it } from "vitest"
import { RESUME_GRACE_MS } from "../../src/core/limits.ts"
import type { Delivery } from "../../src/core/log/types.ts"
import type { ShareSettings } from "../../src/core/stream/share/commands.ts"
import type { ResumedLeases } from "../../src/protocol/internal/frames.ts"
import type { ObjectSocket } from "./object-socket.ts"
import { bodies, pass, stopClock } from "./queue-scene.ts"
import { ShareObjectScene } from "./share-scene.ts"

beforeEach(stopClock)

/** A partition whose share group `g` has a subscription that holds these records; keys are their first characters. */
async function holding(records: readonly string[], settings: Partial<ShareSettings> = {}) {
  const scene = await ShareObjectScene.open()
  await scene.share("g", { lockDurationMs: 3_600_000, ...settings })
  const { socket, consumer } = await scene.subscribe("g")
  await scene.appendKeyed(
    records,
    records.map((record) => record[0]!),
  )
  return { scene, socket, consumer, held: await socket.takeDeliveries(records.length) }
}

/** Goes on with these records. */
function resumeOf({ incarnation }: ShareObjectScene, consumer: number, held: readonly Delivery[]): ResumedLeases {
  return { consumer, incarnation, held: held.map(({ offset, attempt }) => [offset, attempt, 1]) }
}

/** Closes a socket that holds something, and waits until the object knows. */
async function breakOff(scene: ShareObjectScene, socket: ObjectSocket): Promise<void> {
  socket.close()
  await expect.poll(() => scene.alarmAt(), { timeout: 10_000 }).toBe(Date.now() + RESUME_GRACE_MS)
}

async function comeBack(scene: ShareObjectScene, consumer: number, held: readonly Delivery[], group = "g") {
  return scene.subscribe(group, { resume: resumeOf(scene, consumer, held) })
}

describe("locks of a socket that broke", () => {
  it("[W55] [W48] go on where they are named, through an eviction, and count as no delivery", async () => {
    const { scene, socket, consumer, held } = await holding(["r0", "r1", "r2"])
    await breakOff(scene, socket)
    await scene.evict()
    const next = await comeBack(scene, consumer, [held[0]!, held[2]!])
    expect(next).toMatchObject({ consumer, held: 2 })
    expect(await next.socket.takeDeliveries()).toMatchObject([{ offset: 1, attempt: 2, deliveryCount: 1 }])
    pass(RESUME_GRACE_MS)
    await scene.runDueAlarms()
    expect(await scene.statistics("g")).toMatchObject({ locked: 3 })
    next.socket.send({ type: "bye" })
    next.socket.send({ type: "unsubscribe", sub: 1 })
    await next.socket.take("ended")
    expect(await scene.statistics("g")).toMatchObject({ locked: 0, available: 3 })
  })

  it("[W55] are named by ranges too", async () => {
    const { scene, socket, consumer } = await holding(["r0", "r1", "r2", "r3"])
    await breakOff(scene, socket)
    const { incarnation } = scene
    const resume: ResumedLeases = { consumer, incarnation, held: [[1, 1, 3]] }
    const next = await scene.subscribe("g", { resume })
    expect(next.held).toBe(3)
    expect(bodies(await next.socket.takeDeliveries())).toEqual(["r0"])
  })

  it("[W55] in the order of keys the later ones of a key go back with the first that is not named", async () => {
    const { scene, socket, consumer, held } = await holding(["a0", "a1", "a2", "b0"], { ordering: "key" })
    await breakOff(scene, socket)
    const kept = held.filter((delivery) => bodies([delivery])[0] !== "a1")
    const next = await comeBack(scene, consumer, kept)
    expect(next.held).toBe(2)
    expect(bodies(await next.socket.takeDeliveries(2))).toEqual(["a1", "a2"])
  })

  it("[W57] [W26] are taken from a socket that seems open, which brings nothing back", async () => {
    const { scene, socket, consumer, held } = await holding(["r0"])
    const next = await comeBack(scene, consumer, held)
    expect(next).toMatchObject({ consumer, held: 1 })
    expect((await socket.take("ended")).operation).toMatchObject({ sub: 1, failure: { code: "conflict" } })
    await scene.evict()
    socket.close()
    pass(RESUME_GRACE_MS)
    await scene.runDueAlarms()
    await scene.append("r1")
    expect(bodies(await next.socket.takeDeliveries())).toEqual(["r1"])
    expect(await scene.statistics("g")).toMatchObject({ locked: 2 })
  })
})

describe("nothing is left to take over", () => {
  it("[W56] once the grace is over, or of another life of the topic", async () => {
    const { scene, socket, consumer, held } = await holding(["r0"])
    const resume = { ...resumeOf(scene, consumer, held), incarnation: scene.incarnation + 1 }
    const other = await scene.subscribe("g", { credit: 0, resume })
    expect(other.held).toBe(0)
    expect(other.consumer).not.toBe(consumer)
    await breakOff(scene, socket)
    pass(RESUME_GRACE_MS)
    const next = await comeBack(scene, consumer, held)
    expect(next.held).toBe(0)
    expect(await next.socket.takeDeliveries()).toMatchObject([{ attempt: 2, deliveryCount: 1 }])
  })

  it("[W56] of a group that was created anew", async () => {
    const { scene, socket, consumer, held } = await holding(["r0"])
    await scene.share("g", { lockDurationMs: 3_600_000 }, 2)
    expect((await socket.take("ended")).operation).toMatchObject({ failure: { code: "not_found" } })
    const next = await comeBack(scene, consumer, held)
    expect(next.held).toBe(0)
    expect(await next.socket.takeDeliveries()).toMatchObject([{ attempt: 1, deliveryCount: 1 }])
  })

  it("[W56] of another group, whose locks stay where they are", async () => {
    const { scene, socket, consumer, held } = await holding(["r0"])
    await scene.share("h", { lockDurationMs: 3_600_000 })
    const next = await comeBack(scene, consumer, held, "h")
    expect(next.held).toBe(0)
    expect(next.consumer).not.toBe(consumer)
    expect(bodies(await next.socket.takeDeliveries())).toEqual(["r0"])
    await scene.append("r1")
    expect(bodies(await socket.takeDeliveries())).toEqual(["r1"])
    expect(await scene.statistics("g")).toMatchObject({ locked: 2 })
  })
})

describe("draining", () => {
  it("[W60] ends deliveries of a share group and keeps its locks", async () => {
    const { scene, socket } = await holding(["r0"])
    socket.send({ type: "drain", sub: 1 })
    await socket.take("drained")
    await scene.append("r1")
    await scene.evict()
    await scene.append("r2")
    expect(await scene.statistics("g")).toMatchObject({ locked: 1, available: 2 })
    expect(socket.has("deliver")).toBe(false)
  })

  it("[W60] ends what a reader is sent", async () => {
    const { scene, socket } = await holding([])
    const granted = { grantedMessages: 10, grantedBytes: 1_000_000 }
    socket.send({ type: "subscribe-partition", sub: 2, from: 0, ...granted })
    await scene.append("r0")
    await socket.take("rows")
    socket.send({ type: "drain", sub: 2 })
    expect((await socket.take("drained")).operation).toEqual({ type: "drained", sub: 2 })
    await scene.append("r1")
    await scene.evict()
    await scene.append("r2")
    expect(bodies(await socket.takeDeliveries(3))).toEqual(["r0", "r1", "r2"])
    expect(socket.has("rows")).toBe(false)
  })
})
