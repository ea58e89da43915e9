import { describe, expect, it, vi } from "vitest"
import { partitionOfKey } from "../../../src/core/bytes/murmur2.ts"
import { METADATA_TTL_MS } from "../../../src/core/limits.ts"
import { FakeBroker, FakeClient, published, settled } from "./fakes.ts"

describe("a producer", () => {
  const producer = { id: 3, epoch: 1, sequence: 0 }

  it("[W30] has a publish to itself, in its place among the others", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 1))
    const publish = (ref: number, more: object): object => ({
      type: "publish",
      ref,
      topic: "t",
      records: [{ body: ref }],
      ...more,
    })
    await client.say(
      publish(1, {}),
      publish(2, {}),
      publish(3, { producer }),
      publish(4, { expectedOffset: 3 }),
      publish(5, {}),
    )
    const [frame] = client.broker.socket("topic/t/0").frames
    const terms = { producer: { producerId: 3, epoch: 1, sequence: 0 }, expectedOffset: null }
    expect(frame!.map(({ operation }) => operation)).toEqual([
      { type: "publish", refs: [1, 2], counts: [1, 1], partitions: 1 },
      { type: "publish", refs: [3], counts: [1], terms, partitions: 1 },
      { type: "publish", refs: [4], counts: [1], terms: { producer: null, expectedOffset: 3 }, partitions: 1 },
      { type: "publish", refs: [5], counts: [1], partitions: 1 },
    ])
    expect(frame!.map(published)).toEqual([2, 1, 1, 1])
  })

  it("[W30] learns what was stored before", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 1))
    const records = [{ body: 1 }, { body: 2 }]
    for (const [ref, baseOffset] of [7, null].entries()) {
      await client.say({ type: "publish", ref, topic: "t", records, producer })
      const confirms = [{ ref: ref + 1, baseOffset, appendedAt: 1, count: 2, repeated: true }]
      client.broker.socket("topic/t/0").say({ type: "confirm", incarnation: 7, confirms })
      await settled()
    }
    const result = (offset: number | null) => ({ partition: 0, offset, repeated: true })
    expect(client.frames).toEqual([
      { type: "confirm", ref: 0, results: [result(7), result(8)] },
      { type: "confirm", ref: 1, results: [result(null), result(null)] },
    ])
  })

  it.each([
    [{ producer: { id: 3, epoch: 1 } }, "/producer/sequence"],
    [{ producer, records: [0, 1].map((partition) => ({ body: 1, partition })) }, "/producer"],
    [{ expectedOffset: "0" }, "/expectedOffset"],
    [{ expectedOffset: 0 }, "/expectedOffset"],
  ])("[W30] is refused with %j at %s, and nothing is sent", async (more, pointer) => {
    const client = new FakeClient(new FakeBroker().topic("t", 2))
    await client.say({ type: "publish", ref: 1, topic: "t", records: [{ body: 1 }], ...more })
    expect(client.frames).toMatchObject([{ type: "error", ref: 1, problem: { code: "invalid_field", pointer } }])
    expect(client.broker.sockets.size).toBe(0)
  })
})

describe("added partitions", () => {
  it("[S47] are looked for once a partition says that it is sealed", async () => {
    const broker = new FakeBroker().topic("t", 1)
    const client = new FakeClient(broker)
    const partition = partitionOfKey(new TextEncoder().encode("a"), 8)
    const publish = (ref: number): object => ({ type: "publish", ref, topic: "t", records: [{ body: ref, key: "a" }] })
    await client.say(publish(1))
    broker.topic("t", 8)
    const failure = { code: "partition_sealed", retryAfterMs: 1_000 } as const
    broker.socket("topic/t/0").say({ type: "failed", refs: [1], sub: null, failure })
    await settled()
    expect(client.take()).toMatchObject([{ type: "error", ref: 1, problem: { code: "partition_sealed", status: 503 } }])
    await client.say(publish(2))
    expect(broker.socket("topic/t/0").types).toEqual(["publish"])
    const [[sent]] = broker.socket(`topic/t/${partition}`).frames as unknown as [[{ operation: object }]]
    expect(sent.operation).toEqual({ type: "publish", refs: [1], counts: [1], partitions: 8 })
  })

  it("[H81] count for keys once what is known of the topic is too old", async () => {
    vi.useFakeTimers({ toFake: ["Date"] })
    try {
      const broker = new FakeBroker().topic("t", 1)
      const client = new FakeClient(broker)
      const partition = partitionOfKey(new TextEncoder().encode("a"), 8)
      expect(partition).toBeGreaterThan(0)
      const publish = (ref: number): object => ({
        type: "publish",
        ref,
        topic: "t",
        records: [{ body: ref, key: "a" }],
      })
      await client.say(publish(1))
      broker.topic("t", 8)
      await client.say(publish(2))
      expect(broker.socket("topic/t/0").types).toEqual(["publish", "publish"])
      vi.advanceTimersByTime(METADATA_TTL_MS)
      await client.say(publish(3))
      expect(broker.socket("topic/t/0").types).toHaveLength(2)
      expect(broker.socket(`topic/t/${partition}`).types).toEqual(["publish"])
    } finally {
      vi.useRealTimers()
    }
  })
})
