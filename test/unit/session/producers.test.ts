import { describe, expect, it } from "vitest"
import { codeOf, FakeBroker, FakeClient, published, settled } from "./fakes.ts"

const producer = { id: 3, epoch: 1, sequence: 0 }

describe("a publish of a producer to a queue", () => {
  const publish = (ref: number, more: object = {}): object => ({
    type: "publish",
    ref,
    queue: "jobs",
    messages: [{ body: ref }],
    ...more,
  })

  it("[W52] goes by itself, in its place among the others and in one frame with them", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs"))
    const second = { ...producer, sequence: 1 }
    await client.say(publish(1), publish(2), publish(3, { producer }), publish(4, { producer: second }), publish(5))
    const { frames } = client.broker.socket("queue/jobs")
    expect(frames).toHaveLength(1)
    const terms = (sequence: number) => ({ producer: { producerId: 3, epoch: 1, sequence }, expectedOffset: null })
    expect(frames[0]!.map(({ operation }) => operation)).toEqual([
      { type: "publish", refs: [1, 2], counts: [1, 1] },
      { type: "publish", refs: [3], counts: [1], terms: terms(0) },
      { type: "publish", refs: [4], counts: [1], terms: terms(1) },
      { type: "publish", refs: [5], counts: [1] },
    ])
    expect(frames[0]!.map(published)).toEqual([2, 1, 1, 1])
  })

  it("[W52] [W58] learns what was stored before, and what was refused", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs"))
    const messages = [1, 2, 3, 4].map((body) => ({ body }))
    await client.say(publish(9, { messages, producer }))
    const results = [null, 12, 13, { code: "queue_full", retryAfterMs: 1 } as const]
    const confirms = [{ ref: 1, results, repeatedCount: 2 }]
    client.broker.socket("queue/jobs").say({ type: "confirm", incarnation: 7, confirms })
    await settled()
    expect(client.frames).toMatchObject([{ type: "confirm", ref: 9 }])
    const answers = client.frames[0]!["results"] as object[]
    expect(answers.slice(0, 3)).toEqual([
      { id: null, repeated: true },
      { id: "7-0-12", repeated: true },
      { id: "7-0-13" },
    ])
    expect(codeOf(answers[3])).toBe("queue_full")
  })

  it.each([
    [{ producer: { id: 3, epoch: 1 } }, "/producer/sequence"],
    [{ producer: { ...producer, name: "x" } }, "/producer/name"],
    [{ producer: 3 }, "/producer"],
    [{ producer, expectedOffset: 0 }, "/expectedOffset"],
    [{ producer, partition: 0 }, "/partition"],
  ])("[W52] is refused with %j at %s, and nothing is sent", async (more, pointer) => {
    const client = new FakeClient(new FakeBroker().queue("jobs"))
    await client.say(publish(1, more))
    expect(client.frames).toMatchObject([{ type: "error", ref: 1, problem: { code: "invalid_field", pointer } }])
    expect(client.broker.sockets.size).toBe(0)
  })
})

describe("a publish to a partition that the client chose", () => {
  const publish = (ref: number, more: object = {}): object => ({
    type: "publish",
    ref,
    topic: "t",
    records: [{ body: ref, key: "a" }, { body: ref }],
    ...more,
  })

  it("[W53] goes there with all its records, by the number of partitions that it went by", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 4))
    await client.say(publish(1, { partition: 3, partitions: 4 }), publish(2, { partition: 3, partitions: 2, producer }))
    const { operations } = client.broker.socket("topic/t/3")
    const terms = { producer: { producerId: 3, epoch: 1, sequence: 0 }, expectedOffset: null }
    expect(operations).toEqual([
      { type: "publish", refs: [1], counts: [2], partitions: 4 },
      { type: "publish", refs: [2], counts: [2], terms, partitions: 2 },
    ])
    expect([...client.broker.sockets.keys()]).toEqual(["topic/t/3"])
  })

  it("[W53] asks the catalog where the client knows of more than the Worker", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 2))
    await client.say(publish(1, { partition: 1, partitions: 2 }))
    client.broker.topic("t", 4)
    await client.say(publish(2, { partition: 0, partitions: 4 }), publish(3, { partition: 3 }))
    expect(client.broker.resolved).toEqual(["t", "t fresh"])
    expect(client.broker.socket("topic/t/0").operations).toMatchObject([{ type: "publish", partitions: 4 }])
    expect(client.broker.socket("topic/t/3").operations).toMatchObject([{ type: "publish", partitions: 4 }])
  })

  it("[W53] is sealed where the topic has fewer than the client went by", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 2))
    await client.say(publish(1, { partition: 5, partitions: 8 }), publish(2, { partition: 1, partitions: 8 }))
    expect(client.frames.map((frame) => [frame["ref"], codeOf(frame)])).toEqual([
      [1, "partition_sealed"],
      [2, "partition_sealed"],
    ])
    expect(client.broker.sockets.size).toBe(0)
  })

  it("[W53] that the partition finds sealed is refused, and the next one asks the catalog", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 2))
    await client.say(publish(1, { partition: 1, partitions: 1 }))
    const failure = { code: "partition_sealed", retryAfterMs: 1_000 } as const
    client.broker.socket("topic/t/1").say({ type: "failed", refs: [1], sub: null, failure })
    await settled()
    expect(client.take()).toMatchObject([{ type: "error", ref: 1, problem: { code: "partition_sealed" } }])
    await client.say(publish(2, { partition: 1, partitions: 2 }))
    expect(client.broker.resolved).toEqual(["t", "t fresh"])
  })

  it.each([
    [{ partition: 0, records: [{ body: 1 }, { body: 2, partition: 0 }] }, "/records/1/partition"],
    [{ partition: 2 }, "/partition"],
    [{ partition: -1 }, "/partition"],
    [{ partition: "0" }, "/partition"],
    [{ partitions: 0 }, "/partitions"],
    [{ partitions: 1.5 }, "/partitions"],
  ])("[W53] is refused with %j at %s", async (more, pointer) => {
    const client = new FakeClient(new FakeBroker().topic("t", 2))
    await client.say(publish(1, more))
    expect(client.frames).toMatchObject([{ type: "error", ref: 1, problem: { code: "invalid_field", pointer } }])
    expect(client.broker.sockets.size).toBe(0)
  })
})
