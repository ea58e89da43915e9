import { describe, expect, it } from "vitest"
import { err } from "../../../src/core/result.ts"
import { GroupScene, granting, grantsTo, valueOf } from "./group-scene.ts"

const T = { topics: ["t"] }
const UNAVAILABLE = err({ code: "unavailable" as const, retryAfterMs: 0 })

describe("calls to partitions", () => {
  it("[G25] a grant without an answer is repeated as it was, later each time, and done once", () => {
    const scene = granting()
    const [first] = scene.underWay
    // it was done, but nobody heard
    scene.result(first!)
    scene.partition("t", 0).commit("a", 1, 7)
    const waits: number[] = []
    for (let n = 0; n < 8; n++) {
      const [call] = scene.underWay.splice(0)
      scene.deliver(call!, UNAVAILABLE)
      const next = scene.coordinator.nextDeadlineAt()!
      for (let since = scene.now; scene.underWay.length === 0;) {
        scene.now = Math.max(scene.coordinator.nextDeadlineAt()!, scene.now + 1)
        scene.commit(() => null)
        scene.heartbeat("a")
        scene.answerLookup()
        if (scene.underWay.length > 0) waits.push(scene.now - since)
      }
      expect(next).toBeGreaterThan(0)
    }
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000])
    expect(scene.view("a")).toMatchObject({ partitions: [], isWaiting: true })
    scene.answer()
    expect(new Set(grantsTo(scene).map(String))).toEqual(new Set(["a,1"]))
    expect(scene.view("a").partitions).toMatchObject([{ epoch: 1, offset: 7 }])
    expect(scene.partition("t", 0).installed).toHaveLength(1)
  })

  it("[G25] a partition that can't be reached stays with nobody, and holds up no other", () => {
    const scene = new GroupScene({ sessionTimeoutMs: 600_000 })
    scene.create("t", 100)
    for (let n = 0; n < 70; n++) scene.unreachable.add(`t/${n}`)
    scene.join("a", T)
    scene.run(60_000)
    expect(scene.sizes("a")).toEqual([30])
    scene.unreachable.clear()
    scene.run(10_000)
    expect(scene.sizes("a")).toEqual([100])
  })

  it("[G25] a call that is never answered is made again", () => {
    const scene = granting()
    scene.underWay = []
    scene.live(["a"], 29_800)
    expect(scene.sizes("a")).toEqual([0])
    scene.live(["a"], 1_000)
    expect(scene.sizes("a")).toEqual([1])
  })

  it("[G26] where the target changes while a grant is under way the newer grant counts, whatever comes of the older", () => {
    for (const order of ["older first", "newer first", "older late"] as const) {
      const scene = granting()
      scene.join("b", T)
      scene.leave("a")
      const older = scene.underWay.splice(0)[0]!
      scene.now += 200
      scene.commit(() => null)
      const newer = scene.underWay.splice(0)[0]!
      expect(grantsTo(scene)).toEqual([
        ["a", 1],
        ["b", 2],
      ])
      const first = order === "older first" ? scene.result(older) : null
      const second = scene.result(newer)
      const late = first ?? scene.result(older)
      expect(late.ok).toBe(order === "older first")
      if (order === "older first") {
        scene.deliver(older, late)
        expect(scene.sizes("b")).toEqual([0])
      }
      scene.deliver(newer, second)
      if (order !== "older first") scene.deliver(older, late)
      scene.run(1_000)
      expect(scene.shown("b")).toEqual(["t/0@2"])
      expect(scene.partition("t", 0).row).toMatchObject({ memberId: "b", epoch: 2 })
      expect(scene.epoch).toBe(2)
    }
  })

  it("[G26] an answer that is read in the commit that makes other plans says nothing", () => {
    const scene = granting()
    const [call] = scene.underWay.splice(0)
    const done = scene.result(call!)
    scene.commit((group, now) => {
      valueOf(group.seek({ topic: "t", partitions: null, target: { kind: "latest" }, dryRun: false }, now))
      group.answered(call!, done, now)
    })
    expect(scene.sizes("a")).toEqual([0])
    scene.run(0)
    expect(scene.shown("a")).toEqual(["t/0@2"])
    expect(scene.view("a").partitions).toMatchObject([{ offset: 100 }])
  })

  it("[G26] an answer that comes twice counts once", () => {
    const scene = granting()
    const [call] = scene.underWay.splice(0)
    scene.deliver(call!, scene.result(call!))
    scene.leave("a")
    scene.run(1_000)
    const { rows } = scene
    scene.deliver(call!, UNAVAILABLE)
    scene.deliver(call!, scene.result(call!))
    expect(scene.rows).toBe(rows)
    expect(scene.partition("t", 0).row).toMatchObject({ memberId: null, epoch: 2 })
  })

  it("[G27] a group that lost what it knew goes on beyond the epoch that a partition tells it", () => {
    const scene = new GroupScene()
    scene.create("t", 2)
    scene.join("a", T)
    scene.run(1_000)
    const backup = scene.stored
    scene.leave("a")
    for (const id of ["b", "c", "d"]) {
      scene.join(id, T)
      scene.run(1_000)
      scene.leave(id)
    }
    scene.join("e", T)
    scene.run(1_000)
    const before = scene.partition("t", 0).row!.epoch
    expect(before).toBeGreaterThan(4)
    scene.restore(backup)
    scene.run(100)
    // it is shown partitions that are not its own, and fenced there; nothing else can be known
    expect(scene.has("a")).toEqual(["t/0", "t/1"])
    scene.leave("a")
    scene.join("f", T)
    scene.live(["f"], 2_000)
    expect(scene.has("f")).toEqual(["t/0", "t/1"])
    for (const [n, { row }] of scene.catalog.get("t")!.partitions.entries()) {
      expect(row).toMatchObject({ memberId: "f" })
      expect(row!.epoch).toBeGreaterThan(before)
      expect(scene.view("f").partitions[n]).toMatchObject({ epoch: row!.epoch })
    }
    expect(scene.stored.epoch).toBeGreaterThan(before)
  })

  it("[G27] a generation that has ended raises no epochs without end", () => {
    const scene = granting()
    const fenced = err({ code: "fenced" as const, epoch: 0 })
    for (let n = 0; n < 5; n++) {
      for (const call of scene.underWay.splice(0)) scene.deliver(call, fenced)
      scene.now += 10_000
      scene.commit(() => null)
      scene.heartbeat("a")
    }
    expect(scene.epoch).toBe(1)
  })

  it("[G28] a partition that knows another version, or is not there, has the topic looked up before it is asked again", () => {
    const scene = granting()
    scene.grow("t", 2)
    scene.isCatalogDown = true
    scene.answer()
    const calls = scene.calls.length
    scene.live(["a"], 3_000)
    expect(scene.calls).toHaveLength(calls)
    scene.isCatalogDown = false
    scene.live(["a"], 11_000)
    expect(scene.has("a")).toEqual(["t/0", "t/1"])
    scene.catalog.delete("t")
    scene.leave("a")
    scene.join("b", T)
    scene.run(200)
    scene.live(["b"], 1_000)
    expect(scene.view("b")).toMatchObject({ partitions: [], isWaiting: false })
    expect(scene.stored.assignments).toEqual([])
  })

  it("[G42] at most 64 calls are under way, and one to a partition", () => {
    const scene = new GroupScene()
    scene.create("t", 200)
    scene.join("a", T)
    scene.answerLookup()
    scene.now += 200
    scene.commit(() => null)
    expect(scene.underWay).toHaveLength(64)
    scene.commit(() => null)
    expect(scene.underWay).toHaveLength(64)
    for (let n = 0; n < 10; n++) {
      const call = scene.underWay.shift()!
      scene.deliver(call, scene.result(call))
      expect(scene.underWay).toHaveLength(64)
    }
    scene.run(0)
    expect(scene.sizes("a")).toEqual([200])
    expect(scene.calls).toHaveLength(200)
  })
})
