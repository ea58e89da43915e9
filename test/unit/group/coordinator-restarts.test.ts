import { describe, expect, it } from "vitest"
import { at, GroupScene, granting, grantsTo, valueOf } from "./group-scene.ts"

const T = { topics: ["t"] }

describe("restarts", () => {
  it("[G29] what was under way is done again with the same epoch", () => {
    const scene = granting()
    // the partition heard of it, the coordinator did not hear the answer
    scene.result(scene.underWay[0]!)
    scene.restart()
    scene.run(0)
    expect(scene.shown("a")).toEqual(["t/0@1"])
    expect(scene.partition("t", 0).installed).toEqual([{ memberId: "a", epoch: 1 }])
    expect(grantsTo(scene)).toEqual([
      ["a", 1],
      ["a", 1],
    ])
  })

  it("[G29] a restart after any commit of a rebalance leads to the same end", () => {
    for (let crashAfter = 0; crashAfter < 40; crashAfter++) {
      const scene = new GroupScene({ rebalanceTimeoutMs: 1_000 })
      scene.create("t", 3)
      scene.commitsUntilRestart = crashAfter
      scene.join("a", T)
      scene.live(["a"], 400)
      scene.join("b", T)
      scene.live(["a", "b"], 2_000)
      scene.leave("a")
      scene.live(["b"], 2_000)
      expect(scene.has("b")).toEqual(["t/0", "t/1", "t/2"])
      for (const { partition, epoch } of scene.view("b").partitions) {
        expect(scene.partition("t", partition).row).toMatchObject({ memberId: "b", epoch })
      }
    }
  })

  it("[G29] a restart of a settled group moves nothing, calls nobody and writes since when it restarts", () => {
    const scene = new GroupScene()
    scene.create("t", 5)
    scene.joinAll(["a", "b"], ["t"])
    scene.live(["a", "b"], 1_000)
    const { rows, epoch } = scene
    const calls = scene.calls.length
    const before = [scene.shown("a"), scene.shown("b")]
    scene.restart()
    scene.run(2_000)
    expect([scene.shown("a"), scene.shown("b")]).toEqual(before)
    expect({ rows: scene.rows, epoch: scene.epoch, calls: scene.calls.length }).toEqual({
      rows: rows + 1,
      epoch,
      calls,
    })
  })

  it("[G29] a coordinator that wakes between rebalances has nothing to do, and writes once that it restarts", () => {
    const scene = new GroupScene()
    scene.create("t", 5)
    scene.joinAll(["a", "b"], ["t"])
    scene.live(["a", "b"], 1_000)
    const { rows } = scene
    for (let wakes = 0; wakes < 10; wakes++) {
      scene.now += 1_000
      scene.wake()
      expect(scene.coordinator.nextDeadlineAt()).toBeGreaterThan(scene.now + 10_000)
      expect(scene.coordinator.describe().state).toBe("stable")
      valueOf(scene.heartbeat("a"))
      valueOf(scene.heartbeat("b"))
      expect(scene.underWay).toEqual([])
      // the look at its topics that is due goes with the heartbeat
      expect(scene.asked).not.toBe(null)
    }
    expect(scene.rows).toBe(rows + 1)
  })

  it("[G29] a rebalance that is owed is made after a restart, and no second one", () => {
    const scene = new GroupScene()
    scene.create("t", 2)
    scene.join("a", T)
    scene.answerLookup()
    scene.wake()
    expect(scene.coordinator.describe().state).toBe("rebalancing")
    scene.run(1_000)
    expect(scene.has("a")).toEqual(["t/0", "t/1"])
    scene.leave("a")
    scene.wake()
    scene.run(1_000)
    expect(scene.partition("t", 0).row).toMatchObject({ memberId: null })
    const { epoch, rows } = scene
    scene.wake()
    scene.run(100_000)
    expect([scene.epoch, scene.rows]).toEqual([epoch, rows])
  })

  it("[G29] what a rebalance put off for a seek is done after it, also across a restart", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    scene.join("a", T)
    scene.live(["a"], 1_000)
    scene.unreachable.add("t/0")
    const request = { topic: "t", partitions: null, target: { kind: "latest" as const }, dryRun: false }
    valueOf(scene.commit((group, now) => group.seek(request, now)))
    scene.leave("a")
    scene.join("b", T)
    scene.live(["b"], 1_000)
    scene.wake()
    scene.unreachable.clear()
    scene.live(["b"], 20_000)
    expect(scene.has("b")).toEqual(["t/0"])
    expect(scene.partition("t", 0).row).toMatchObject({ memberId: "b", offset: 100 })
  })

  it("[G29] what a revoked owner was asked is remembered, with its deadline", () => {
    const scene = new GroupScene({ rebalanceTimeoutMs: 3_000 })
    scene.create("t", 2)
    scene.join("a", T)
    scene.run(1_000)
    scene.join("b", T)
    scene.run(200)
    const before = scene.view("a").partitions
    scene.run(1_000)
    scene.restart()
    expect(scene.view("a").partitions).toEqual(before)
    scene.run(1_999)
    expect(scene.sizes("b")).toEqual([0])
    scene.run(1)
    expect(scene.sizes("b")).toEqual([1])
  })
})

describe("rows", () => {
  it("[G41] a commit writes a row for each member and each topic that it changed, and one for the epoch", () => {
    const scene = new GroupScene()
    scene.create("t", 50)
    scene.create("u", 50)
    const written = (): number => {
      const { rows } = scene
      scene.rows = 0
      return rows
    }
    scene.joinAll(["a", "b"], ["t", "u"])
    // the members, and that a rebalance is owed
    expect(written()).toBe(3)
    scene.answerLookup()
    expect(written()).toBe(2)
    scene.now += 200
    scene.commit(() => null)
    expect(written()).toBe(3)
    const calls = scene.underWay.splice(0)
    expect(calls).toHaveLength(64)
    scene.commit((group, now) => {
      for (const call of calls) group.answered(call, scene.result(call), now)
    })
    expect(written()).toBe(2)
    scene.run(0)
    written()
    valueOf(scene.heartbeat("a", { owned: [at("t/0")] }))
    scene.live(["a", "b"], 20_000)
    expect(written()).toBe(0)
    scene.leave("b")
    expect(written()).toBe(2)
  })

  it("[G41] a member that leaves and joins in one commit is stored, one that joins and leaves is not", () => {
    const scene = new GroupScene()
    scene.join("a", T)
    const request = { instanceId: null, subscription: { topics: ["t"], patterns: [] } }
    scene.commit((group, now) => {
      valueOf(group.leave("a", now))
      valueOf(group.join({ memberId: "a", ...request }, now))
      valueOf(group.join({ memberId: "b", ...request }, now))
      valueOf(group.leave("b", now))
    })
    expect(scene.stored.members.map(({ id }) => id)).toEqual(["a"])
    scene.restart()
    expect(scene.coordinator.describe().members.map(({ memberId }) => memberId)).toEqual(["a"])
  })
})
