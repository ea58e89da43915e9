import { describe, expect, it } from "vitest"
import { at, GroupScene, valueOf } from "./group-scene.ts"

const SHARE = { type: "share", autoOffsetReset: "latest" } as const

function attach(scene: GroupScene, topic: string) {
  return scene.commit((group, now) => group.attach(topic, now))
}

function opened(scene: GroupScene): unknown[] {
  return scene.calls.map((call) => [call.partition, call.kind === "open" && call.reset])
}

describe("share groups", () => {
  it("[G35] members are spread over the partitions at once, and are asked to give up nothing", () => {
    const scene = new GroupScene({ ...SHARE, sessionTimeoutMs: 3_000 })
    scene.create("t", 2)
    scene.join("a", { topics: ["t"] })
    scene.run(200)
    expect(scene.view("a")).toMatchObject({
      partitions: [
        { topic: "t", partition: 0, epoch: 0, offset: null, revokeAt: null },
        { topic: "t", partition: 1, epoch: 0, offset: null, revokeAt: null },
      ],
      isWaiting: false,
    })
    scene.joinAll(["b", "c", "d"], ["t"])
    scene.run(200)
    expect(scene.sizes("a", "b", "c", "d")).toEqual([1, 1, 1, 1])
    expect(new Set(scene.has("a").concat(scene.has("b")))).toEqual(new Set(["t/0", "t/1"]))
    expect(valueOf(scene.heartbeat("a", { owned: [at("t/0"), at("t/1")] })).lost).toHaveLength(1)
    const before = scene.has("a")
    const { epoch } = scene
    scene.restart()
    expect(scene.has("a")).toEqual(before)
    scene.run(1_000)
    expect(scene.epoch).toBe(epoch)
    scene.live(["a"], 3_000)
    expect(scene.sizes("a")).toEqual([2])
    expect(scene.coordinator.describe().members).toHaveLength(1)
  })

  it("[G39] a topic is attached without members, once; partitions that come later begin at their first record", () => {
    const scene = new GroupScene(SHARE)
    scene.create("t", 2)
    expect(attach(scene, "t")).toMatchObject({ ok: false, error: { code: "unavailable" } })
    scene.answerLookup()
    valueOf(attach(scene, "t"))
    expect(scene.coordinator.isOpening("t")).toBe(true)
    scene.run(0)
    expect(scene.coordinator.isOpening("t")).toBe(false)
    expect(opened(scene)).toEqual([
      [0, "latest"],
      [1, "latest"],
    ])
    scene.grow("t", 3)
    // somebody has met the new partition
    valueOf(attach(scene, "t"))
    expect(scene.coordinator.isOpening("t")).toBe(true)
    scene.run(1_000)
    expect(scene.coordinator.isOpening("t")).toBe(false)
    expect(opened(scene).slice(2)).toEqual([[2, "earliest"]])
    const { rows } = scene
    scene.restart()
    scene.run(60_000)
    expect(scene.calls).toHaveLength(3)
    expect(scene.rows).toBe(rows)
    expect(scene.coordinator.nextDeadlineAt()).toBe(null)
    attach(scene, "nowhere")
    scene.run(1_000)
    const gone = { code: "not_found", resource: "topic", name: "nowhere" }
    expect(attach(scene, "nowhere")).toEqual({ ok: false, error: gone })
  })

  it("[G39] a topic that a member subscribes to is opened, and again where it is another of its name", () => {
    const scene = new GroupScene(SHARE)
    scene.create("t", 1)
    scene.unreachable.add("t/0")
    scene.join("a", { patterns: ["*"] })
    scene.live(["a"], 2_000)
    expect(scene.partition("t", 0).isOpen).toBe(false)
    scene.unreachable.clear()
    scene.restart()
    scene.live(["a"], 200)
    expect(scene.partition("t", 0).isOpen).toBe(true)
    scene.create("t", 1)
    scene.live(["a"], 6_000)
    expect(scene.partition("t", 0).isOpen).toBe(true)
  })

  it("[G40] what a share group knows does not expire where it has no members", () => {
    const scene = new GroupScene({ ...SHARE, offsetRetentionMs: 60_000 })
    scene.create("t", 1)
    scene.join("a", { topics: ["t"] })
    scene.run(1_000)
    scene.leave("a")
    scene.run(1_000_000)
    expect(scene.stored.assignments).toHaveLength(1)
    expect(scene.calls).toHaveLength(1)
  })

  it("[G39] what is for the other kind of group is a conflict", () => {
    const share = new GroupScene(SHARE)
    const consumer = new GroupScene()
    const conflict = { ok: false, error: { code: "conflict" } }
    expect(attach(consumer, "t")).toMatchObject(conflict)
    expect(share.commit((group, now) => group.standalone(["t"], now))).toMatchObject(conflict)
    const request = { topic: "t", partitions: null, target: { kind: "latest" }, dryRun: false } as const
    expect(share.commit((group, now) => group.seek(request, now))).toMatchObject(conflict)
  })
})
