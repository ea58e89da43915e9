import { describe, expect, it } from "vitest"
import { MAX_CREDIT_BYTES, MAX_UNSENT_BYTES } from "../../src/core/limits.ts"
import { problemCode, SocketScene } from "../support/socket-scene.ts"

const scene = new SocketScene()

const MESSAGE_BYTES = 64 * 1024
const BATCH = 16
const BATCHES = 64

describe("a client that does not read", () => {
  it("[W62] [W63] has little delivered of a lot, and gets it all once it reads", async () => {
    const name = await scene.queue()
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 10_000 })
    await client.takeType("subscribed")
    client.pause()
    const body = "x".repeat(MESSAGE_BYTES)
    const most = Math.ceil((MAX_UNSENT_BYTES + MAX_CREDIT_BYTES / 2) / MESSAGE_BYTES) + 2
    let inFlight = 0
    for (let batch = 0; batch < BATCHES; batch++) {
      await scene.send(
        name,
        Array.from({ length: BATCH }, () => body),
      )
      // it goes on granting, as one that reads would
      client.send({ type: "credit", sub: 1, credit: 10_000 })
      inFlight = Math.max(inFlight, await scene.inFlight(name))
      expect(inFlight).toBeLessThanOrEqual(most)
    }
    expect(inFlight).toBeGreaterThanOrEqual(MAX_UNSENT_BYTES / MESSAGE_BYTES)
    client.resume()
    for (let got = 0; got < BATCH * BATCHES;) {
      const { messages } = (await client.takeType("deliver")) as { messages?: { receipt: string }[] }
      got += messages!.length
      client.send({ type: "ack", ref: got, sub: 1, receipts: messages!.map(({ receipt }) => receipt) })
      await client.take(({ type, ref }) => type === "settled" && ref === got)
    }
    expect(await scene.inFlight(name)).toBe(0)
  })

  it("[W62] is delivered nothing more until it answers a ping", async () => {
    const name = await scene.queue()
    const client = await scene.connect()
    client.answersPings = false
    client.send({ type: "subscribe", sub: 1, queue: name, credit: 10_000 })
    const body = "x".repeat(MESSAGE_BYTES)
    for (let batch = 0; batch < 2; batch++)
      await scene.send(
        name,
        Array.from({ length: BATCH }, () => body),
      )
    await client.collect(1, MAX_UNSENT_BYTES / MESSAGE_BYTES)
    client.send({ type: "ping" }, { type: "pong", id: 99 })
    await scene.inFlight(name)
    expect(client.frames.some(({ type }) => type === "pong" || type === "error")).toBe(false)
    const { id } = client.frames.findLast(({ type }) => type === "ping")!
    client.send({ type: "pong", id })
    await client.takeType("pong")
    expect(problemCode(await client.takeType("error"))).toBe("invalid_field")
  })

  it("[W63] is closed once more of its answers wait than it may leave unread", async () => {
    const client = await scene.connect()
    client.answersPings = false
    const burst = JSON.stringify(Array.from({ length: 1000 }, (_, ref) => ({ type: "odd", ref })))
    for (let bursts = 0; bursts < 60; bursts++) client.send(burst)
    expect(await client.closed).toBe(4413)
  })
})
