import { describe, expect, it } from "vitest"
import { MAX_SOCKET_MEMBERS } from "../../../src/core/limits.ts"
import { owned } from "./fake-groups.ts"
import { codeOf, type Received, settled } from "./fakes.ts"
import { HEARTBEAT, JOIN, joined, newClient, news, OUT } from "./member-scene.ts"

const LEAVE = { type: "leave", sub: 1 }
const LOST_ANSWER = { code: "unavailable", retryAfterMs: 1000 } as const

function typesOf(frames: readonly Received[]): unknown[] {
  return frames.map(({ type }) => type)
}

describe("joining", () => {
  it("[W31] is answered by joined and the assignment, and the coordinator is watched", async () => {
    const client = newClient()
    await client.say({ ...JOIN, patterns: ["logs.*"], instanceId: "one" })
    const { groups } = client.broker
    const { memberId } = groups
    expect(groups.joins).toEqual([
      { memberId, instanceId: "one", subscription: { topics: ["t"], patterns: ["logs.*"] } },
    ])
    expect(client.take()).toEqual([
      { type: "joined", sub: 1, memberId, heartbeatIntervalMs: 3000, sessionTimeoutMs: 45_000 },
      {
        type: "assignment",
        sub: 1,
        epoch: 4,
        assigned: [
          { topic: "t", partition: 0, epoch: 4, offset: 0 },
          { topic: "t", partition: 1, epoch: 4, offset: 0 },
        ],
        revoked: [],
        lost: [],
        waiting: false,
      },
    ])
    expect(client.broker.socket("group/g").operations).toEqual([{ type: "watch-member", sub: 1, memberId }])
  })

  it("[W31] every member of a client has an id of its own", async () => {
    const client = await joined()
    await client.say({ ...JOIN, sub: 2 })
    const ids = client.broker.groups.joins.map(({ memberId }) => memberId)
    expect(new Set(ids).size).toBe(2)
    expect(client.broker.socket("group/g").types).toEqual(["watch-member", "watch-member"])
  })

  it("[W31] members and subscriptions share their numbers", async () => {
    const client = await joined()
    await client.say(JOIN, { type: "subscribe", sub: 1, queue: "jobs", credit: 1 })
    await client.say({ type: "subscribe", sub: 2, queue: "jobs", credit: 1 }, { ...JOIN, sub: 2 })
    await client.say({ type: "unsubscribe", sub: 1 }, { type: "heartbeat", sub: 2 }, { type: "leave", sub: 3 })
    const pointers = client.take().map((frame) => [codeOf(frame), (frame["problem"] as Received)["pointer"]])
    expect(pointers).toEqual(Array.from({ length: 6 }, () => ["invalid_field", "/sub"]))
  })

  it("[W31] a socket has so many members, and the number of a join that was refused is free", async () => {
    const client = newClient()
    client.broker.groups.refusals.set("join", { code: "conflict", detail: "full" })
    await client.say(JOIN)
    expect(client.take()).toMatchObject([{ type: "error", sub: 1, problem: { code: "conflict" } }])
    client.broker.groups.refusals.clear()
    for (let sub = 1; sub <= MAX_SOCKET_MEMBERS + 1; sub++) await client.say({ ...JOIN, sub })
    const refused = client.take().filter(({ type }) => type === "error")
    expect(refused).toMatchObject([{ sub: MAX_SOCKET_MEMBERS + 1, problem: { code: "invalid_request" } }])
  })

  it("[W31] a join whose answer was lost leaves nobody behind", async () => {
    const client = newClient()
    client.broker.groups.refusals.set("join", LOST_ANSWER)
    await client.say(JOIN)
    expect(client.take()).toMatchObject([{ type: "error", sub: 1, problem: { code: "unavailable" } }])
    expect(client.broker.groups.calls).toEqual(["join", "leave"])
  })

  it("[W36] a client that closes leaves nobody, but a member that it never heard of goes", async () => {
    const client = await joined()
    client.session.close(true)
    await settled()
    expect(client.broker.groups.calls).toEqual(["join"])
    const early = newClient()
    const { promise, resolve } = Promise.withResolvers<void>()
    early.broker.groups.gate = promise
    await early.say(JOIN)
    early.session.close(false)
    resolve()
    await settled()
    expect(early.broker.groups.calls).toEqual(["join", "leave"])
    expect(early.frames).toEqual([])
    expect(early.broker.sockets.size).toBe(0)
  })
})

describe("assignments", () => {
  it("[W32] news are told in full, with what was lost and what is to be given up", async () => {
    const client = await joined()
    const { groups } = client.broker
    groups.partitions = [{ ...owned("t", 1), revokeAt: 99 }, owned("t", 2, 5)]
    groups.isWaiting = true
    await news(client)
    expect(client.take()).toEqual([
      {
        type: "assignment",
        sub: 1,
        epoch: 4,
        assigned: [{ topic: "t", partition: 2, epoch: 5, offset: 0 }],
        revoked: [{ topic: "t", partition: 1, epoch: 4, deadlineAt: 99 }],
        lost: [{ topic: "t", partition: 0 }],
        waiting: true,
      },
    ])
  })

  it("[W32] a partition that was given anew is lost and assigned", async () => {
    const client = await joined()
    client.broker.groups.partitions = [owned("t", 0), owned("t", 1, 7)]
    await news(client)
    const [frame] = client.take()
    expect(frame).toMatchObject({ lost: [{ topic: "t", partition: 1 }] })
    expect(frame!["assigned"]).toMatchObject([{ partition: 0 }, { partition: 1, epoch: 7 }])
  })

  it("[W32] what is to be given up, and what is waited for, is news of its own", async () => {
    const client = await joined()
    const { groups } = client.broker
    groups.isWaiting = true
    await news(client)
    expect(client.take()).toMatchObject([{ waiting: true, revoked: [], lost: [] }])
    groups.partitions = [owned("t", 0), { ...owned("t", 1), revokeAt: 99 }]
    await news(client)
    expect(client.take()).toMatchObject([{ waiting: true, revoked: [{ partition: 1, deadlineAt: 99 }], lost: [] }])
  })

  it("[W32] news that change nothing are not told, and many at once are one look", async () => {
    const client = await joined()
    const socket = client.broker.socket("group/g")
    for (let nth = 0; nth < 5; nth++) socket.say({ type: "member-news", sub: 1 })
    await settled()
    expect(client.take()).toEqual([])
    expect(client.broker.groups.calls).toEqual(["join", "member"])
  })

  it("[W33] a heartbeat is answered once: by what changed, else that it was heard", async () => {
    const client = await joined()
    await client.say({ ...HEARTBEAT, owned: [{ topic: "t", partition: 0 }] })
    expect(client.take()).toEqual([{ type: "alive", sub: 1 }])
    client.broker.groups.partitions = [owned("t", 0)]
    await client.say(HEARTBEAT)
    expect(client.take()).toMatchObject([{ type: "assignment", lost: [{ topic: "t", partition: 1 }] }])
    const { memberId } = client.broker.groups
    expect(client.broker.groups.heartbeats).toEqual([
      { memberId, owned: [{ topic: "t", partition: 0 }], subscription: null },
      { memberId, owned: null, subscription: null },
    ])
  })

  it("[W33] what was given up is not lost", async () => {
    const client = await joined()
    const { groups } = client.broker
    groups.partitions = [owned("t", 0), { ...owned("t", 1), revokeAt: 99 }]
    await news(client)
    client.take()
    groups.partitions = [owned("t", 0)]
    await client.say({ ...HEARTBEAT, owned: [{ topic: "t", partition: 0 }], topics: ["t", "u"] })
    expect(client.take()).toEqual([{ type: "alive", sub: 1 }])
    expect(groups.heartbeats).toMatchObject([{ subscription: { topics: ["t", "u"], patterns: [] } }])
  })

  it("[W33] a heartbeat that could not be made is an error, and the member stays", async () => {
    const client = await joined()
    const { refusals } = client.broker.groups
    refusals.set("heartbeat", LOST_ANSWER)
    await client.say(HEARTBEAT)
    expect(client.take()).toMatchObject([{ type: "error", sub: 1, problem: { code: "unavailable" } }])
    refusals.clear()
    await client.say(HEARTBEAT)
    expect(client.take()).toEqual([{ type: "alive", sub: 1 }])
    expect(client.closedWith).toBeNull()
  })
})

describe("leaving", () => {
  it("[W35] is answered by left, ends the watch and frees the number", async () => {
    const client = await joined()
    await client.say(LEAVE, HEARTBEAT)
    expect(client.take()).toMatchObject([
      { type: "error", problem: { pointer: "/sub" } },
      { type: "left", sub: 1 },
    ])
    const socket = client.broker.socket("group/g")
    expect(socket.operations.at(-1)).toEqual({ type: "unsubscribe", sub: 1 })
    await client.say(JOIN)
    expect(typesOf(client.take())).toEqual(["joined", "assignment"])
    socket.say({ type: "ended", sub: 1, failure: OUT })
    await settled()
    expect(client.closedWith).toBeNull()
  })

  it("[W35] one that is out has left, whoever says so first", async () => {
    const client = await joined()
    client.broker.groups.refusals.set("leave", OUT)
    const { promise, resolve } = Promise.withResolvers<void>()
    client.broker.groups.gate = promise
    await client.say(LEAVE)
    client.broker.socket("group/g").say({ type: "ended", sub: 1, failure: OUT })
    resolve()
    await settled()
    expect(client.take()).toEqual([{ type: "left", sub: 1 }])
    expect(client.closedWith).toBeNull()
  })

  it("[W35] a leave whose answer was lost may have been heard: then the member has left", async () => {
    const client = await joined()
    client.broker.groups.refusals.set("leave", LOST_ANSWER)
    await client.say(LEAVE)
    expect(client.take()).toMatchObject([{ type: "error", sub: 1 }])
    client.broker.socket("group/g").say({ type: "ended", sub: 1, failure: OUT })
    await settled()
    expect(client.take()).toEqual([{ type: "left", sub: 1 }])
    expect(client.closedWith).toBeNull()
  })
})
