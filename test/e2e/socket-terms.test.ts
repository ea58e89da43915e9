import { describe, expect, it } from "vitest"
import type { Frame } from "../support/socket-client.ts"
import { bodies, problemCode, receipts, SocketScene } from "../support/socket-scene.ts"

const scene = new SocketScene()
const POLL = { timeout: 15_000 }

interface View {
  readonly statistics: Readonly<Record<string, number>>
}

async function statistics(queue: string): Promise<Readonly<Record<string, number>>> {
  return ((await scene.call("GET", `/v1/queues/${queue}`)) as View).statistics
}

function idsOf(confirm: Frame): unknown[] {
  return (confirm["results"] as Frame[]).map((result) => result["id"])
}

describe("publishing", () => {
  it("[W27] with times, ids and groups, as over HTTP", async () => {
    const queue = await scene.queue({ fair: true })
    const client = await scene.connect()
    const dueAt = Date.now() + 1_000
    const messages = [
      { body: "later", deliverAt: dueAt },
      { body: "now", dedupId: "d", groupId: "g", ttlMs: 600_000 },
      { body: "again", dedupId: "d" },
    ]
    client.send({ type: "publish", ref: 1, queue, messages })
    const [later, now, again] = idsOf(await client.takeType("confirm"))
    expect(again).toBe(now)
    expect(later).not.toBe(now)
    client.send({ type: "subscribe", sub: 1, queue, credit: 10 })
    const [first, second] = await client.collect(1, 2)
    expect(first).toMatchObject({ id: now, body: "now", groupId: "g" })
    expect(second).toMatchObject({ id: later, body: "later" })
    expect(Date.now()).toBeGreaterThanOrEqual(dueAt - 1)
  })

  it("[W4] single messages of one burst each get the id that is theirs, also where one repeats another", async () => {
    const queue = await scene.queue()
    const client = await scene.connect()
    const dedupIds = ["x", "y", "x", "z"]
    client.send(
      dedupIds.map((dedupId, ref) => ({ type: "publish", ref, queue, messages: [{ body: dedupId, dedupId }] })),
    )
    const ids: unknown[] = []
    for (const ref of dedupIds.keys()) {
      ids.push(idsOf(await client.take((frame) => frame["type"] === "confirm" && frame["ref"] === ref))[0])
    }
    expect(ids[2]).toBe(ids[0])
    expect(new Set(ids).size).toBe(3)
    client.send({ type: "subscribe", sub: 1, queue, credit: 10 })
    expect((await client.collect(1, 3)).map(({ id }) => id)).toEqual([ids[0], ids[1], ids[3]])
  })

  it("[W27] [W6] by content, in order with what comes before and after", async () => {
    const queue = await scene.queue({ contentDeduplication: true })
    const client = await scene.connect()
    const publish = (ref: number, ...texts: string[]) => {
      const named = texts.map((body) => (body === "named" ? { body, dedupId: "n" } : { body }))
      client.send({ type: "publish", ref, queue, messages: named })
    }
    publish(1, "a", "b")
    publish(2, "named")
    publish(3, "b", "c")
    const confirms = [
      await client.takeType("confirm"),
      await client.takeType("confirm"),
      await client.takeType("confirm"),
    ]
    expect(confirms.map(({ ref }) => ref)).toEqual([1, 2, 3])
    const [[, b], , [repeated]] = confirms.map(idsOf) as [unknown[], unknown[], unknown[]]
    expect(repeated).toBe(b)
    client.send({ type: "subscribe", sub: 1, queue, credit: 10 })
    expect(bodies(await client.collect(1, 4))).toEqual(["a", "b", "named", "c"])
    expect(await statistics(queue)).toMatchObject({ sent: 4, deduplicated: 1 })
  })

  it.each([
    [{ ordering: "fifo" }, { body: 1, groupId: "g", delayMs: 1 }, "/messages/0/delayMs"],
    [{ dedupWindowMs: 0 }, { body: 1, dedupId: "d" }, "/messages/0/dedupId"],
    [{}, { body: 1, groupId: "g" }, "/messages/0/groupId"],
    [{}, { body: 1, ttlMs: 0 }, "/messages/0/ttlMs"],
  ])("[W8] [W3] a queue with %j refuses %j at %s", async (settings, message, pointer) => {
    const queue = await scene.queue(settings)
    const client = await scene.connect()
    client.send({ type: "publish", ref: 1, queue, messages: [message] })
    expect(await client.takeType("error")).toMatchObject({ ref: 1, problem: { code: "invalid_field", pointer } })
    expect(await statistics(queue)).toMatchObject({ sent: 0 })
  })

  it("[W4] to a queue that is full or paused is told so", async () => {
    const queue = await scene.queue({ maxMessages: 1 })
    const client = await scene.connect()
    client.send({ type: "publish", ref: 1, queue, messages: [{ body: 1 }, { body: 2 }] })
    const { results } = await client.takeType("confirm")
    expect(results).toMatchObject([{ id: /-/ }, { problem: { code: "queue_full", status: 429 } }])
    const paused = await scene.queue({ sendingPaused: true })
    client.send({ type: "publish", ref: 2, queue: paused, messages: [{ body: 1 }] })
    expect(problemCode(await client.takeType("error"))).toBe("queue_paused")
  })
})

describe("receipts", () => {
  it("[W17] a nack without fault leaves the deliveries that a message has", async () => {
    const queue = await scene.queue({ maxDeliveries: 1 })
    await scene.send(queue, ["x"])
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue, credit: 10 })
    client.send({ type: "nack", ref: 1, sub: 1, receipts: receipts(await client.collect(1, 1)), fault: false })
    const again = await client.collect(1, 1)
    expect(bodies(again)).toEqual(["x"])
    client.send({ type: "nack", ref: 2, sub: 1, entries: [{ receipt: again[0]!["receipt"], fault: true }] })
    await expect.poll(() => statistics(queue), POLL).toMatchObject({ ready: 0, inFlight: 0, dropped: 1 })
  })
})

describe("subscriptions", () => {
  it("[W11] of a queue with a single active consumer take turns", async () => {
    const queue = await scene.queue({ singleActiveConsumer: true })
    const [first, second] = [await scene.connect(), await scene.connect()]
    first.send({ type: "subscribe", sub: 1, queue, credit: 10 })
    await first.takeType("subscribed")
    second.send({ type: "subscribe", sub: 1, queue, credit: 10 })
    await second.takeType("subscribed")
    await scene.send(queue, ["a", "b"])
    expect(bodies(await first.collect(1, 2))).toEqual(["a", "b"])
    expect(second.delivered).toEqual([])
    await first.close()
    expect(bodies(await second.collect(1, 2))).toEqual(["a", "b"])
  })

  it("[W11] get nothing while delivery is paused, and go on afterwards", async () => {
    const queue = await scene.queue({ deliveryPaused: true })
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue, credit: 10 })
    await client.takeType("subscribed")
    await scene.send(queue, ["a"])
    expect(await statistics(queue)).toMatchObject({ ready: 1, inFlight: 0 })
    await scene.call("PUT", `/v1/queues/${queue}`, { deliveryPaused: false })
    expect(bodies(await client.collect(1, 1))).toEqual(["a"])
  })
})
