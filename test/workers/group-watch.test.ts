import { evictDurableObject, runInDurableObject } from "cloudflare:test"
import { describe, expect, it } from "vitest"
import { GroupScene, PATIENCE, valueOf } from "./group-scene.ts"
import { ObjectSocket } from "./object-socket.ts"

async function openSocket(scene: GroupScene): Promise<ObjectSocket> {
  return ObjectSocket.open({ stub: scene.group, version: scene.version })
}

describe("a member that is watched", () => {
  it("[G55] has its changes told, also after the coordinator slept, and its end", async () => {
    const scene = await GroupScene.open({}, 2)
    await scene.join("a")
    await scene.settlesWith("a", ["t/0", "t/1"])
    const socket = await openSocket(scene)
    socket.send({ type: "watch-member", sub: 7, memberId: "a" })
    const { operation } = await socket.take("subscribed")
    expect(operation).toEqual({ type: "subscribed", sub: 7, incarnation: scene.generation, nextOffset: null })
    await evictDurableObject(scene.group)
    await scene.join("b")
    expect((await socket.take("member-news")).operation).toEqual({ type: "member-news", sub: 7 })
    await scene.settle({ a: 1, b: 1 })
    await evictDurableObject(scene.group)
    valueOf(await scene.group.leave(scene.version, "a"))
    expect((await socket.take("ended")).operation).toEqual({
      type: "ended",
      sub: 7,
      failure: { code: "not_found", resource: "member", name: "a" },
    })
    await expect
      .poll(
        () =>
          runInDurableObject(scene.group, (_, state) =>
            state.getWebSockets().map((each) => each.deserializeAttachment() as unknown),
          ),
        PATIENCE,
      )
      .toEqual([[]])
  })

  it("[G55] is not disturbed by what is for others, and not watched after an unsubscribe", async () => {
    const scene = await GroupScene.open({}, 1)
    await scene.topic("u", { partitions: 1 })
    await scene.join("a")
    await scene.join("b", { topics: ["u"] })
    await scene.settle({ a: 1, b: 1 })
    const socket = await openSocket(scene)
    for (const [sub, memberId] of [
      [1, "a"],
      [2, "b"],
    ] as const) {
      socket.send({ type: "watch-member", sub, memberId })
      await socket.take("subscribed")
    }
    valueOf(await scene.group.leave(scene.version, "b"))
    expect((await socket.take("ended")).operation).toMatchObject({ sub: 2 })
    expect(socket.has("member-news")).toBe(false)
    socket.send({ type: "unsubscribe", sub: 1 })
    expect((await socket.take("ended")).operation).toEqual({ type: "ended", sub: 1, failure: null })
    valueOf(await scene.group.leave(scene.version, "a"))
    expect(socket.has("ended")).toBe(false)
  })

  it("[G55] must be there, and be watched once under a number", async () => {
    const scene = await GroupScene.open({}, 1)
    await scene.join("a")
    const socket = await openSocket(scene)
    socket.send({ type: "watch-member", sub: 1, memberId: "nobody" })
    const refused = { type: "failed", sub: 1, failure: { code: "not_found", resource: "member", name: "nobody" } }
    expect((await socket.take("failed")).operation).toMatchObject(refused)
    socket.send({ type: "watch-member", sub: 1, memberId: "a" })
    await socket.take("subscribed")
    socket.send({ type: "watch-member", sub: 1, memberId: "a" })
    expect((await socket.take("failed")).operation).toMatchObject({ sub: 1, failure: { code: "conflict" } })
    socket.send({ type: "subscribe-partition", sub: 2, from: 0, grantedMessages: 1, grantedBytes: 1 })
    expect((await socket.take("failed")).operation).toMatchObject({ sub: 2, failure: { code: "invalid_request" } })
  })

  it("[G55] [G57] is told that the group is gone", async () => {
    const scene = await GroupScene.open({}, 1)
    await scene.join("a")
    const socket = await openSocket(scene)
    socket.send({ type: "watch-member", sub: 1, memberId: "a" })
    await socket.take("subscribed")
    valueOf(await scene.catalog.deleteGroup("g"))
    expect((await socket.take("failed")).operation).toMatchObject({ failure: { code: "not_found", resource: "group" } })
  })
})
