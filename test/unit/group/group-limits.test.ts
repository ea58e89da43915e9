import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { literalPrefix, matchesPattern } from "../../../src/core/group/glob.ts"
import {
  MAX_GROUP_MEMBERS,
  MAX_GROUP_PARTITIONS,
  MAX_GROUP_PATTERNS,
  MAX_SUBSCRIBED_TOPICS,
} from "../../../src/core/limits.ts"
import { GroupScene, valueOf } from "./group-scene.ts"

function numbered(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${n}`)
}

function tryJoin(
  scene: GroupScene,
  memberId: string,
  topics: readonly string[],
  patterns: readonly string[] = [],
  instanceId: string | null = null,
) {
  return scene.commit((group, now) => group.join({ memberId, instanceId, subscription: { topics, patterns } }, now))
}

const CONFLICT = { ok: false, error: { code: "conflict" } }

describe("limits of a group", () => {
  it("[G44] one member more than a group may have is a conflict, one that takes another's place is not", () => {
    const scene = new GroupScene()
    scene.create("t", 1)
    tryJoin(scene, "first", ["t"], [], "host")
    scene.joinAll(numbered(MAX_GROUP_MEMBERS - 1, "m"), ["t"])
    expect(tryJoin(scene, "more", ["t"])).toMatchObject(CONFLICT)
    expect(tryJoin(scene, "again", ["t"], [], "host").ok).toBe(true)
    scene.leave("m0")
    expect(tryJoin(scene, "more", ["t"]).ok).toBe(true)
  })

  it("[G44] a subscription has so many topics and patterns, and the group so many patterns", () => {
    const scene = new GroupScene()
    const names = numbered(MAX_SUBSCRIBED_TOPICS + 1, "t")
    expect(tryJoin(scene, "a", names)).toMatchObject(CONFLICT)
    expect(tryJoin(scene, "a", [], names)).toMatchObject(CONFLICT)
    expect(tryJoin(scene, "a", names.slice(1), names.slice(1)).ok).toBe(true)
    const subscription = { topics: names, patterns: [] }
    expect(scene.heartbeat("a", { subscription })).toMatchObject(CONFLICT)
    expect(scene.view("a").memberId).toBe("a")
    for (let n = 1; n * MAX_SUBSCRIBED_TOPICS < MAX_GROUP_PATTERNS - MAX_SUBSCRIBED_TOPICS; n++) {
      expect(tryJoin(scene, `b${n}`, [], numbered(MAX_SUBSCRIBED_TOPICS, `p${n}.`)).ok).toBe(true)
    }
    expect(tryJoin(scene, "c", [], numbered(MAX_SUBSCRIBED_TOPICS, "q"))).toMatchObject(CONFLICT)
    expect(tryJoin(scene, "c", [], numbered(MAX_SUBSCRIBED_TOPICS, "p1.")).ok).toBe(true)
  })

  it("[G44] a topic whose partitions have no room stays out, until there is room", () => {
    const scene = new GroupScene()
    const each = 250
    const full = MAX_GROUP_PARTITIONS / each
    for (const name of numbered(full + 1, "t")) scene.create(name, each)
    scene.join("a", { patterns: ["t*"] })
    scene.live(["a"], 2_000)
    expect(scene.sizes("a")).toEqual([MAX_GROUP_PARTITIONS])
    expect(scene.coordinator.describe().topics).toHaveLength(full)
    const left = `t${full}`
    expect(tryJoin(scene, "b", [left])).toMatchObject(CONFLICT)
    scene.catalog.delete("t0")
    scene.live(["a"], 11_000)
    expect(scene.has("a")).toContain(`${left}/0`)
    expect(scene.sizes("a")).toEqual([MAX_GROUP_PARTITIONS])
    // partitions that are added to one that is in stay out as well
    scene.grow("t1", each + 1)
    scene.live(["a"], 6_000)
    expect(scene.sizes("a")).toEqual([MAX_GROUP_PARTITIONS])
    scene.catalog.delete("t2")
    scene.live(["a"], 11_000)
    expect(scene.has("a")).toContain(`t1/${each}`)
    expect(valueOf(tryJoin(scene, "b", [left])).memberId).toBe("b")
  }, 60_000)
})

describe("a group that is full of topics that nobody reads any more", () => {
  it("[G44] looks whether some of them are gone", () => {
    const scene = new GroupScene()
    const names = numbered(MAX_GROUP_PARTITIONS / 250, "t")
    for (const name of names) scene.create(name, 250)
    scene.commit((group, now) => group.standalone(names, now))
    scene.run(1_000)
    valueOf(scene.commit((group, now) => group.standalone(names, now)))
    scene.catalog.delete("t0")
    scene.create("new", 1)
    scene.join("a", { topics: ["new"] })
    scene.live(["a"], 1_000)
    expect(scene.has("a")).toEqual([])
    scene.live(["a"], 6_000)
    expect(scene.has("a")).toEqual(["new/0"])
  })

  it("[G44] takes a topic in that had no room once there is some, whoever asks for it", () => {
    const scene = new GroupScene()
    const names = numbered(39, "t")
    for (const name of [...names, "big"]) scene.create(name, 256)
    scene.join("a", { topics: names })
    scene.run(1_000)
    scene.join("b", { topics: ["big"] })
    scene.live(["a", "b"], 1_000)
    expect(tryJoin(scene, "c", ["big"])).toMatchObject(CONFLICT)
    scene.leave("a")
    scene.leave("b")
    for (const name of names) scene.catalog.delete(name)
    scene.join("d", { topics: ["t0"] })
    scene.live(["d"], 12_000)
    valueOf(tryJoin(scene, "c", ["big"]))
    scene.live(["c", "d"], 1_000)
    expect(scene.sizes("c")).toEqual([256])
  })

  it("[G38] [G44] no epoch is handed out for a topic that has no room", () => {
    const scene = new GroupScene()
    const names = numbered(39, "t")
    for (const name of [...names, "big"]) scene.create(name, 256)
    const ask = (topics: string[]) => scene.commit((group, now) => group.standalone(topics, now))
    expect(ask(names)).toMatchObject({ error: { code: "unavailable" } })
    scene.answerLookup()
    valueOf(ask(names))
    expect(ask(["big"])).toMatchObject({ error: { code: "unavailable" } })
    scene.answerLookup()
    expect(ask(["big"])).toMatchObject(CONFLICT)
    expect(scene.stored.assignments.map(({ topic }) => topic)).toEqual(names)
  })

  it("[G44] many members with many patterns are divided at once", () => {
    const scene = new GroupScene()
    for (const name of numbered(1_000, "topic.of.some.length.")) scene.create(name, 1)
    const patterns = numbered(MAX_GROUP_PATTERNS - 1, "*o*f*").map((pattern) => `${pattern}*`)
    scene.commit((group, now) => {
      for (let member = 0; member < MAX_GROUP_MEMBERS; member++) {
        const own = Array.from({ length: 99 }, (_, nth) => patterns[(nth * (1 + (member % 7)) + member) % 255]!)
        const subscription = { topics: [], patterns: ["*", ...own] }
        valueOf(group.join({ memberId: `m${member}`, instanceId: null, subscription }, now))
      }
    })
    scene.answerLookup()
    scene.run(1_000)
    const owners = scene.coordinator.describe().topics.map(({ partitions }) => partitions[0]?.memberId)
    expect(new Set(owners).size).toBe(1_000)
  }, 60_000)
})

describe("patterns of names", () => {
  it("[G45] a star stands for any characters, and all else for itself", () => {
    expect(matchesPattern("orders", "orders")).toBe(true)
    expect(matchesPattern("orders", "orders2")).toBe(false)
    expect(matchesPattern("orders.*", "orders.")).toBe(true)
    expect(matchesPattern("orders.*", "ordersX1")).toBe(false)
    expect(matchesPattern("*.eu", "orders.eu")).toBe(true)
    expect(matchesPattern("a*a", "a")).toBe(false)
    expect(matchesPattern("*ab*ba*", "aba")).toBe(false)
    expect(matchesPattern("*ab*ba*", "abba")).toBe(true)
    expect(matchesPattern("a.b", "axb")).toBe(false)
    expect(matchesPattern("", "")).toBe(true)
    expect(matchesPattern("", "a")).toBe(false)
    expect([literalPrefix("log.*.eu"), literalPrefix("*"), literalPrefix("log")]).toEqual(["log.", "", "log"])
  })

  it("[G45] matches as a regular expression does, and what matches begins with the literal prefix", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 12 })
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "*"), maxLength: 8 })
    fc.assert(
      fc.property(pattern, letters, (glob, name) => {
        const expected = new RegExp(`^${glob.replaceAll(".", "\\.").replaceAll("*", ".*")}$`).test(name)
        expect(matchesPattern(glob, name)).toBe(expected)
        if (expected) expect(name.startsWith(literalPrefix(glob))).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it("[G45] takes no time that grows with the ways to match", () => {
    expect(matchesPattern(`${"*a".repeat(60)}*b`, "a".repeat(128))).toBe(false)
  })
})
