import { describe, expect, it } from "vitest"
import { at, GroupScene, valueOf } from "./group-scene.ts"

const T = { topics: ["t"] }

/** `a` has the four partitions of a topic, and then `b` comes. */
function twoMembers(settings = {}): GroupScene {
  const scene = new GroupScene(settings)
  scene.create("t", 4)
  scene.join("a", T)
  scene.run(1_000)
  scene.join("b", T)
  scene.run(200)
  return scene
}

describe("members", () => {
  it("[G20] a member that is silent for its session is out, and one that left is out at once", () => {
    const scene = new GroupScene({ sessionTimeoutMs: 1_000 })
    scene.create("t", 2)
    scene.join("a", T)
    scene.join("b", T)
    scene.live(["a", "b"], 600)
    expect(scene.sizes("a", "b")).toEqual([1, 1])
    scene.leave("b")
    expect(scene.heartbeat("b")).toEqual({ ok: false, error: { code: "not_found", resource: "member", name: "b" } })
    scene.live(["a"], 600)
    expect(scene.sizes("a")).toEqual([2])
    scene.run(999)
    expect(scene.coordinator.view("a").ok).toBe(true)
    scene.run(1)
    expect(scene.heartbeat("a").ok).toBe(false)
    expect(scene.expelled).toEqual(["b", "a"])
    scene.run(1_000)
    expect(scene.partition("t", 0).row).toMatchObject({ memberId: null })
    expect(scene.coordinator.describe().state).toBe("empty")
    expect(scene.coordinator.nextDeadlineAt()).toBe(null)
  })

  it("[G20] a join whose answer was lost can be repeated", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    scene.join("a", T)
    scene.run(1_000)
    const { rows } = scene
    expect(scene.join("a", T).partitions).toHaveLength(1)
    expect(scene.coordinator.describe().members).toHaveLength(1)
    expect(scene.rows).toBe(rows)
  })

  it("[G21] a hundred members that join within 200 ms are one rebalance, stored before any partition hears of it", () => {
    const scene = new GroupScene()
    scene.create("t", 100)
    const ids = Array.from({ length: 100 }, (_, n) => `m${n}`)
    scene.joinAll(ids.slice(0, 50), ["t"])
    scene.answerLookup()
    scene.now += 150
    scene.joinAll(ids.slice(50), ["t"])
    expect(scene.calls).toEqual([])
    scene.now += 50
    scene.commit(() => null)
    expect(scene.epoch).toBe(1)
    expect(scene.stored.epoch).toBe(1)
    expect(scene.stored.assignments[0]?.partitions.match(/"granting"/g)).toHaveLength(100)
    scene.run(0)
    expect(new Set(scene.sizes(...ids))).toEqual(new Set([1]))
    expect(scene.calls).toHaveLength(100)
    expect(scene.epoch).toBe(1)
  })

  it("[G21] a member waits from its join until it has its partitions, and its watchers hear once that it has", () => {
    const scene = new GroupScene()
    scene.create("t", 2)
    expect(scene.join("a", T)).toMatchObject({ partitions: [], isWaiting: true })
    scene.run(199)
    expect(scene.news).toEqual([])
    scene.run(1)
    expect(scene.view("a").isWaiting).toBe(false)
    expect(new Set(scene.news)).toEqual(new Set(["a"]))
    scene.news.length = 0
    scene.join("b", { topics: ["elsewhere"] })
    scene.run(1_000)
    expect(scene.view("b")).toMatchObject({ partitions: [], isWaiting: false })
    expect(scene.news).toEqual(["b"])
  })
})

describe("moving partitions", () => {
  it("[G22] the new owner is shown a partition only once the partition serves it and nobody else", () => {
    const scene = twoMembers()
    const a = scene.view("a").partitions.find(({ revokeAt }) => revokeAt !== null)!
    expect(scene.partition("t", a.partition).commit("a", a.epoch, 50)).toBe(true)
    const kept = scene.view("a").partitions.filter((one) => one !== a && one.partition !== a.partition)
    valueOf(scene.heartbeat("a", { owned: kept }))
    expect(scene.has("a")).not.toContain(`t/${a.partition}`)
    expect(scene.sizes("b")).toEqual([0])
    // a call of the old owner that was on its way still counts: the grant answers what it did
    expect(scene.partition("t", a.partition).commit("a", a.epoch, 60)).toBe(true)
    scene.answer()
    expect(scene.partition("t", a.partition).commit("a", a.epoch, 70)).toBe(false)
    expect(scene.view("b").partitions).toMatchObject([{ partition: a.partition, offset: 60, revokeAt: null }])
  })

  it("[G23] a member is asked to give up, and gives up by a heartbeat without the partition", () => {
    const scene = twoMembers({ rebalanceTimeoutMs: 5_000 })
    expect(scene.shown("a")).toEqual(["t/0@1", "t/1@1", "t/2@1!", "t/3@1!"])
    expect(scene.view("a").partitions[3]).toMatchObject({ revokeAt: scene.now + 5_000 })
    // one that does not say what it owns has given up nothing
    scene.heartbeat("a")
    scene.run(100)
    expect(scene.sizes("a", "b")).toEqual([4, 0])
    scene.heartbeat("a", { owned: [at("t/0"), at("t/1"), at("t/2")] })
    scene.run(0)
    expect(scene.shown("b")).toEqual(["t/3@2"])
    expect(scene.view("b").isWaiting).toBe(true)
  })

  it("[G23] what is not given up in time is taken; what a member claims beside it is lost", () => {
    const scene = twoMembers({ rebalanceTimeoutMs: 5_000 })
    scene.run(4_999)
    expect(scene.sizes("a", "b")).toEqual([4, 0])
    scene.run(1)
    expect(scene.shown("b")).toEqual(["t/2@2", "t/3@2"])
    const owned = ["t/0", "t/2", "t/9", "nowhere/0"].map(at)
    expect(valueOf(scene.heartbeat("a", { owned })).lost).toEqual(["t/2", "t/9", "nowhere/0"].map(at))
    expect(scene.has("a")).toEqual(["t/0", "t/1"])
  })

  it("[G23] an owner that is asked to give up and leaves, or whose session ends, has given up", () => {
    const scene = twoMembers({ sessionTimeoutMs: 2_000 })
    scene.live(["b"], 800)
    expect(scene.coordinator.view("a").ok).toBe(false)
    scene.run(0)
    // what was on its way to the other goes there at once, and the rest with the next rebalance
    expect(scene.has("b")).toEqual(["t/2", "t/3"])
    scene.live(["b"], 400)
    expect(scene.has("b")).toEqual(["t/0", "t/1", "t/2", "t/3"])
    scene.join("c", T)
    scene.run(200)
    scene.leave("b")
    scene.run(0)
    expect(scene.sizes("c")).toEqual([2])
  })

  it("[G23] what was asked for is not left to its owner again but given to it anew", () => {
    const scene = twoMembers()
    scene.leave("b")
    scene.run(1_000)
    expect(scene.shown("a")).toEqual(["t/0@1", "t/1@1", "t/2@1!", "t/3@1!"])
    expect(scene.view("a").isWaiting).toBe(true)
    scene.partition("t", 2).commit("a", 1, 42)
    scene.obey("a")
    expect(scene.has("a")).toEqual(["t/0", "t/1"])
    scene.run(0)
    expect(scene.shown("a")).toEqual(["t/0@1", "t/1@1", `t/2@${scene.epoch}`, `t/3@${scene.epoch}`])
    expect(scene.view("a").partitions[2]).toMatchObject({ offset: 42 })
  })

  it("[G23] what was to go to one who is out stays with its owner as far as it can", () => {
    const scene = new GroupScene()
    scene.create("t", 6)
    scene.join("a", T)
    scene.run(1_000)
    scene.join("b", T)
    scene.run(200)
    const asked = scene.shown("a").filter((name) => name.endsWith("!"))
    expect(asked).toHaveLength(3)
    scene.leave("b")
    scene.join("c", T)
    scene.join("d", T)
    scene.live(["a", "c", "d"], 1_000)
    // three of the four that go were asked for already
    expect(scene.sizes("a", "c", "d")).toEqual([2, 2, 2])
    expect(scene.shown("a").every((name) => name.endsWith("@1"))).toBe(true)
  })

  it("[G24] who keeps its partitions is not disturbed: same epochs, no calls, no news", () => {
    const scene = new GroupScene()
    scene.create("t", 6)
    scene.joinAll(["a", "b"], ["t"])
    scene.live(["a", "b"], 1_000)
    expect(scene.sizes("a", "b")).toEqual([3, 3])
    scene.join("c", T)
    scene.live(["a", "b", "c"], 1_000)
    expect(scene.sizes("a", "b", "c")).toEqual([2, 2, 2])
    const before = [scene.shown("a"), scene.shown("b")]
    expect(before.flat().every((name) => name.endsWith("@1"))).toBe(true)
    scene.news.length = 0
    const calls = scene.calls.length
    scene.leave("c")
    scene.join("d", T)
    scene.run(1_000)
    expect([scene.shown("a"), scene.shown("b")]).toEqual(before)
    expect(scene.sizes("d")).toEqual([2])
    expect(scene.calls).toHaveLength(calls + 2)
    expect(scene.news).not.toContain("a")
  })

  it("[G24] partitions of who left are fenced also where nobody comes after", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    scene.join("a", T)
    scene.run(1_000)
    scene.leave("a")
    expect(scene.partition("t", 0).commit("a", 1, 1)).toBe(true)
    scene.run(200)
    expect(scene.partition("t", 0).commit("a", 1, 2)).toBe(false)
    expect(scene.partition("t", 0).row).toMatchObject({ memberId: null, epoch: 2, offset: 1 })
  })

  it("[G24] a subscription that changes moves only what it touches", () => {
    const scene = new GroupScene()
    scene.create("t", 2)
    scene.create("u", 2)
    scene.join("a", { topics: ["t", "u"] })
    scene.run(1_000)
    valueOf(scene.heartbeat("a", { subscription: { topics: ["u"], patterns: [] } }))
    expect(scene.view("a").isWaiting).toBe(true)
    scene.run(200)
    expect(scene.shown("a")).toEqual(["t/0@1!", "t/1@1!", "u/0@1", "u/1@1"])
    scene.obey("a")
    scene.run(0)
    expect(scene.partition("t", 0).row).toMatchObject({ memberId: null })
    expect(scene.shown("a")).toEqual(["u/0@1", "u/1@1"])
  })
})
