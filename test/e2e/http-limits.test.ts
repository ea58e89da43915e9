import { describe, expect, it } from "vitest"
import { HttpScene, problem, upTo } from "../support/http.ts"
import { SocketClient } from "../support/socket-client.ts"

const scene = new HttpScene()
const POLL = { timeout: 15_000 }
const nameOf = (path: string) => path.slice("/v1/queues/".length)

describe("a full queue", () => {
  it("[H45] refuses what does not fit, and says when to come back", async () => {
    const queue = await scene.queue({ maxMessages: 3 })
    await scene.send(queue, 1, 2)
    const messages = [{ body: 3 }, { body: 4 }, { body: 5 }]
    const sent = await scene.post(`${queue}/messages`, { messages })
    const full = { problem: { code: "queue_full", status: 429 } }
    expect(sent).toMatchObject({ status: 200, body: { messages: [{ id: /-/ }, full, full] } })
    const single = await scene.post(`${queue}/messages`, { body: 6 })
    expect(single).toMatchObject(problem(429, "queue_full"))
    expect(single.headers.get("retry-after")).toBe("1")
    const { receipt } = await scene.receiveOne(queue)
    expect((await scene.post(`${queue}/messages`, { body: 6 })).status).toBe(429)
    await scene.settle("ack", queue, { receipts: [receipt] })
    expect((await scene.post(`${queue}/messages`, { body: 6 })).status).toBe(200)
  })

  it("[H45] makes room where it is told to", async () => {
    const letters = await scene.queue()
    const dropping = await scene.queue({ maxMessages: 2, overflow: "drop-oldest" })
    const moving = await scene.queue({ maxMessages: 2, overflow: "dead-letter", deadLetterQueue: nameOf(letters) })
    for (const queue of [dropping, moving]) {
      await scene.send(queue, ...upTo(5))
      const received = await scene.receive(queue, { maxMessages: 10 })
      expect(received.map(({ body }) => body)).toEqual([3, 4])
    }
    expect(await scene.statistics(dropping)).toMatchObject({ dropped: 3, sent: 5 })
    await expect.poll(() => scene.statistics(letters), POLL).toMatchObject({ ready: 3 })
    const letter = await scene.receiveOne(letters)
    expect(letter).toMatchObject({ body: 0, headers: { "millrace-dead-letter-reason": "overflow" } })
  })
})

describe("a paused queue", () => {
  it("[H45] refuses sends, and goes on where it stood", async () => {
    const queue = await scene.queue()
    await scene.send(queue, "kept")
    expect(await scene.put(queue, { sendingPaused: true })).toMatchObject({ status: 200 })
    expect(await scene.post(`${queue}/messages`, { body: 1 })).toMatchObject(problem(409, "queue_paused"))
    expect(await scene.post(`${queue}/messages`, { messages: [{ body: 1 }] })).toMatchObject(
      problem(409, "queue_paused"),
    )
    expect((await scene.receiveOne(queue)).body).toBe("kept")
    await scene.put(queue, { sendingPaused: false })
    expect((await scene.post(`${queue}/messages`, { body: 1 })).status).toBe(200)
  })

  it("[H45] delivers nothing, until it does again to who waits", async () => {
    const queue = await scene.queue({ deliveryPaused: true })
    await scene.send(queue, "x")
    expect(await scene.receive(queue)).toEqual([])
    const waiting = scene.receive(queue, { waitMs: 20_000 })
    await new Promise((resolve) => setTimeout(resolve, 300))
    await scene.put(queue, { deliveryPaused: false })
    expect((await waiting).map(({ body }) => body)).toEqual(["x"])
  })
})

describe("a single active consumer", () => {
  it("[H45] is the subscription, while there is one", async () => {
    const queue = await scene.queue({ singleActiveConsumer: true })
    const client = await SocketClient.open(scene.broker)
    client.send({ type: "subscribe", sub: 1, queue: nameOf(queue), credit: 1 })
    await client.takeType("subscribed")
    await scene.send(queue, "a", "b")
    const [first] = await client.collect(1, 1)
    for (const waitMs of [0, 1_000]) {
      expect(await scene.post(`${queue}/receive`, { waitMs })).toMatchObject(problem(409, "consumer_active"))
    }
    client.send({ type: "ack", ref: 1, sub: 1, receipts: [first!["receipt"]] })
    await client.takeType("settled")
    await client.close()
    const receive = async () => (await scene.post(`${queue}/receive`, {})).body
    await expect.poll(receive, POLL).toMatchObject({ messages: [{ body: "b" }] })
  })
})
