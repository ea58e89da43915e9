import { describe, expect, it } from "vitest"
import type { Received } from "./fakes.ts"
import { settled } from "./fakes.ts"
import { HEARTBEAT, JOIN, newClient, news, OUT } from "./member-scene.ts"

const REJOIN = { type: "join", sub: 1, group: "g", memberId: "m-1" }

describe("joining again", () => {
  it("[W59] goes on as the member that it was, and is watched", async () => {
    const client = newClient()
    await client.say(REJOIN)
    const { groups } = client.broker
    expect(groups.calls).toEqual(["heartbeat"])
    expect(groups.heartbeats).toEqual([{ memberId: "m-1", owned: null, subscription: null }])
    expect(client.take()).toMatchObject([
      { type: "joined", sub: 1, memberId: "m-1" },
      { type: "assignment", sub: 1, assigned: [{ partition: 0 }, { partition: 1 }], lost: [] },
    ])
    expect(client.broker.socket("group/g").operations).toEqual([{ type: "watch-member", sub: 1, memberId: "m-1" }])
    await client.say(HEARTBEAT)
    expect(client.take()).toEqual([{ type: "alive", sub: 1 }])
    groups.partitions = []
    await news(client)
    expect(client.take()).toMatchObject([{ type: "assignment", lost: [{ partition: 0 }, { partition: 1 }] }])
  })

  it("[W59] takes the topics that it names in place of those that it had", async () => {
    const client = newClient()
    await client.say({ ...REJOIN, topics: ["u"], patterns: ["logs.*"], instanceId: "one" })
    const subscription = { topics: ["u"], patterns: ["logs.*"] }
    expect(client.broker.groups.heartbeats).toEqual([{ memberId: "m-1", owned: null, subscription }])
  })

  it("[W59] one that is out is not_found, and socket and number stay of use", async () => {
    const client = newClient()
    client.broker.groups.refusals.set("heartbeat", OUT)
    await client.say(REJOIN)
    expect(client.take()).toMatchObject([{ type: "error", sub: 1, problem: { code: "not_found", resource: "member" } }])
    expect(client.closedWith).toBeNull()
    await client.say(JOIN)
    expect(client.take().map(({ type }) => type)).toEqual(["joined", "assignment"])
  })

  it("[W59] a member of this socket can't be another one too", async () => {
    const client = newClient()
    await client.say(REJOIN, { ...REJOIN, sub: 2 })
    const refused = client.take().find(({ type }) => type === "error")
    expect(refused).toMatchObject({ sub: 2, problem: { code: "invalid_field", pointer: "/memberId" } })
    await client.say({ type: "leave", sub: 1 })
    await client.say({ ...REJOIN, sub: 2 })
    expect(client.take()).toMatchObject([{ type: "left" }, { type: "joined", sub: 2 }, { type: "assignment" }])
  })

  it("[W36] [W59] one that breaks off before its answer stays, for it may come back once more", async () => {
    const client = newClient()
    const { promise, resolve } = Promise.withResolvers<void>()
    client.broker.groups.gate = promise
    await client.say(REJOIN)
    client.session.close(false)
    resolve()
    await settled()
    expect(client.broker.groups.calls).toEqual(["heartbeat"])
  })

  it.each([
    [{ ...REJOIN, memberId: 7 }, "/memberId"],
    [{ ...REJOIN, memberId: "" }, "/memberId"],
    [{ ...REJOIN, memberId: undefined }, "/topics"],
  ])("[W3] [W59] refuses %o", async (frame, pointer) => {
    const client = newClient()
    await client.say(frame)
    expect(client.take().map(({ problem }) => (problem as Received)["pointer"])).toEqual([pointer])
  })
})
