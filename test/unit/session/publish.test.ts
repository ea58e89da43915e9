import { describe, expect, it } from "vitest"
import { partitionOfKey } from "../../../src/core/bytes/murmur2.ts"
import { MAX_SOCKET_OBJECTS, MAX_UNANSWERED_BYTES } from "../../../src/core/limits.ts"
import { decodeSubmissions } from "../../../src/core/log/submission.ts"
import { dedupKey } from "../../../src/core/queue/dedup/dedup-key.ts"
import { codeOf, FakeBroker, FakeClient, published, settled } from "./fakes.ts"

function publish(ref: number, queue: string, ...bodies: string[]): unknown {
  return { type: "publish", ref, queue, messages: bodies.map((body) => ({ body })) }
}

describe("publishing to queues", () => {
  it("[W5] publishes of one macrotask are one batch in one internal frame, in order", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs"))
    await client.say(publish(5, "jobs", "a"), publish(6, "jobs", "b", "c"), publish(7, "jobs", "d"))
    const socket = client.broker.socket("queue/jobs")
    expect(socket.frames).toHaveLength(1)
    const [frame] = socket.frames
    expect(frame!.map(({ operation }) => operation)).toEqual([{ type: "publish", refs: [1, 2, 3], counts: [1, 2, 1] }])
    expect(published(frame![0]!)).toBe(4)
  })

  it("[W4] [W2] a commit's confirms are one message with an answer per publish", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs"))
    await client.say(publish(5, "jobs", "a"), publish(5, "jobs", "b", "c"))
    const socket = client.broker.socket("queue/jobs")
    socket.confirmQueue(socket.frames[0]!, 10)
    await settled()
    expect(client.texts).toHaveLength(1)
    expect(client.frames).toEqual([
      { type: "confirm", ref: 5, results: [{ id: "7-0-10" }] },
      { type: "confirm", ref: 5, results: [{ id: "7-0-11" }, { id: "7-0-12" }] },
    ])
  })

  it("[W4] a publish that was refused as a whole is an error with its ref", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs"))
    await client.say(publish(1, "none", "a"), publish(2, "jobs", "a"))
    const socket = client.broker.socket("queue/jobs")
    socket.say({ type: "failed", refs: [1], sub: null, failure: { code: "storage_full" } })
    await settled()
    expect(client.frames.map((frame) => [frame["type"], frame["ref"], codeOf(frame)])).toEqual([
      ["error", 1, "not_found"],
      ["error", 2, "storage_full"],
    ])
  })

  it("[W6] what waits for settings is not overtaken by what comes later", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs"))
    const { promise, resolve } = Promise.withResolvers<void>()
    client.broker.gate = promise
    await client.say(publish(1, "jobs", "a"))
    await client.say({ type: "subscribe", sub: 1, queue: "jobs", credit: 5 }, publish(2, "jobs", "b"))
    await client.say({ type: "credit", sub: 1, credit: 7 }, { type: "unsubscribe", sub: 1 })
    expect(client.broker.sockets.size).toBe(0)
    resolve()
    await settled()
    const { types } = client.broker.socket("queue/jobs")
    expect(types).toEqual(["publish", "subscribe-queue", "publish", "credit", "unsubscribe"])
    expect(client.broker.resolved).toEqual(["jobs"])
  })

  it("[W8] message groups are checked against the queue", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs").queue("ordered", { ordering: "fifo" }))
    const messages = [{ body: "a", groupId: "g" }, { body: "b" }]
    await client.say({ type: "publish", ref: 1, queue: "jobs", messages })
    await client.say({ type: "publish", ref: 2, queue: "ordered", messages })
    expect(client.frames).toMatchObject([
      { type: "error", ref: 1, problem: { code: "invalid_field", pointer: "/messages/0/groupId" } },
      { type: "error", ref: 2, problem: { code: "invalid_field", pointer: "/messages/1/groupId" } },
    ])
    expect(client.broker.sockets.size).toBe(0)
  })

  it("[W8] a fair queue takes groups, and none takes what it can't do", async () => {
    const broker = new FakeBroker().queue("fair", { fair: true }).queue("ordered", { ordering: "fifo" })
    const client = new FakeClient(broker.queue("forgetful", { dedupWindowMs: 0 }))
    const say = (ref: number, queue: string, message: object) =>
      client.say({ type: "publish", ref, queue, messages: [{ body: "a", ...message }] })
    await say(1, "fair", { groupId: "g" })
    expect(published(client.broker.socket("queue/fair").frames[0]![0]!)).toBe(1)
    await say(2, "ordered", { groupId: "g", delayMs: 5 })
    await say(3, "forgetful", { dedupId: "d" })
    expect(client.frames).toMatchObject([
      { type: "error", ref: 2, problem: { code: "invalid_field", pointer: "/messages/0/delayMs" } },
      { type: "error", ref: 3, problem: { code: "invalid_field", pointer: "/messages/0/dedupId" } },
    ])
  })

  it("[W27] messages take their terms along", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs"))
    const terms = { delayMs: 5, ttlMs: 7, dedupId: "d" }
    const messages = [{ body: "a" }, { body: "b", ...terms }]
    await client.say(publish(1, "jobs", "x"), { type: "publish", ref: 2, queue: "jobs", messages })
    const batch = decodeSubmissions(client.broker.socket("queue/jobs").frames[0]![0]!.blob)
    expect(batch).toMatchObject({ count: 3, delaysMs: [0, 0, 5], ttlsMs: [0, 0, 7] })
    expect(batch.dedupKeys).toMatchObject([null, null, { key: dedupKey("queue", null, "d") }])
  })

  it("[W27] [W6] what comes while bodies are hashed waits for them", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs", { contentDeduplication: true }))
    const named = { type: "publish", ref: 2, queue: "jobs", messages: [{ body: "c", dedupId: "d" }] }
    await client.say(publish(1, "jobs", "a", "b"), named, { type: "subscribe", sub: 1, queue: "jobs", credit: 5 })
    // settings are known by now
    await client.say(publish(3, "jobs", "a"), named, { type: "unsubscribe", sub: 1 })
    await settled()
    const socket = client.broker.socket("queue/jobs")
    expect(socket.types).toEqual(["publish", "subscribe-queue", "publish", "unsubscribe"])
    const [first, , second] = socket.frames.flat().map(({ blob }) => blob)
    const keys = (blob: Uint8Array) => decodeSubmissions(blob).dedupKeys
    expect(keys(first!)).toHaveLength(3)
    expect(keys(first!)[2]).toMatchObject({ key: dedupKey("queue", null, "d") })
    expect(keys(second!)).toEqual([keys(first!)[0], keys(first!)[2]])
    expect(client.frames.filter(({ type }) => type === "error")).toEqual([])
  })

  it("[W9] too much that waits for its answers is refused until some are there", async () => {
    const client = new FakeClient(new FakeBroker().queue("jobs"))
    const mebibyte = "x".repeat(1024 * 1024 - 200)
    const fits = Math.floor(MAX_UNANSWERED_BYTES / (1024 * 1024 + 300))
    await client.say(...Array.from({ length: fits + 2 }, (_, ref) => publish(ref, "jobs", mebibyte)))
    expect(client.take().map(codeOf)).toContain("overloaded")
    const socket = client.broker.socket("queue/jobs")
    for (const frame of socket.frames) socket.confirmQueue(frame, 0)
    await settled()
    client.take()
    await client.say(publish(99, "jobs", mebibyte))
    expect(client.take()).toEqual([])
    expect(socket.operations.at(-1)).toMatchObject({ type: "publish" })
  })
})

describe("publishing to topics", () => {
  it("[W22] a record goes to a partition that was added meanwhile, and to none that there is not", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 1))
    await client.say({ type: "publish", ref: 1, topic: "t", records: [{ body: "x", partition: 0 }] })
    client.broker.topic("t", 3)
    await client.say({ type: "publish", ref: 2, topic: "t", records: [{ body: "x", partition: 2 }] })
    expect(client.broker.socket("topic/t/2").types).toEqual(["publish"])
    await client.say({ type: "publish", ref: 3, topic: "t", records: [{ body: "x", partition: 3 }] })
    expect(client.take()).toMatchObject([{ type: "error", ref: 3, problem: { pointer: "/records/0/partition" } }])
    expect(client.broker.resolved).toEqual(["t", "t fresh", "t fresh"])
  })

  const key = (text: string): number => partitionOfKey(new TextEncoder().encode(text), 4)

  it("[W7] records go to the partition they name, their key's, or one for all", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 4))
    const records = [{ body: "a", partition: 3 }, { body: "b", key: "k1" }, { body: "c" }, { body: "d" }]
    await client.say({ type: "publish", ref: 1, topic: "t", records })
    await client.say({ type: "publish", ref: 2, topic: "t", records: [{ body: "e" }] })
    const counts = new Map<string, number>()
    for (const [object, [socket]] of client.broker.sockets) {
      counts.set(
        object,
        socket!.frames.flat().reduce((sum, frame) => sum + published(frame), 0),
      )
    }
    const expected = new Map([
      ["topic/t/3", 1],
      [`topic/t/${key("k1")}`, 1],
    ])
    for (const [object, count] of expected) expect(counts.get(object)).toBeGreaterThanOrEqual(count)
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(5)
    expect(Math.max(...counts.values())).toBeGreaterThanOrEqual(3)
  })

  it("[W7] [W4] a publish to several partitions is confirmed when all have answered, in the order of its records", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 4))
    const records = [2, 0, 2, 1].map((partition) => ({ body: "x", partition }))
    await client.say({ type: "publish", ref: 9, topic: "t", records })
    const answer = (partition: number, baseOffset: number): void =>
      client.broker.socket(`topic/t/${partition}`).say({
        type: "confirm",
        incarnation: 7,
        confirms: [{ ref: 1, baseOffset, appendedAt: 1, count: 1 }],
      })
    answer(2, 100)
    client.broker.socket("topic/t/1").say({ type: "failed", refs: [1], sub: null, failure: { code: "storage_full" } })
    await settled()
    expect(client.frames).toEqual([])
    answer(0, 5)
    await settled()
    expect(client.frames).toMatchObject([
      {
        type: "confirm",
        ref: 9,
        results: [
          { partition: 2, offset: 100 },
          { partition: 0, offset: 5 },
          { partition: 2, offset: 101 },
          { problem: { code: "storage_full" } },
        ],
      },
    ])
  })

  it("[W4] where all parts failed it is an error", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 2))
    const records = [0, 1].map((partition) => ({ body: "x", partition }))
    await client.say({ type: "publish", ref: 9, topic: "t", records })
    for (const partition of [0, 1]) {
      const failure = { code: "storage_full" } as const
      client.broker.socket(`topic/t/${partition}`).say({ type: "failed", refs: [1], sub: null, failure })
    }
    await settled()
    expect(client.frames).toMatchObject([{ type: "error", ref: 9, problem: { code: "storage_full" } }])
  })

  it("[W8] a partition that the topic does not have spoils the publish", async () => {
    const client = new FakeClient(new FakeBroker().topic("t", 2))
    await client.say({ type: "publish", ref: 1, topic: "t", records: [{ body: "x" }, { body: "y", partition: 2 }] })
    expect(client.frames).toMatchObject([
      { ref: 1, problem: { code: "invalid_field", pointer: "/records/1/partition" } },
    ])
    expect(client.broker.sockets.size).toBe(0)
  })
})

describe("objects", () => {
  it("[W23] beyond the limit the one idle for longest is let go, and where none is the frame is refused", async () => {
    const broker = new FakeBroker()
    const names = Array.from({ length: MAX_SOCKET_OBJECTS + 2 }, (_, index) => `q${index}`)
    for (const name of names) broker.queue(name)
    const client = new FakeClient(broker)
    await client.say(...names.slice(0, MAX_SOCKET_OBJECTS + 1).map((name, ref) => publish(ref, name, "x")))
    expect(client.take().map(codeOf)).toEqual(["overloaded"])
    for (const name of ["q3", "q1"]) {
      const socket = broker.socket(`queue/${name}`)
      socket.confirmQueue(socket.frames[0]!, 0)
    }
    await client.say(publish(9999, names.at(-1)!, "x"))
    expect(broker.socket("queue/q1").closedWith).toBe(1000)
    expect(broker.socket("queue/q3").closedWith).toBeNull()
    expect(broker.socket(`queue/${names.at(-1)!}`).types).toEqual(["publish"])
  })
})
