import { describe, expect, it } from "vitest"
import { LONG_POLL_HEARTBEAT_MS } from "../../src/core/limits.ts"
import type { Frame } from "../support/socket-client.ts"
import { bodies, numbered, QUIET_MS, receipts, sleep, SocketScene } from "../support/socket-scene.ts"

const scene = new SocketScene()

describe("queues", () => {
  it("[W11] [W17] delivers, and acknowledged messages are done", async () => {
    const name = await scene.queue()
    const client = await scene.connect()
    await scene.send(name, ["a", "b", "c"])
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 10 })
    const messages = await client.collect(1, 3)
    expect(bodies(messages)).toEqual(["a", "b", "c"])
    client.send({ type: "ack", ref: 7, sub: 1, receipts: [...receipts(messages), "junk"] })
    const settled = await client.takeType("settled")
    expect(settled["ref"]).toBe(7)
    expect(settled["results"]).toMatchObject([
      { ok: true },
      { ok: true },
      { ok: true },
      { problem: { code: "invalid_receipt" } },
    ])
    expect(await scene.inFlight(name)).toBe(0)
  })

  it("[W10] subscribed comes before the first delivery", async () => {
    const name = await scene.queue()
    await scene.send(name, ["a"])
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 1 })
    const first = await client.take(({ type }) => type === "subscribed" || type === "deliver")
    expect(first["type"]).toBe("subscribed")
  })

  it("[W14] credit is never exceeded", async () => {
    const name = await scene.queue()
    await scene.send(name, numbered(20))
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 3 })
    await client.take((frame) => frame["type"] === "subscribed")
    await sleep(QUIET_MS)
    expect(client.delivered).toHaveLength(3)
    client.send({ type: "credit", sub: 1, credit: 8 })
    await sleep(QUIET_MS)
    expect(client.delivered).toHaveLength(8)
    client.send({ type: "credit", sub: 1, credit: 8 })
    await sleep(QUIET_MS)
    expect(bodies(client.delivered)).toEqual(numbered(8))
  })

  it("[W14] credit in bytes is never exceeded by more than a message", async () => {
    const name = await scene.queue()
    await scene.send(
      name,
      Array.from({ length: 10 }, () => "x".repeat(1000)),
    )
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 10, creditBytes: 2500 })
    await sleep(QUIET_MS)
    expect(client.delivered.length).toBeGreaterThanOrEqual(2)
    expect(client.delivered.length).toBeLessThanOrEqual(3)
    client.send({ type: "credit", sub: 1, credit: 10, creditBytes: 100_000 })
    await client.collect(1, 10)
  })

  it("[W17] a nack with a delay brings the message back after it, a plain one at once", async () => {
    const name = await scene.queue()
    await scene.send(name, ["a"])
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 10 })
    const [first] = await client.collect(1, 1)
    client.send({ type: "nack", ref: 1, sub: 1, entries: [{ receipt: first!["receipt"], delayMs: 700 }] })
    await client.takeType("settled")
    const nackedAt = Date.now()
    const [second] = await client.collect(1, 1)
    expect(Date.now() - nackedAt).toBeGreaterThanOrEqual(690)
    expect(second!["deliveryCount"]).toBe(2)
    client.send({ type: "nack", ref: 2, sub: 1, entries: [{ receipt: second!["receipt"] }] })
    const [third] = await client.collect(1, 1)
    expect(third!["deliveryCount"]).toBe(3)
    client.send({ type: "ack", ref: 3, sub: 1, receipts: receipts([first!]) })
    const settled = await client.take((frame) => frame["ref"] === 3)
    expect(settled["results"]).toMatchObject([{ problem: { code: "receipt_expired" } }])
  })

  it("[W18] extend by queue, ack over another socket", async () => {
    const name = await scene.queue()
    await scene.send(name, ["a"])
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 1, visibilityTimeoutMs: 600 })
    const [message] = await client.collect(1, 1)
    const entries = [{ receipt: message!["receipt"], visibilityTimeoutMs: 60_000 }]
    client.send({ type: "extend", ref: 1, queue: name, entries })
    expect((await client.takeType("settled"))["results"]).toEqual([{ ok: true }])
    await sleep(1200)
    expect(await scene.inFlight(name)).toBe(1)
    const other = await scene.connect()
    other.send({ type: "ack", ref: 1, queue: name, receipts: [message!["receipt"]] })
    expect((await other.takeType("settled"))["results"]).toEqual([{ ok: true }])
    expect(await scene.inFlight(name)).toBe(0)
  })

  it("[W11] consumers share a queue, on one socket or many", async () => {
    const name = await scene.queue()
    const [one, other] = [await scene.connect(), await scene.connect()]
    one.send(
      { type: "subscribe", sub: 1, queue: name, credit: 100 },
      { type: "subscribe", sub: 2, queue: name, credit: 100 },
    )
    other.send({ type: "subscribe", sub: 1, queue: name, credit: 100 })
    for (let count = 0; count < 2; count++) await one.takeType("subscribed")
    await other.takeType("subscribed")
    await scene.send(name, numbered(90))
    await sleep(QUIET_MS)
    const shares = [1, 2].map((sub) => one.frames.filter((frame) => frame["sub"] === sub))
    shares.push(other.frames)
    const counts = shares.map((frames) => frames.flatMap((frame) => frame["messages"] as Frame[]).length)
    expect(counts).toEqual([30, 30, 30])
    expect(new Set(bodies([...one.delivered, ...other.delivered])).size).toBe(90)
  })

  it("[W13] after unsubscribed nothing comes, and the leases are back", async () => {
    const name = await scene.queue()
    await scene.send(name, ["a", "b"])
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 1 })
    await client.collect(1, 1)
    client.send({ type: "unsubscribe", sub: 1 })
    expect(await client.takeType("unsubscribed")).toEqual({ type: "unsubscribed", sub: 1 })
    expect(await scene.inFlight(name)).toBe(0)
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 5 })
    expect(bodies(await client.collect(1, 2))).toEqual(["a", "b"])
  })
})

describe("receives that wait", () => {
  it("[W24] answer with the first message, which stays leased", async () => {
    const name = await scene.queue()
    const waiting = scene.call("POST", `/v1/queues/${name}/receive`, { maxMessages: 5, waitMs: 10_000 })
    await sleep(QUIET_MS)
    await scene.send(name, ["a"])
    const { messages } = (await waiting) as { messages: Frame[] }
    expect(bodies(messages)).toEqual(["a"])
    await sleep(QUIET_MS)
    expect(await scene.inFlight(name)).toBe(1)
  })

  it("[W25] answer nothing when the time is up, and leave nothing behind", async () => {
    const name = await scene.queue()
    const startedAt = Date.now()
    const received = await scene.call("POST", `/v1/queues/${name}/receive`, { waitMs: 500 })
    expect(received).toEqual({ messages: [] })
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(490)
    await scene.send(name, ["a"])
    await sleep(QUIET_MS)
    expect(await scene.inFlight(name)).toBe(0)
  })

  it("[W25] what comes for a client that has gone is handed back", async () => {
    const name = await scene.queue()
    const abort = new AbortController()
    const { headers } = scene
    const url = `${scene.broker.url}/v1/queues/${name}/receive`
    const body = JSON.stringify({ waitMs: 10_000 })
    const waiting = fetch(url, { method: "POST", headers, body, signal: abort.signal }).then((answer) => answer.text())
    waiting.catch(() => {})
    await sleep(QUIET_MS)
    abort.abort()
    await expect(waiting).rejects.toThrow("abort")
    await sleep(2 * LONG_POLL_HEARTBEAT_MS + QUIET_MS)
    await scene.send(name, ["a"])
    const { messages } = (await scene.call("POST", `/v1/queues/${name}/receive`, { waitMs: 2000 })) as {
      messages: Frame[]
    }
    expect(messages).toMatchObject([{ body: "a", deliveryCount: 1 }])
  })
})
