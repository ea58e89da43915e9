import { describe, expect, it, vi } from "vitest"
import { MAX_CREDIT_BYTES } from "../../../src/core/limits.ts"
import { formatShareReceipt } from "../../../src/protocol/native/receipt.ts"
import { codeOf, deliveries, FakeBroker, FakeClient, type FakeSocket, settled } from "./fakes.ts"

const SUBSCRIBE = { type: "subscribe", sub: 1, topic: "t", partition: 1, share: "s", credit: 10 }
const NOT_OPEN = { code: "share_not_open" } as const
const UNREACHABLE = { code: "unavailable", retryAfterMs: 1000 } as const
const STATE = { incarnation: 3, stateId: 5, stateGeneration: 7 }

function newClient(): FakeClient {
  const broker = new FakeBroker().group("s", { type: "share", maxDeliveries: 9 }).group("g").topic("t", 3)
  return new FakeClient(broker)
}

async function subscribed(): Promise<FakeClient> {
  const client = newClient()
  await client.say(SUBSCRIBE)
  client.broker.socket("topic/t/1").say({ type: "share-subscribed", sub: 1, ...STATE })
  await settled()
  client.take()
  return client
}

function receipt(offset: number, count = 1, shard = 1): string {
  return formatShareReceipt({ ...STATE, shard, offset, attempt: 1, count })
}

/** The settlements that a partition was asked for last, and how to answer them. */
function asked(socket: FakeSocket) {
  const operation = socket.operations.at(-1)
  if (operation?.type !== "settle-share") throw new Error("no receipts came")
  return operation
}

describe("share groups", () => {
  it("[W43] a subscription names the group's life and settings, and its credit", async () => {
    const client = newClient()
    await client.say({ ...SUBSCRIBE, lockDurationMs: 700, creditBytes: 99 })
    const settings = { lockDurationMs: 30_000, maxDeliveries: 9, maxLocks: 2000, ordering: "none", deadLetter: null }
    expect(client.broker.socket("topic/t/1").operations).toEqual([
      {
        type: "subscribe-share",
        sub: 1,
        terms: {
          group: "s",
          generation: 7,
          version: 1,
          settings: { ...settings, retryDelay: { kind: "constant", delayMs: 0 } },
        },
        lockDurationMs: 700,
        grantedMessages: 10,
        grantedBytes: 99,
        detached: false,
      },
    ])
  })

  it("[W43] records come with receipts of their own and of their range, and take credit", async () => {
    const client = newClient()
    await client.say(SUBSCRIBE)
    const socket = client.broker.socket("topic/t/1")
    socket.say({ type: "share-subscribed", sub: 1, ...STATE })
    socket.say({ type: "deliver", sub: 1 }, deliveries(["a", "b"], 40))
    await settled()
    const [begun, frame] = client.take()
    expect(begun).toEqual({ type: "subscribed", sub: 1 })
    expect(frame).toMatchObject({
      type: "deliver",
      sub: 1,
      records: [
        { partition: 1, offset: 40, body: "a", timestamp: 1000, deliveryCount: 1, receipt: receipt(40) },
        { partition: 1, offset: 41, body: "b", receipt: receipt(41) },
      ],
      ranges: [{ partition: 1, firstOffset: 40, lastOffset: 41, receipt: receipt(40, 2) }],
    })
    expect(frame!["bytes"]).toBeGreaterThan(2)
    await client.say({ type: "credit", sub: 1, credit: 10_003 })
    expect(client.take()).toMatchObject([{ type: "error", sub: 1, problem: { pointer: "/credit" } }])
  })

  it("[W44] a group that has not begun is begun, unseen by the client", async () => {
    const client = newClient()
    await client.say(SUBSCRIBE)
    const socket = client.broker.socket("topic/t/1")
    socket.say({ type: "failed", refs: [], sub: 1, failure: NOT_OPEN })
    await client.say({ type: "credit", sub: 1, credit: 12 })
    expect(client.broker.groups.calls).toEqual(["attach"])
    expect(client.take()).toEqual([])
    expect(socket.operations.at(-1)).toMatchObject({ type: "subscribe-share", sub: 1, grantedMessages: 12 })
  })

  it("[W44] one that was deleted ends its subscriptions as not_found, and is begun again in its new life", async () => {
    const client = await subscribed()
    const socket = client.broker.socket("topic/t/1")
    socket.say({ type: "ended", sub: 1, failure: NOT_OPEN })
    await settled()
    expect(client.take()).toMatchObject([{ type: "unsubscribed", problem: { code: "not_found", resource: "group" } }])
    await client.say(SUBSCRIBE)
    client.broker.incarnation = 8
    socket.say({ type: "failed", refs: [], sub: 1, failure: NOT_OPEN })
    await settled()
    const generations = socket.operations.map((each) => (each.type === "subscribe-share" ? each.terms.generation : 0))
    expect(generations).toEqual([7, 7, 8])
  })

  it("[W44] where it does not begin the answer is an error, and the number is free", async () => {
    const client = newClient()
    client.broker.groups.refusals.set("attach", { code: "not_found", resource: "topic", name: "t" })
    await client.say(SUBSCRIBE)
    client.broker.socket("topic/t/1").say({ type: "failed", refs: [], sub: 1, failure: NOT_OPEN })
    await settled()
    expect(client.take()).toMatchObject([{ type: "error", sub: 1, problem: { code: "not_found" } }])
    await client.say(SUBSCRIBE)
    expect(client.take()).toEqual([])
  })

  it("[W44] one that ends meanwhile is not asked for again", async () => {
    const client = newClient()
    await client.say(SUBSCRIBE)
    const socket = client.broker.socket("topic/t/1")
    const { promise, resolve } = Promise.withResolvers<void>()
    client.broker.groups.gate = promise
    socket.say({ type: "failed", refs: [], sub: 1, failure: NOT_OPEN })
    await client.say({ type: "unsubscribe", sub: 1 })
    resolve()
    await settled()
    socket.say({ type: "ended", sub: 1, failure: null })
    await settled()
    expect(client.take()).toEqual([{ type: "unsubscribed", sub: 1 }])
    expect(socket.types).toEqual(["subscribe-share", "unsubscribe"])
  })

  it("[W22] [W42] a group that seems to be of the other kind is asked for anew, and what came meanwhile is not lost", async () => {
    const client = newClient()
    const { broker } = client
    const asShare = broker.groupNames.get("s")!
    // what the Worker remembers is of an earlier life
    const known = vi.spyOn(broker.groupNames, "get")
    known.mockReturnValueOnce({ ...asShare, type: "consumer" })
    await client.say(SUBSCRIBE, { type: "drain", sub: 1 }, { type: "unsubscribe", sub: 1 })
    expect(broker.resolved).toEqual(["s", "s fresh", "t"])
    expect(broker.socket("topic/t/1").types).toEqual(["subscribe-share", "drain", "unsubscribe"])
    expect(client.take()).toEqual([])
  })

  it("[W42] a consumer group is refused, to read and to settle", async () => {
    const client = newClient()
    await client.say({ ...SUBSCRIBE, share: "g" })
    await client.say({ type: "ack", ref: 4, topic: "t", share: "g", receipts: [receipt(1)] })
    expect(client.take().map(codeOf)).toEqual(["conflict", "conflict"])
    expect(client.broker.sockets.size).toBe(0)
    client.broker.group("g", { type: "share" })
    await client.say({ ...SUBSCRIBE, share: "g" })
    expect(client.take()).toEqual([])
    expect(client.broker.socket("topic/t/1").types).toEqual(["subscribe-share"])
  })
})

describe("receipts of a share group", () => {
  it("[W45] [W46] are settled by subscription, records and ranges, with a result each in order", async () => {
    const client = await subscribed()
    await client.say({ type: "ack", ref: 3, sub: 1, receipts: ["junk", receipt(1), receipt(4, 3), receipt(9)] })
    const socket = client.broker.socket("topic/t/1")
    const { ref, terms, settlements } = asked(socket)
    expect(terms).toMatchObject({ group: "s", generation: 7, version: 1 })
    expect(settlements).toMatchObject([
      { kind: "ack", receipt: { offset: 1, count: 1 } },
      { kind: "ack", receipt: { offset: 4, count: 3 } },
      { kind: "ack", receipt: { offset: 9 } },
    ])
    const outcomes = [{ settled: 1, expired: 0 }, { settled: 2, expired: 1 }, { code: "invalid_receipt" }] as const
    socket.say({ type: "share-settled", ref, outcomes })
    await settled()
    expect(client.take()).toMatchObject([
      {
        type: "settled",
        ref: 3,
        results: [
          { problem: { code: "invalid_receipt" } },
          { ok: true },
          { settled: 2, expired: 1 },
          { problem: { code: "invalid_receipt" } },
        ],
      },
    ])
  })

  it("[W45] what a frame may hold depends on what its subscription is of", async () => {
    const client = await subscribed()
    client.broker.queue("jobs")
    await client.say({ type: "subscribe", sub: 2, queue: "jobs", credit: 1 })
    const entries = [{ receipt: receipt(1), lockDurationMs: 5 }]
    await client.say({ type: "extend", ref: 1, sub: 1, entries }, { type: "extend", ref: 2, sub: 2, entries })
    expect(client.take()).toMatchObject([
      { type: "error", ref: 2, sub: 2, problem: { pointer: "/entries/0/lockDurationMs" } },
    ])
    expect(asked(client.broker.socket("topic/t/1")).settlements).toMatchObject([{ kind: "extend", lockDurationMs: 5 }])
  })

  it("[W45] of several partitions are answered together, with a problem for those that could not be asked", async () => {
    const client = await subscribed()
    const receipts = [receipt(1, 1, 2), receipt(2), receipt(3, 1, 2), receipt(4, 1, 3)]
    await client.say({ type: "nack", ref: 8, topic: "t", share: "s", receipts, delayMs: 9 })
    const [one, two] = [client.broker.socket("topic/t/1"), client.broker.socket("topic/t/2")]
    expect(asked(two).settlements).toMatchObject([
      { kind: "nack", delayMs: 9, receipt: { offset: 1 } },
      { receipt: { offset: 3 } },
    ])
    one.say({ type: "share-settled", ref: asked(one).ref, outcomes: [{ settled: 1, expired: 0 }] })
    await settled()
    expect(client.take()).toEqual([])
    two.events.closed(1006, "")
    await settled()
    const [frame] = client.take()
    const results = (frame as { results: unknown[] }).results
    expect(results.map((result) => codeOf(result) ?? result)).toEqual([
      "unavailable",
      { ok: true },
      "unavailable",
      "invalid_receipt",
    ])
  })

  it("[W45] of partitions that were added meanwhile are settled there, and of none that there are not", async () => {
    const client = await subscribed()
    client.broker.topic("t", 5)
    const receipts = [receipt(1, 1, 4), receipt(1, 1, 5)]
    await client.say({ type: "ack", ref: 8, topic: "t", share: "s", receipts })
    const added = client.broker.socket("topic/t/4")
    expect(client.broker.resolved.filter((name) => name === "t fresh")).toHaveLength(1)
    added.say({ type: "share-settled", ref: asked(added).ref, outcomes: [{ settled: 1, expired: 0 }] })
    await settled()
    const [frame] = client.take()
    expect(frame).toMatchObject({ type: "settled", ref: 8 })
    expect((frame as { results: unknown[] }).results.map(codeOf)).toEqual([undefined, "invalid_receipt"])
  })

  it("[W45] where no partition could be asked the answer is an error", async () => {
    const client = await subscribed()
    await client.say({ type: "ack", ref: 8, sub: 1, receipts: [receipt(1)] })
    const socket = client.broker.socket("topic/t/1")
    socket.say({ type: "failed", refs: [asked(socket).ref], sub: null, failure: UNREACHABLE })
    await settled()
    expect(client.take()).toMatchObject([{ type: "error", ref: 8, problem: { code: "unavailable" } }])
  })

  it("[W45] a group that was created anew is asked in its new life", async () => {
    const client = await subscribed()
    await client.say({ type: "ack", ref: 8, sub: 1, receipts: [receipt(1)] })
    const socket = client.broker.socket("topic/t/1")
    client.broker.incarnation = 8
    socket.say({ type: "failed", refs: [asked(socket).ref], sub: null, failure: NOT_OPEN })
    await settled()
    expect(client.take()).toEqual([])
    const { ref, terms } = asked(socket)
    expect(terms.generation).toBe(8)
    socket.say({ type: "share-settled", ref, outcomes: [{ settled: 1, expired: 0 }] })
    await settled()
    expect(client.take()).toEqual([{ type: "settled", ref: 8, results: [{ ok: true }] }])
  })

  it("[W45] where the group never began there can be no receipts", async () => {
    const client = await subscribed()
    await client.say({ type: "ack", ref: 8, sub: 1, receipts: [receipt(1)] })
    const socket = client.broker.socket("topic/t/1")
    socket.say({ type: "failed", refs: [asked(socket).ref], sub: null, failure: NOT_OPEN })
    await client.say({ type: "ack", ref: 9, topic: "t", share: "s", receipts: ["junk"] })
    const codes = client.take().map((frame) => (frame as { results: unknown[] }).results.map(codeOf))
    expect(codes).toEqual([["invalid_receipt"], ["invalid_receipt"]])
  })

  it("[W43] [W16] an ack of a subscription renews its bytes", async () => {
    const client = await subscribed()
    const socket = client.broker.socket("topic/t/1")
    socket.say({ type: "deliver", sub: 1 }, deliveries(["x".repeat(MAX_CREDIT_BYTES - 100)]))
    await client.say({ type: "ack", ref: 1, sub: 1, receipts: [receipt(0)] })
    expect(socket.types.slice(1)).toEqual(["settle-share", "credit"])
  })

  it("[W21] what was not answered when the partition goes is unavailable", async () => {
    const client = await subscribed()
    await client.say({ type: "ack", ref: 1, sub: 1, receipts: [receipt(0)] })
    client.broker.socket("topic/t/1").events.closed(1006, "")
    await settled()
    expect(client.take().map((frame) => [frame["type"], codeOf(frame)])).toEqual([
      ["error", "unavailable"],
      ["unsubscribed", "unavailable"],
    ])
  })
})
