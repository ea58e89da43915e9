import { describe, expect, it } from "vitest"
import { GroupScene, valueOf } from "./group-scene.ts"

const T = { topics: ["t"] }

describe("topics", () => {
  it("[G31] topics are looked up when somebody names them, and every 5 s while there are members", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    scene.join("a", { topics: ["t"], patterns: ["v*"] })
    expect(scene.asked).toEqual({ topics: ["t"], patterns: ["v*"] })
    scene.answerLookup()
    scene.now += 4_999
    scene.heartbeat("a")
    expect(scene.asked).toBe(null)
    scene.now += 1
    scene.heartbeat("a")
    expect(scene.asked).not.toBe(null)
    scene.answerLookup()
    // what is known already is not asked for at once
    scene.join("b", T)
    expect(scene.asked).toBe(null)
    scene.join("c", { topics: ["u"] })
    expect(scene.asked?.topics).toContain("u")
    scene.answerLookup()
    for (const id of ["a", "b", "c"]) scene.leave(id)
    scene.run(60_000)
    expect(scene.coordinator.lookups(scene.now)).toBe(null)
  })

  it("[G31] a topic that comes later is picked up, by name and by pattern", () => {
    const scene = new GroupScene()
    scene.join("a", { topics: ["t"], patterns: ["log.*"] })
    scene.live(["a"], 400)
    expect(scene.view("a")).toMatchObject({ partitions: [], isWaiting: false })
    scene.create("t", 1)
    scene.create("log.x", 2)
    scene.create("other", 2)
    scene.live(["a"], 6_000)
    expect(scene.has("a")).toEqual(["log.x/0", "log.x/1", "t/0"])
  })

  it("[G31] a rebalance waits for the first look at its topics, but not for long", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    scene.join("a", T)
    scene.now += 4_000
    scene.heartbeat("a")
    expect(scene.coordinator.describe().state).toBe("rebalancing")
    expect(scene.view("a").isWaiting).toBe(true)
    scene.now += 1_200
    scene.commit(() => null)
    expect(scene.view("a").isWaiting).toBe(false)
    // the catalog could not be asked: it is asked again, and nothing is thought to be gone
    scene.isCatalogDown = true
    scene.live(["a"], 5_000)
    scene.isCatalogDown = false
    scene.live(["a"], 11_000)
    expect(scene.has("a")).toEqual(["t/0"])
    scene.isCatalogDown = true
    scene.live(["a"], 20_000)
    expect(scene.has("a")).toEqual(["t/0"])
  })

  it("[G31] an answer to another question than the last one is ignored", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    scene.join("a", T)
    const { asked } = scene
    scene.restart()
    scene.commit((group, now) => group.noteTopics(asked!, [], now))
    scene.live(["a"], 400)
    expect(scene.has("a")).toEqual(["t/0"])
  })

  it("[G31] partitions that are added begin at their first record, those of a first sight where the settings say", () => {
    const scene = new GroupScene({ autoOffsetReset: "latest" })
    scene.create("t", 2)
    scene.join("a", T)
    scene.live(["a"], 400)
    expect(scene.view("a").partitions.map(({ offset }) => offset)).toEqual([100, 100])
    scene.grow("t", 4)
    scene.create("u", 1)
    scene.restart()
    scene.live(["a"], 6_000)
    expect(scene.view("a").partitions.map(({ offset }) => offset)).toEqual([100, 100, 0, 0])
    expect(scene.shown("a")).toEqual(["t/0@1", "t/1@1", "t/2@2", "t/3@2"])
    expect(valueOf(scene.heartbeat("a", { subscription: { topics: ["t", "u"], patterns: [] } })).isWaiting).toBe(true)
    scene.live(["a"], 400)
    expect(scene.view("a").partitions.at(-1)).toMatchObject({ topic: "u", offset: 100 })
    // once they have begun the policy holds for them too
    scene.join("b", T)
    scene.live(["a", "b"], 400)
    const resets = scene.calls.flatMap((call) => {
      return call.kind === "grant" && call.topic === "t" ? [[call.partition, call.request.reset]] : []
    })
    expect(resets.slice(0, 4)).toEqual([
      [0, "latest"],
      [1, "latest"],
      [2, "earliest"],
      [3, "earliest"],
    ])
    expect(new Set(resets.slice(4).map(([, reset]) => reset))).toEqual(new Set(["latest"]))
  })

  it("[G32] a topic that is deleted is lost, and one of its name begins anew at a new epoch", () => {
    const scene = new GroupScene()
    scene.create("t", 2)
    scene.join("a", T)
    scene.live(["a"], 400)
    scene.partition("t", 0).commit("a", 1, 50)
    scene.create("t", 1)
    scene.live(["a"], 6_000)
    expect(scene.shown("a")).toEqual(["t/0@2"])
    expect(scene.view("a").partitions).toMatchObject([{ offset: 0 }])
    expect(scene.partition("t", 0).commit("a", 1, 50)).toBe(false)
    scene.catalog.delete("t")
    scene.news.length = 0
    scene.live(["a"], 6_000)
    expect(scene.has("a")).toEqual([])
    expect(scene.news).toEqual(["a"])
    expect(scene.stored.assignments).toEqual([])
    scene.create("t", 1)
    scene.live(["a"], 6_000)
    expect(scene.shown("a")).toEqual(["t/0@3"])
  })

  it("[G32] a grant for the topic before is not taken for one in the new one", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    scene.join("a", T)
    scene.answerLookup()
    scene.now += 200
    scene.commit(() => null)
    const [call] = scene.underWay.splice(0)
    const done = scene.result(call!)
    scene.create("t", 1)
    scene.now += 5_000
    scene.heartbeat("a")
    scene.answerLookup()
    scene.deliver(call!, done)
    expect(scene.sizes("a")).toEqual([0])
    scene.live(["a"], 400)
    expect(scene.shown("a")).toEqual(["t/0@2"])
    expect(scene.partition("t", 0).row).toMatchObject({ memberId: "a", epoch: 2 })
  })
})

describe("added partitions whose keys keep their order", () => {
  function grown(offsets: readonly number[]): GroupScene {
    const scene = new GroupScene()
    scene.create("t", 2)
    scene.join("a", T)
    scene.live(["a"], 400)
    for (const [n, offset] of offsets.entries()) scene.partition("t", n).commit("a", 1, offset)
    scene.grow("t", 4, "preserve")
    for (const partition of scene.catalog.get("t")!.partitions) partition.endOffset = 200
    scene.live(["a"], 6_000)
    return scene
  }

  function limits(scene: GroupScene): (number | null | undefined)[] {
    return scene.catalog.get("t")!.partitions.map(({ row }) => row?.limit)
  }

  it("[G36] nobody reads past a barrier before all old partitions were committed up to theirs", () => {
    const scene = grown([100, 30])
    expect(scene.shown("a")).toEqual(["t/0@1", "t/1@1", "t/2@2", "t/3@2"])
    expect(limits(scene)).toEqual([100, 100, 0, 0])
    scene.partition("t", 1).commit("a", 1, 99)
    scene.live(["a"], 2_000)
    expect(limits(scene)).toEqual([100, 100, 0, 0])
    scene.partition("t", 1).commit("a", 1, 100)
    const { epoch } = scene
    scene.live(["a"], 1_000)
    expect(limits(scene)).toEqual([null, null, null, null])
    expect(scene.epoch).toBe(epoch)
    // that is remembered: nobody asks any more, also after a restart
    const calls = scene.calls.length
    scene.restart()
    scene.live(["a"], 5_000)
    expect(scene.calls).toHaveLength(calls)
  })

  it("[G36] the barriers are passed one after the other, by a group that begins later too", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    scene.grow("t", 2, "preserve")
    for (const partition of scene.catalog.get("t")!.partitions) partition.endOffset = 200
    scene.grow("t", 3, "preserve")
    for (const partition of scene.catalog.get("t")!.partitions) partition.endOffset = 300
    scene.join("a", T)
    scene.live(["a"], 2_000)
    expect(limits(scene)).toEqual([100, 0, 0])
    scene.partition("t", 0).commit("a", 1, 100)
    scene.live(["a"], 1_000)
    expect(limits(scene)).toEqual([200, 200, 0])
    scene.partition("t", 0).commit("a", 1, 200)
    scene.partition("t", 1).commit("a", 1, 200)
    scene.live(["a"], 1_000)
    expect(limits(scene)).toEqual([null, null, null])
    const late = new GroupScene({ autoOffsetReset: "latest" })
    late.catalog.set("t", scene.catalog.get("t")!)
    for (const partition of scene.catalog.get("t")!.partitions) partition.row = null
    late.join("b", T)
    late.live(["b"], 1_000)
    expect(limits(late)).toEqual([null, null, null])
  })

  it("[G36] an owner that changes meanwhile has the limit from its first moment", () => {
    const scene = grown([100, 30])
    scene.join("b", T)
    scene.live(["a", "b"], 1_000)
    expect(scene.sizes("a", "b")).toEqual([2, 2])
    expect(limits(scene)).toEqual([100, 100, 0, 0])
    const grants = scene.calls.filter((call) => call.kind === "grant" && call.request.memberId === "b")
    for (const call of grants) {
      expect(call.kind === "grant" && call.request.limit).toBe(call.partition < 2 ? 100 : 0)
    }
  })

  it("[G36] what a partition said before it was cut tells nothing of the barrier", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    scene.join("a", T)
    scene.answerLookup()
    scene.now += 200
    scene.commit(() => null)
    const [call] = scene.underWay.splice(0)
    const before = scene.result(call!)
    scene.grow("t", 2, "preserve")
    scene.now += 5_000
    scene.heartbeat("a")
    scene.answerLookup()
    scene.deliver(call!, before)
    scene.live(["a"], 2_000)
    expect(limits(scene)).toEqual([100, 0])
  })

  it("[G36] a limit that a partition set by itself is raised where all barriers were passed already", () => {
    const scene = grown([100, 100])
    scene.grow("t", 5, "preserve")
    for (const [n, { epoch }] of scene.view("a").partitions.entries()) scene.partition("t", n).commit("a", epoch, 200)
    scene.now += 5_000
    scene.heartbeat("a")
    scene.answerLookup()
    const looks = scene.underWay.splice(0)
    expect(looks.map(({ kind }) => kind)).toEqual(["look", "look", "look", "look"])
    scene.commit((group, now) => {
      for (const call of looks) group.answered(call, scene.result(call), now)
    })
    scene.run(0)
    expect(limits(scene).slice(0, 4)).toEqual([null, null, null, null])
  })

  it("[G36] an old partition that can't be reached holds the others up, and nothing else", () => {
    const scene = grown([100, 100])
    expect(limits(scene)).toEqual([null, null, null, null])
    scene.grow("t", 6, "preserve")
    scene.unreachable.add("t/3")
    scene.live(["a"], 30_000)
    expect(limits(scene).slice(0, 3)).toEqual([200, 200, 200])
    expect(limits(scene).slice(4)).toEqual([0, 0])
    scene.unreachable.clear()
    const owner = (n: number): number => scene.view("a").partitions[n]!.epoch
    for (let n = 0; n < 4; n++) expect(scene.partition("t", n).commit("a", owner(n), 200)).toBe(true)
    scene.live(["a"], 12_000)
    expect(new Set(limits(scene))).toEqual(new Set([null]))
  })

  it("[G36] a seek back may lead before barriers again", () => {
    const scene = grown([100, 100])
    valueOf(
      scene.commit((group, now) =>
        group.seek({ topic: "t", partitions: [0], target: { kind: "earliest" }, dryRun: false }, now),
      ),
    )
    scene.live(["a"], 1_000)
    expect(limits(scene)).toEqual([100, 100, 0, 0])
    // granted anew together, and once
    const epochs = scene.view("a").partitions.map(({ epoch }) => epoch)
    expect(new Set(epochs).size).toBe(1)
    const isGrant = ({ kind }: { readonly kind: string }): boolean => kind === "grant"
    const grants = scene.calls.filter(isGrant).length
    scene.live(["a"], 3_000)
    expect(scene.calls.filter(isGrant)).toHaveLength(grants)
    scene.partition("t", 0).commit("a", scene.view("a").partitions[0]!.epoch, 100)
    scene.live(["a"], 1_000)
    expect(new Set(limits(scene))).toEqual(new Set([null]))
  })
})
