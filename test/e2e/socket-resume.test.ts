import { describe, expect, it } from "vitest"
import type { Frame, SocketClient } from "../support/socket-client.ts"
import { bodies, numbered, problemCode, receipts, SocketScene } from "../support/socket-scene.ts"

const scene = new SocketScene()

function answer(client: SocketClient, ref: number): Promise<Frame> {
  return client.take((frame) => frame["ref"] === ref)
}

/** A client that holds these messages of a queue of its own, and how its subscription may be resumed. */
async function holding(messages: readonly string[]) {
  const queue = await scene.queue({ visibilityTimeoutMs: 60_000 })
  const client = await scene.connect()
  client.send({ type: "subscribe", sub: 1, queue, credit: 100 })
  const { resume: token } = await client.takeType("subscribed")
  await scene.send(queue, messages)
  return { queue, client, token, held: await client.collect(1, messages.length) }
}

describe("coming back", () => {
  it("[W55] after a break messages go on under their receipts, and those not named come again", async () => {
    const { queue, client, token, held } = await holding(["a", "b", "c"])
    client.terminate()
    const next = await scene.connect()
    const kept = receipts([held[0]!, held[2]!])
    next.send({ type: "subscribe", sub: 7, queue, credit: 10, resume: { token, receipts: kept } })
    const begun = await next.take(({ type }) => type !== "ping")
    expect(begun).toEqual({ type: "subscribed", sub: 7, resume: token, held: 2 })
    const [again] = await next.collect(7, 1)
    expect(again).toMatchObject({ body: "b", deliveryCount: 1 })
    next.send({ type: "ack", ref: 1, sub: 7, receipts: [...receipts(held), again!["receipt"]] })
    expect((await answer(next, 1))["results"]).toMatchObject([
      { ok: true },
      { problem: { code: "receipt_expired" } },
      { ok: true },
      { ok: true },
    ])
    expect(await scene.inFlight(queue)).toBe(0)
  })

  it("[W55] break after break nothing is lost, nor delivered twice", async () => {
    const queue = await scene.queue({ visibilityTimeoutMs: 60_000 })
    const bodiesSent = numbered(60)
    await scene.send(queue, bodiesSent)
    const seen: Frame[] = []
    let open: Frame[] = []
    let token: unknown
    for (let round = 0; round < 6; round++) {
      const client = await scene.connect()
      const resume = token === undefined ? {} : { resume: { token, receipts: receipts(open) } }
      client.send({ type: "subscribe", sub: round, queue, credit: 10, ...resume })
      const begun = await client.takeType("subscribed")
      if (token !== undefined) expect(begun["held"]).toBe(open.length)
      token = begun["resume"]
      const fresh = await client.collect(round, 10)
      seen.push(...fresh)
      client.send({ type: "ack", ref: 1, sub: round, receipts: receipts([...open, ...fresh.slice(5)]) })
      await answer(client, 1)
      open = fresh.slice(0, 5)
      client.terminate()
    }
    expect(bodies(seen)).toEqual(bodiesSent)
    expect(seen.every((message) => message["deliveryCount"] === 1)).toBe(true)
  })

  it("[W56] with nothing left it begins like any other", async () => {
    const { queue, client, token, held } = await holding(["a"])
    await client.close()
    const next = await scene.connect()
    next.send({ type: "subscribe", sub: 1, queue, credit: 10, resume: { token, receipts: receipts(held) } })
    expect(await next.takeType("subscribed")).toMatchObject({ held: 0 })
    expect(await next.collect(1, 1)).toMatchObject([{ body: "a", deliveryCount: 1 }])
    next.send({ type: "subscribe", sub: 2, queue, credit: 10, resume: { token: "x", receipts: [] } })
    const refused = await next.takeType("error")
    expect(refused).toMatchObject({ sub: 2, problem: { code: "invalid_field", pointer: "/resume/token" } })
  })

  it("[W57] is taken from a socket that is still open", async () => {
    const { queue, client, token, held } = await holding(["a"])
    const next = await scene.connect()
    next.send({ type: "subscribe", sub: 1, queue, credit: 10, resume: { token, receipts: receipts(held) } })
    expect(await next.takeType("subscribed")).toMatchObject({ held: 1 })
    const ended = await client.takeType("unsubscribed")
    expect([ended["sub"], problemCode(ended)]).toEqual([1, "conflict"])
    await scene.send(queue, ["b"])
    expect(bodies(await next.collect(1, 1))).toEqual(["b"])
    // receipts are of the queue, whoever settles
    client.send({ type: "ack", ref: 1, queue, receipts: receipts(held) })
    expect((await answer(client, 1))["results"]).toEqual([{ ok: true }])
  })

  it("[W55] records of a share group go on, by receipts of ranges too", async () => {
    const topic = await scene.topic(2)
    const share = await scene.group({ type: "share" })
    const client = await scene.connect()
    const subscribe = { type: "subscribe", topic, partition: 1, share, credit: 100 }
    client.send({ ...subscribe, sub: 1 })
    const { resume: token } = await client.takeType("subscribed")
    await scene.append(
      topic,
      ["a", "b", "c"].map((body) => ({ body, partition: 1 })),
    )
    const held = await client.collect(1, 3)
    client.terminate()
    const next = await scene.connect()
    next.send({ ...subscribe, sub: 1, resume: { token, receipts: receipts(held.slice(1)) } })
    expect(await next.takeType("subscribed")).toMatchObject({ held: 2, resume: token })
    expect(await next.collect(1, 1)).toMatchObject([{ body: "a", deliveryCount: 1 }])
    next.send({ type: "ack", ref: 1, sub: 1, receipts: receipts(held.slice(1)) })
    expect((await answer(next, 1))["results"]).toEqual([{ ok: true }, { ok: true }])
  })

  it("[W59] a member goes on with what it has", async () => {
    const topic = await scene.topic(2)
    const group = await scene.group()
    const client = await scene.connect()
    client.send({ type: "join", sub: 1, group, topics: [topic] })
    const { memberId } = await client.takeType("joined")
    const has = (frame: Frame): boolean =>
      frame["type"] === "assignment" && (frame["assigned"] as unknown[]).length === 2
    const { assigned } = await client.take(has)
    client.terminate()
    const next = await scene.connect()
    next.send({ type: "join", sub: 2, group, memberId })
    expect(await next.takeType("joined")).toMatchObject({ sub: 2, memberId })
    expect(await next.takeType("assignment")).toMatchObject({ assigned, lost: [] })
    next.send({ type: "leave", sub: 2 })
    await next.takeType("left")
    next.send({ type: "join", sub: 2, group, memberId })
    expect(problemCode(await next.takeType("error"))).toBe("not_found")
    next.send({ type: "ping" })
    await next.takeType("pong")
  })
})

describe("draining", () => {
  it("[W60] what was delivered is kept, and nothing more comes", async () => {
    const { queue, client, held } = await holding(["a", "b"])
    client.send({ type: "drain", sub: 1 })
    expect(await client.takeType("drained")).toEqual({ type: "drained", sub: 1 })
    await scene.send(queue, ["c"])
    client.send({ type: "credit", sub: 1, credit: 200 })
    expect(await client.takeType("error")).toMatchObject({ sub: 1, problem: { code: "invalid_field" } })
    client.send({ type: "ack", ref: 1, sub: 1, receipts: receipts(held.slice(0, 1)) })
    expect((await answer(client, 1))["results"]).toEqual([{ ok: true }])
    expect(await scene.inFlight(queue)).toBe(1)
    client.send({ type: "unsubscribe", sub: 1 })
    await client.takeType("unsubscribed")
    expect(await scene.inFlight(queue)).toBe(0)
    expect(client.delivered).toEqual([])
  })
})

describe("questions", () => {
  it("[W54] a topic is described as it is, and a producer gets an id and epochs", async () => {
    const topic = await scene.topic(3)
    const client = await scene.connect()
    client.send({ type: "describe", ref: 1, topic })
    expect(await answer(client, 1)).toEqual({ type: "described", ref: 1, partitions: 3 })
    await scene.call("PUT", `/v1/topics/${topic}`, { partitions: 5 })
    client.send({ type: "describe", ref: 2, topic })
    expect(await answer(client, 2)).toEqual({ type: "described", ref: 2, partitions: 5 })
    client.send({ type: "open-producer", ref: 3, name: topic })
    const first = await answer(client, 3)
    client.send({ type: "open-producer", ref: 4, name: topic })
    const second = await answer(client, 4)
    expect(first["type"]).toBe("producer")
    expect(second).toEqual({ ...first, ref: 4, epoch: (first["epoch"] as number) + 1 })
    client.send({ type: "describe", ref: 5, topic: "none" })
    expect(problemCode(await answer(client, 5))).toBe("not_found")
  })
})
