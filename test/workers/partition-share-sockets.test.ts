import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test"
import { beforeEach, describe, expect, it } from "vitest"
import { MAX_PENDING_COMMANDS, MAX_SUBSCRIPTIONS_PER_OBJECT, RESUME_GRACE_MS } from "../../src/core/limits.ts"
import type { PartitionObject } from "../../src/objects/partition-object.ts"
import { ObjectSocket } from "./object-socket.ts"
import { bodies, pass, stopClock } from "./queue-scene.ts"
import { ShareObjectScene } from "./share-scene.ts"

beforeEach(stopClock)

/** A partition with a share group whose locks outlast every test. */
async function sharedPartition(): Promise<ShareObjectScene> {
  const scene = await ShareObjectScene.open()
  await scene.share("g", { lockDurationMs: 3_600_000 })
  return scene
}

/** Closes a socket that holds something, and waits until the object knows. */
async function breakOff(scene: ShareObjectScene, socket: ObjectSocket): Promise<void> {
  socket.close()
  await expect.poll(() => scene.alarmAt(), { timeout: 10_000 }).toBe(Date.now() + RESUME_GRACE_MS)
}

describe("a share group's subscriptions", () => {
  it("[P26] [P28] get records in turn, through evictions", async () => {
    const scene = await sharedPartition()
    const [first, second] = [await scene.subscribe("g"), await scene.subscribe("g")]
    await scene.append("r0", "r1", "r2")
    expect(bodies(await first.socket.takeDeliveries(2))).toEqual(["r0", "r1"])
    expect(bodies(await second.socket.takeDeliveries(1))).toEqual(["r2"])
    await scene.append("r3")
    expect(bodies(await first.socket.takeDeliveries())).toEqual(["r3"])
    await scene.evict()
    await scene.append("r4", "r5")
    // whose turn it is was forgotten, and each gets a share all the same
    const shares = [await first.socket.takeDeliveries(), await second.socket.takeDeliveries()]
    expect(shares.flatMap(bodies).toSorted()).toEqual(["r4", "r5"])
  })

  it("[P26] [P28] get no more than their credit, whatever the object forgets", async () => {
    const scene = await sharedPartition()
    const { socket } = await scene.subscribe("g", { credit: 2 })
    await scene.append("r0", "r1", "r2", "r3")
    expect(bodies(await socket.takeDeliveries(2))).toEqual(["r0", "r1"])
    await scene.evict()
    await scene.append("r4")
    expect(await scene.statistics("g")).toMatchObject({ locked: 2, available: 3 })
    expect(socket.has("deliver")).toBe(false)
    socket.send({ type: "credit", sub: 1, grantedMessages: 4, grantedBytes: 1_000_000 })
    expect(bodies(await socket.takeDeliveries(2))).toEqual(["r2", "r3"])
  })

  it("[P5] [P8] [P9] settle over the socket, records and ranges", async () => {
    const scene = await sharedPartition()
    const { socket, stateId } = await scene.subscribe("g")
    await scene.append("r0", "r1", "r2")
    const deliveries = await socket.takeDeliveries(3)
    const terms = scene.termsOf("g")
    const receipt = { ...scene.receipt("g", { ...deliveries[0]!, stateId }), count: 4 }
    socket.send({ type: "settle-share", ref: 7, terms, settlements: [{ kind: "ack", receipt }] })
    expect((await socket.take("share-settled")).operation).toEqual({
      type: "share-settled",
      ref: 7,
      outcomes: [{ settled: 3, expired: 1 }],
    })
    socket.send({ type: "settle-share", ref: 8, terms: { ...terms, group: "other" }, settlements: [] })
    expect((await socket.take("failed")).operation).toMatchObject({ refs: [8], failure: { code: "share_not_open" } })
    expect(await scene.statistics("g")).toMatchObject({ accepted: 3, locked: 0 })
  })

  it("[P4] [P29] begin where the group has begun, and end with it", async () => {
    const scene = await sharedPartition()
    const { socket } = await scene.subscribe("g")
    const terms = { ...scene.termsOf("g"), group: "other" }
    const wanted = { lockDurationMs: null, grantedMessages: 1, grantedBytes: 100, detached: false }
    socket.send({ type: "subscribe-share", sub: 2, terms, ...wanted })
    expect((await socket.take("failed")).operation).toMatchObject({ sub: 2, failure: { code: "share_not_open" } })
    socket.send({ type: "subscribe-share", sub: 1, terms: scene.termsOf("g"), ...wanted })
    expect((await socket.take("failed")).operation).toMatchObject({ sub: 1, failure: { code: "conflict" } })
    await scene.evict()
    await scene.stub.forgetGroup("g", 1)
    expect((await socket.take("ended")).operation).toMatchObject({
      sub: 1,
      failure: { code: "not_found", resource: "group", name: "g" },
    })
    await scene.share("g", {}, 2)
    await scene.subscribe("g", { socket })
    await scene.append("r0")
    expect(bodies(await socket.takeDeliveries())).toEqual(["r0"])
  })

  it("[P27] give back at once what they hold when they end, and when the client says goodbye", async () => {
    const scene = await sharedPartition()
    const { socket } = await scene.subscribe("g")
    await scene.append("r0", "r1")
    await socket.takeDeliveries(2)
    await scene.evict()
    socket.send({ type: "unsubscribe", sub: 1 })
    expect((await socket.take("ended")).operation).toMatchObject({ sub: 1, failure: null })
    expect(await scene.statistics("g")).toMatchObject({ locked: 0, available: 2 })
    await scene.subscribe("g", { socket })
    expect(await socket.takeDeliveries(2)).toMatchObject([{ attempt: 2, deliveryCount: 1 }, { attempt: 2 }])
    socket.send({ type: "bye" })
    await expect.poll(() => scene.statistics("g"), { timeout: 10_000 }).toMatchObject({ locked: 0, available: 2 })
    expect(await scene.receive("g")).toMatchObject([{ attempt: 3, deliveryCount: 1 }, { attempt: 3 }])
  })

  it("[P27] that break off leave their locks for the grace, through an eviction", async () => {
    const scene = await sharedPartition()
    const { socket } = await scene.subscribe("g")
    await scene.append("r0", "r1")
    const [first] = await socket.takeDeliveries(2)
    const { stateId } = await scene.subscribe("g", { credit: 0 })
    await breakOff(scene, socket)
    await scene.evict()
    expect(await scene.statistics("g")).toMatchObject({ locked: 2, available: 0 })
    expect(await scene.ack("g", { ...first!, stateId })).toEqual(["1/0"])
    pass(RESUME_GRACE_MS)
    await scene.runDueAlarms()
    expect(await scene.statistics("g")).toMatchObject({ locked: 0, available: 1 })
    expect(await scene.receive("g")).toMatchObject([{ offset: 1, attempt: 2, deliveryCount: 1 }])
  })

  it("[P27] give back after the grace although the object was overloaded when their socket broke", async () => {
    const scene = await sharedPartition()
    const { socket } = await scene.subscribe("g")
    await scene.append("r0")
    await socket.takeDeliveries()
    const refused = await runInDurableObject(scene.stub, async (object: PartitionObject, state) => {
      const more = Array.from({ length: MAX_PENDING_COMMANDS + 1 }, () => object.statistics(scene.version))
      await Promise.resolve()
      object.webSocketError(state.getWebSockets()[0]!)
      return (await Promise.all(more)).filter((result) => !result.ok && result.error.code === "overloaded")
    })
    expect(refused).toHaveLength(1)
    expect(await scene.alarmAt()).toBe(Date.now() + RESUME_GRACE_MS)
    pass(RESUME_GRACE_MS)
    await scene.runDueAlarms()
    expect(await scene.statistics("g")).toMatchObject({ locked: 0, available: 1 })
  })

  it("[P27] lose their sockets with an abort, and the locks wait for the grace", async () => {
    const scene = await sharedPartition()
    const { socket } = await scene.subscribe("g")
    await scene.append("r0")
    await socket.takeDeliveries()
    await abortAllDurableObjects()
    expect(await scene.statistics("g")).toMatchObject({ locked: 1 })
    pass(RESUME_GRACE_MS)
    await scene.runDueAlarms()
    expect(await scene.receive("g")).toMatchObject([{ offset: 0, attempt: 2, deliveryCount: 1 }])
  })

  it("[P27] that are detached keep their locks when they end", async () => {
    const scene = await sharedPartition()
    const { socket } = await scene.subscribe("g", { credit: 1, detached: true })
    await scene.append("r0", "r1")
    await socket.takeDeliveries()
    socket.send({ type: "unsubscribe", sub: 1 })
    await socket.take("ended")
    socket.close()
    pass(RESUME_GRACE_MS)
    await scene.runDueAlarms()
    expect(await scene.statistics("g")).toMatchObject({ locked: 1, available: 1 })
  })

  it("[P2] [P28] stand beside readers on the same socket, through an eviction", async () => {
    const scene = await sharedPartition()
    const socket = await ObjectSocket.open(scene)
    const credit = { grantedMessages: 100, grantedBytes: 1_000_000 }
    socket.send({ type: "subscribe-partition", sub: 1, from: "earliest", ...credit })
    await socket.take("subscribed")
    await scene.subscribe("g", { socket, sub: 2 })
    await scene.append("r0")
    expect((await socket.take("rows")).operation).toMatchObject({ sub: 1, nextOffset: 1 })
    expect((await socket.take("deliver")).operation).toMatchObject({ sub: 2 })
    await scene.evict()
    await scene.append("r1")
    expect((await socket.take("rows")).operation).toMatchObject({ sub: 1, fromOffset: 1, nextOffset: 2 })
    expect((await socket.take("deliver")).operation).toMatchObject({ sub: 2 })
    socket.send({ type: "unsubscribe", sub: 1 })
    await socket.take("ended")
    await scene.append("r2")
    expect((await socket.take("deliver")).operation).toMatchObject({ sub: 2 })
    socket.send({ type: "subscribe-partition", sub: 2, from: "earliest", ...credit })
    expect((await socket.take("failed")).operation).toMatchObject({ sub: 2, failure: { code: "conflict" } })
  })

  it("[P28] fit a socket's attachment, as many as one object allows", async () => {
    const scene = await sharedPartition()
    const socket = await ObjectSocket.open(scene)
    for (let sub = 1; sub <= MAX_SUBSCRIPTIONS_PER_OBJECT; sub++) await scene.subscribe("g", { socket, sub })
    const terms = scene.termsOf("g")
    const wanted = { lockDurationMs: 43_200_000, grantedMessages: 9_999, grantedBytes: 999_999_999, detached: false }
    socket.send({ type: "subscribe-share", sub: 99, terms, ...wanted })
    expect((await socket.take("failed")).operation).toMatchObject({ sub: 99, failure: { code: "invalid_request" } })
    await scene.evict()
    await scene.append(...Array.from({ length: MAX_SUBSCRIPTIONS_PER_OBJECT }, (_, index) => `r${index}`))
    expect(await socket.takeDeliveries(MAX_SUBSCRIPTIONS_PER_OBJECT)).toHaveLength(MAX_SUBSCRIPTIONS_PER_OBJECT)
    expect(await scene.statistics("g")).toMatchObject({ locked: MAX_SUBSCRIPTIONS_PER_OBJECT })
  })
})
