import { describe, expect, it } from "vitest"
import { MAX_CREDIT_BYTES } from "../../../src/core/limits.ts"
import { FakeBroker, FakeClient, settled } from "./fakes.ts"

const READ = { type: "subscribe", sub: 1, topic: "t", partition: 0, from: 5, credit: 10 }
const OWNED = { ...READ, group: "g", memberId: "m", epoch: 4 }
const FENCED = { code: "fenced", epoch: 9 } as const

function newClient(): FakeClient {
  return new FakeClient(new FakeBroker().group("g").group("s", { type: "share" }).topic("t", 2))
}

describe("subscriptions of an owner", () => {
  it("[W40] name the group's life, the member and its epoch", async () => {
    const client = newClient()
    await client.say(OWNED)
    expect(client.broker.socket("topic/t/0").operations).toEqual([
      {
        type: "subscribe-partition",
        sub: 1,
        from: 5,
        grantedMessages: 10,
        grantedBytes: MAX_CREDIT_BYTES / 2,
        owner: { group: "g", generation: 7, memberId: "m", epoch: 4 },
      },
    ])
  })

  it("[W40] end as fenced where the partition is another's", async () => {
    const client = newClient()
    await client.say(OWNED)
    const socket = client.broker.socket("topic/t/0")
    socket.say({ type: "subscribed", sub: 1, incarnation: 3, nextOffset: 5 })
    socket.say({ type: "ended", sub: 1, failure: FENCED })
    await settled()
    expect(client.take()).toMatchObject([
      { type: "subscribed", sub: 1, nextOffset: 5 },
      { type: "unsubscribed", sub: 1, problem: { code: "fenced" } },
    ])
    expect(socket.types).toEqual(["subscribe-partition"])
  })

  it("[W40] that are turned away are an error, once the group is known to be the same", async () => {
    const client = newClient()
    await client.say(OWNED)
    const socket = client.broker.socket("topic/t/0")
    socket.say({ type: "failed", refs: [], sub: 1, failure: FENCED })
    await settled()
    expect(client.broker.resolved).toEqual(["g", "t", "g fresh"])
    expect(client.take()).toMatchObject([{ type: "error", sub: 1, problem: { code: "fenced", epoch: 9 } }])
    expect(socket.types).toEqual(["subscribe-partition"])
  })

  it("[W40] of a group that was created anew are asked for again", async () => {
    const client = newClient()
    await client.say(OWNED)
    client.broker.incarnation = 8
    const socket = client.broker.socket("topic/t/0")
    socket.say({ type: "failed", refs: [], sub: 1, failure: FENCED })
    await settled()
    expect(client.take()).toEqual([])
    expect(socket.operations).toMatchObject([{ owner: { generation: 7 } }, { sub: 1, owner: { generation: 8 } }])
    socket.say({ type: "failed", refs: [], sub: 1, failure: FENCED })
    await settled()
    expect(client.take()).toMatchObject([{ type: "error", sub: 1, problem: { code: "fenced" } }])
  })

  it("[W40] that are fenced have the member looked at, which closes the socket where it is out", async () => {
    const client = newClient()
    await client.say({ type: "join", sub: 2, group: "g", topics: ["t"] })
    const { memberId, refusals } = client.broker.groups
    await client.say({ ...OWNED, memberId })
    const socket = client.broker.socket("topic/t/0")
    socket.say({ type: "subscribed", sub: 1, incarnation: 3, nextOffset: 5 })
    refusals.set("member", { code: "not_found", resource: "member", name: memberId })
    socket.say({ type: "ended", sub: 1, failure: FENCED })
    await settled()
    expect(
      client
        .take()
        .map(({ type }) => type)
        .slice(-2),
    ).toEqual(["unsubscribed", "error"])
    expect(client.closedWith).toEqual([4409, "fenced"])
  })

  it("[W42] of a share group, or of no group, are refused", async () => {
    const client = newClient()
    await client.say({ ...OWNED, group: "s" }, { ...OWNED, sub: 2, group: "none" }, { ...OWNED, sub: 3, partition: 2 })
    // the catalog is asked for the first once more
    const answers = client.take().toSorted((one, other) => Number(one["sub"]) - Number(other["sub"]))
    expect(answers).toMatchObject([
      { type: "error", sub: 1, problem: { code: "conflict" } },
      { type: "error", sub: 2, problem: { code: "not_found", resource: "group" } },
      { type: "error", sub: 3, problem: { code: "not_found", resource: "partition" } },
    ])
  })

  it("[W6] what is said of them waits for both names", async () => {
    const client = newClient()
    const { promise, resolve } = Promise.withResolvers<void>()
    client.broker.gate = promise
    await client.say(OWNED, { type: "credit", sub: 1, credit: 12 }, { type: "unsubscribe", sub: 1 })
    expect(client.broker.sockets.size).toBe(0)
    resolve()
    await settled()
    expect(client.broker.socket("topic/t/0").types).toEqual(["subscribe-partition", "credit", "unsubscribe"])
  })
})

describe("numbers", () => {
  it("[W13] one that is told to end while its object refuses it is answered once", async () => {
    const client = newClient()
    await client.say(OWNED, { type: "unsubscribe", sub: 1 })
    const socket = client.broker.socket("topic/t/0")
    socket.say({ type: "failed", refs: [], sub: 1, failure: { code: "offset_out_of_range", latestOffset: 2 } })
    await settled()
    expect(client.take()).toEqual([])
    socket.say({ type: "ended", sub: 1, failure: null })
    await settled()
    expect(client.take()).toEqual([{ type: "unsubscribed", sub: 1 }])
  })

  it("[W13] one that is told to end is free when its object says so, not before", async () => {
    const client = newClient()
    await client.say(OWNED)
    const socket = client.broker.socket("topic/t/0")
    socket.say({ type: "subscribed", sub: 1, incarnation: 3, nextOffset: 5 })
    await client.say({ type: "unsubscribe", sub: 1 })
    client.take()
    socket.say({ type: "ended", sub: 1, failure: FENCED })
    await client.say(READ)
    expect(client.take()).toMatchObject([{ type: "error", sub: 1, problem: { code: "invalid_field" } }])
    socket.say({ type: "ended", sub: 1, failure: null })
    await client.say(READ)
    expect(client.take()).toEqual([{ type: "unsubscribed", sub: 1 }])
    expect(socket.types).toEqual(["subscribe-partition", "unsubscribe", "subscribe-partition"])
  })
})
