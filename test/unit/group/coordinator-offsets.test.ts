import { describe, expect, it } from "vitest"
import type { SeekTarget } from "../../../src/core/stream/group-commands.ts"
import { GroupScene, valueOf } from "./group-scene.ts"

const T = { topics: ["t"] }

function seek(scene: GroupScene, target: SeekTarget, partitions: readonly number[] | null = null, topic = "t") {
  return scene.commit((group, now) => group.seek({ topic, partitions, target, dryRun: false }, now))
}

/** As the object does, which tries again once the topics were looked up. */
function standalone(scene: GroupScene, ...topics: string[]) {
  const ask = () => scene.commit((group, now) => group.standalone(topics, now))
  const asked = ask()
  if (asked.ok || asked.error.code !== "unavailable") return asked
  scene.answerLookup()
  return ask()
}

describe("seeks", () => {
  it("[G37] moves the offset by a new grant to the same owner, which has the partition anew", () => {
    const scene = new GroupScene()
    scene.create("t", 2)
    scene.join("a", T)
    scene.live(["a"], 400)
    scene.partition("t", 1).commit("a", 1, 80)
    valueOf(seek(scene, { kind: "shift", by: -30 }, [1]))
    expect(scene.shown("a")).toEqual(["t/0@1"])
    expect(scene.view("a").isWaiting).toBe(true)
    scene.run(0)
    expect(scene.shown("a")).toEqual(["t/0@1", "t/1@2"])
    expect(scene.view("a").partitions[1]).toMatchObject({ offset: 50 })
    expect(scene.partition("t", 1).commit("a", 1, 81)).toBe(false)
    expect(scene.partition("t", 1).commit("a", 2, 51)).toBe(true)
  })

  it("[G37] is done once, however often its call is lost, and whatever becomes of its owner", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    scene.join("a", T)
    scene.live(["a"], 400)
    scene.partition("t", 0).commit("a", 1, 80)
    valueOf(seek(scene, { kind: "shift", by: -30 }))
    scene.result(scene.underWay[0]!)
    scene.unreachable.add("t/0")
    scene.leave("a")
    scene.join("b", T)
    scene.live(["b"], 2_000)
    expect(seek(scene, { kind: "earliest" })).toMatchObject({ ok: false, error: { code: "conflict" } })
    scene.restart()
    scene.unreachable.clear()
    scene.live(["b"], 12_000)
    expect(scene.view("b").partitions).toMatchObject([{ offset: 50 }])
    expect(scene.partition("t", 0).row).toMatchObject({ memberId: "b", offset: 50 })
  })

  it("[G37] is done once where its static owner comes back meanwhile", () => {
    for (const isDone of [true, false]) {
      const scene = new GroupScene()
      scene.create("t", 1)
      scene.join("a", T, "host")
      scene.live(["a"], 400)
      scene.partition("t", 0).commit("a", 1, 80)
      valueOf(seek(scene, { kind: "shift", by: -30 }))
      const [call] = scene.underWay.splice(0)
      if (isDone) scene.result(call!)
      scene.join("a2", T, "host")
      scene.deliver(call!, { ok: false, error: { code: "unavailable", retryAfterMs: 0 } })
      scene.live(["a2"], 1_000)
      expect(scene.view("a2").partitions).toMatchObject([{ offset: 50 }])
      expect(scene.partition("t", 0).row).toMatchObject({ memberId: "a2", offset: 50 })
    }
  })

  it("[G37] one that can't be done leaves the partition to its owner, at an epoch of its own", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    scene.join("a", T)
    scene.live(["a"], 400)
    scene.partition("t", 0).commit("a", 1, 80)
    valueOf(seek(scene, { kind: "offset", offset: 101 }))
    const [call] = scene.underWay
    scene.live(["a"], 1_000)
    expect(scene.shown("a")).toEqual(["t/0@3"])
    expect(scene.view("a").partitions).toMatchObject([{ offset: 80 }])
    // the log has grown, and the call comes once more: it does not count
    scene.partition("t", 0).endOffset = 200
    expect(scene.result(call!).ok).toBe(false)
  })

  it("[G37] works without members, on a topic that the group has never seen", () => {
    const scene = new GroupScene()
    scene.create("t", 2)
    expect(seek(scene, { kind: "latest" })).toMatchObject({ ok: false, error: { code: "unavailable" } })
    scene.answer()
    valueOf(seek(scene, { kind: "latest" }))
    scene.run(0)
    for (const n of [0, 1]) expect(scene.partition("t", n).row).toMatchObject({ memberId: null, offset: 100 })
    expect(seek(scene, { kind: "latest" }, null, "u")).toMatchObject({ ok: false, error: { code: "unavailable" } })
    scene.answer()
    const gone = { code: "not_found", resource: "topic", name: "u" }
    expect(seek(scene, { kind: "latest" }, null, "u")).toEqual({ ok: false, error: gone })
    expect(scene.coordinator.describe().topics.map(({ topic }) => topic)).toEqual(["t"])
    const missing = { code: "not_found", resource: "partition", name: "t/2" }
    expect(seek(scene, { kind: "latest" }, [0, 2])).toEqual({ ok: false, error: missing })
  })
})

describe("commits from outside", () => {
  it("[G38] have an epoch while the group is empty, and a grant to a member is beyond it", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    const epoch = valueOf(standalone(scene, "t"))
    // the topic is known from then on, should the group be deleted
    expect(scene.stored.assignments.map(({ topic }) => topic)).toEqual(["t"])
    scene.run(0)
    expect(scene.coordinator.describe().topics).toEqual([
      { topic: "t", partitions: [{ partition: 0, memberId: null }] },
    ])
    scene.join("a", T)
    expect(standalone(scene, "t")).toMatchObject({ ok: false, error: { code: "conflict" } })
    scene.live(["a"], 400)
    expect(scene.view("a").partitions[0]!.epoch).toBeGreaterThan(epoch)
    scene.leave("a")
    scene.run(1_000)
    expect(valueOf(standalone(scene, "t"))).toBe(scene.partition("t", 0).row!.epoch)
  })

  it("[G38] a topic that does not exist is not kept", () => {
    const scene = new GroupScene()
    const gone = { code: "not_found", resource: "topic", name: "nowhere" }
    expect(standalone(scene, "nowhere")).toEqual({ ok: false, error: gone })
    scene.run(0)
    expect(scene.stored.assignments).toEqual([])
  })
})

describe("offsets", () => {
  const DAY_MS = 86_400_000

  it("[G40] stay for ever unless the group is told otherwise", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    scene.join("a", T)
    scene.live(["a"], 400)
    scene.leave("a")
    scene.run(1_000 * DAY_MS)
    expect(scene.partition("t", 0).row).not.toBe(null)
  })

  it("[G40] are forgotten once the group was empty for as long as it is told, also across restarts", () => {
    const scene = new GroupScene({ offsetRetentionMs: DAY_MS })
    scene.create("t", 2)
    scene.join("a", T)
    scene.run(10 * 1_000)
    scene.leave("a")
    scene.run(DAY_MS / 2)
    scene.restart()
    scene.unreachable.add("t/1")
    scene.run(DAY_MS / 2 - 1)
    expect(scene.partition("t", 0).row).not.toBe(null)
    scene.run(1)
    expect(scene.partition("t", 0).row).toBe(null)
    expect(scene.stored.assignments).toHaveLength(1)
    scene.restart()
    scene.unreachable.clear()
    scene.run(20_000)
    expect(scene.partition("t", 1).row).toBe(null)
    expect(scene.stored.assignments).toEqual([])
    expect(scene.coordinator.nextDeadlineAt()).toBe(null)
  })

  it("[G40] are used by whoever comes back in time, and a late call to forget them does not reach what came after", () => {
    const scene = new GroupScene({ offsetRetentionMs: DAY_MS })
    scene.create("t", 1)
    scene.join("a", T)
    scene.run(1_000)
    scene.leave("a")
    scene.run(DAY_MS - 1_000)
    valueOf(standalone(scene, "t"))
    scene.run(DAY_MS - 1_000)
    expect(scene.partition("t", 0).row).not.toBe(null)
    scene.now += 1_000
    scene.commit(() => null)
    const [forget] = scene.underWay
    expect(forget).toMatchObject({ kind: "forget" })
    scene.join("b", T)
    scene.live(["b"], 1_000)
    expect(scene.sizes("b")).toEqual([1])
    scene.result(forget!)
    expect(scene.partition("t", 0).row).toMatchObject({ memberId: "b" })
    scene.leave("b")
    scene.run(1_000)
    // nor what is committed from outside
    scene.run(DAY_MS - 1_000)
    const late = scene.calls.findLast(({ kind }) => kind === "forget")!
    const epoch = valueOf(standalone(scene, "t"))
    scene.partition("t", 0).row = { memberId: null, epoch, offset: 9, limit: null }
    scene.result(late)
    expect(scene.partition("t", 0).row).toMatchObject({ offset: 9 })
  })

  it("[G40] of a commit from outside that comes while others are forgotten go in their own time", () => {
    const scene = new GroupScene({ offsetRetentionMs: DAY_MS })
    scene.create("t", 1)
    valueOf(standalone(scene, "t"))
    scene.run(1_000)
    scene.now += DAY_MS
    scene.commit(() => null)
    expect(scene.underWay).toMatchObject([{ kind: "forget" }])
    const epoch = valueOf(standalone(scene, "t"))
    scene.partition("t", 0).row = { memberId: null, epoch, offset: 9, limit: null }
    scene.run(DAY_MS - 1)
    expect(scene.partition("t", 0).row).not.toBe(null)
    // the group has to be able to find it
    expect(scene.coordinator.describe().topics).toHaveLength(1)
    scene.run(1)
    expect(scene.partition("t", 0).row).toBe(null)
    expect(scene.stored.assignments).toEqual([])
  })
})
