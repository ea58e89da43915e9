import { describe, expect, it } from "vitest"
import { MAX_SOCKET_QUESTIONS } from "../../../src/core/limits.ts"
import { codeOf, FakeBroker, FakeClient, type Received, settled } from "./fakes.ts"

describe("questions", () => {
  it("[W54] a producer is opened, by name or without", async () => {
    const client = new FakeClient(new FakeBroker())
    await client.say({ type: "open-producer", ref: 1 }, { type: "open-producer", ref: 2, name: "imports" })
    expect(client.broker.producers).toEqual([null, "imports"])
    expect(client.take()).toEqual([
      { type: "producer", ref: 1, producerId: 1, epoch: 3 },
      { type: "producer", ref: 2, producerId: 2, epoch: 3 },
    ])
  })

  it("[W54] a topic is described as the catalog knows it", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 2))
    await client.say({ type: "describe", ref: 1, topic: "t" })
    client.broker.topic("t", 5)
    await client.say({ type: "describe", ref: 2, topic: "t" })
    expect(client.take()).toEqual([
      { type: "described", ref: 1, partitions: 2 },
      { type: "described", ref: 2, partitions: 5 },
    ])
    expect(client.broker.resolved).toEqual(["t fresh", "t fresh"])
    // what was learned by it needs no second question
    await client.say({ type: "subscribe", sub: 1, topic: "t", partition: 4, from: 0, credit: 1 })
    expect(client.broker.socket("topic/t/4").types).toEqual(["subscribe-partition"])
    expect(client.broker.resolved).toHaveLength(2)
  })

  it("[W54] what fails is an error", async () => {
    const client = new FakeClient(new FakeBroker())
    client.broker.refusals.push({ code: "unavailable", retryAfterMs: 1000 })
    await client.say({ type: "open-producer", ref: 1 }, { type: "describe", ref: 2, topic: "none" })
    const frames = client.take()
    expect(frames.map((frame) => [frame["type"], frame["ref"], codeOf(frame)])).toEqual([
      ["error", 1, "unavailable"],
      ["error", 2, "not_found"],
    ])
  })

  it("[W54] no more than a few are asked at the same time, and none once the socket is closed", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 2))
    const { promise, resolve } = Promise.withResolvers<void>()
    client.broker.gate = promise
    const refs = Array.from({ length: 3 * MAX_SOCKET_QUESTIONS }, (_, ref) => ref)
    await client.say(refs.map((ref) => ({ type: "describe", ref, topic: "t" })))
    expect(client.broker.resolved).toHaveLength(MAX_SOCKET_QUESTIONS)
    resolve()
    await settled()
    expect(client.take().map(({ ref }) => ref)).toEqual(refs)
    client.broker.resolved.length = 0
    const { promise: late, resolve: answer } = Promise.withResolvers<void>()
    client.broker.gate = late
    await client.say(refs.map((ref) => ({ type: "describe", ref, topic: "t" })))
    client.session.close(true)
    answer()
    await settled()
    expect(client.broker.resolved).toHaveLength(MAX_SOCKET_QUESTIONS)
    expect(client.take()).toEqual([])
  })

  it.each([
    [{ type: "open-producer" }, "/ref"],
    [{ type: "open-producer", ref: 1, name: 7 }, "/name"],
    [{ type: "open-producer", ref: 1, more: 7 }, "/more"],
    [{ type: "describe", ref: "1", topic: "t" }, "/ref"],
    [{ type: "describe", ref: 1 }, "/topic"],
    [{ type: "describe", ref: 1, topic: "t", queue: "q" }, "/queue"],
  ])("[W54] refuses %o", async (frame, pointer) => {
    const client = new FakeClient(new FakeBroker())
    await client.say(frame)
    const [{ problem } = {}] = client.take()
    expect(problem as Received).toMatchObject({ code: "invalid_field", pointer })
    expect([client.broker.resolved, client.broker.producers]).toEqual([[], []])
  })
})
