import { describe, expect, it } from "vitest"
import { MAX_UNANSWERED_BYTES } from "../../../src/core/limits.ts"
import { codeOf, settled } from "./fakes.ts"
import { HEARTBEAT, JOIN, joined, news, OUT } from "./member-scene.ts"

describe("members that are out", () => {
  it("[W37] are told so, behind what was answered, and the socket is closed", async () => {
    const client = await joined()
    await client.say({ type: "subscribe", sub: 2, queue: "jobs", credit: 1 })
    client.session.receive(JSON.stringify({ type: "ping" }))
    client.broker.socket("group/g").say({ type: "ended", sub: 1, failure: OUT })
    await settled()
    expect(client.take()).toMatchObject([{ type: "pong" }, { type: "error", sub: 1, problem: { resource: "member" } }])
    expect(client.closedWith).toEqual([4409, "fenced"])
    const queue = client.broker.socket("queue/jobs")
    expect([queue.closedWith, queue.types]).toEqual([3001, ["subscribe-queue"]])
    await client.say({ type: "ping" })
    expect(client.take()).toEqual([])
  })

  it.each(["heartbeat", "member"])("[W37] whether a %s shows it", async (call) => {
    const client = await joined()
    client.broker.groups.refusals.set(call, OUT)
    if (call === "heartbeat") await client.say(HEARTBEAT)
    else await news(client)
    expect(client.take()).toMatchObject([{ type: "error", sub: 1, problem: { code: "not_found" } }])
    expect(client.closedWith).toEqual([4409, "fenced"])
  })

  it("[W37] their group was deleted", async () => {
    const client = await joined()
    client.broker.socket("group/g").events.closed(4404, "not_found")
    await settled()
    expect(client.take()).toMatchObject([{ type: "error", sub: 1, problem: { resource: "group" } }])
    expect(client.closedWith).toEqual([4409, "fenced"])
  })

  it("[W37] what one message says behind it is not done", async () => {
    const client = await joined()
    client.broker.groups.refusals.set("heartbeat", OUT)
    await client.say(HEARTBEAT)
    await client.say([
      { type: "publish", ref: 1, queue: "jobs", messages: [{ body: "x" }] },
      { ...JOIN, sub: 2 },
    ])
    expect(client.broker.sockets.has("queue/jobs")).toBe(false)
    expect(client.broker.groups.calls).toEqual(["join", "heartbeat"])
  })
})

describe("limits", () => {
  it("[W41] what waits for its answer is bounded, for members as for publishes", async () => {
    const client = await joined()
    const { promise, resolve } = Promise.withResolvers<void>()
    client.broker.groups.gate = promise
    const topics = Array.from({ length: 100 }, (_, index) => `t${index}`.padEnd(128, "x"))
    const frame = { ...HEARTBEAT, topics }
    const fit = Math.floor(MAX_UNANSWERED_BYTES / (JSON.stringify(frame).length + 256))
    for (let nth = 0; nth < fit + 3; nth++) client.session.receive(JSON.stringify(frame))
    client.session.receive(JSON.stringify({ type: "ping" }))
    await settled()
    const codes = client.take().map(codeOf)
    expect(codes).toEqual(["overloaded", "overloaded", "overloaded", undefined])
    for (let nth = 0; nth < 2; nth++) await client.say({ ...JOIN, sub: 2, topics })
    expect(client.take().map(codeOf)).toEqual(["overloaded", "overloaded"])
    client.session.close(true)
    resolve()
  }, 30_000)
})
