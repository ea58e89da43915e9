import { describe, expect, it } from "vitest"
import { CompactionScene, type Keyed } from "./compaction-scene.ts"

const TINY_SLICES = { rows: 2, bytes: 1024 * 1024, records: 1_000 }
const LARGE = "x".repeat(5_000)
const numbered = (count: number): Keyed[] =>
  Array.from({ length: count }, (_, index) => ({ key: `key ${index}`, value: LARGE }))

function filled(scene: CompactionScene, records: readonly Keyed[]): CompactionScene {
  for (const record of records) scene.append(record)
  return scene
}

describe("the newest record of a key", () => {
  it("[S38] is found from the append on, through restarts and compaction", () => {
    const scene = new CompactionScene()
    scene.append({ key: "a", value: "1" }, { key: "b", value: "1" }, { key: "a", value: "2" })
    expect(scene.latest("a")).toBe("2=2")
    scene.restart()
    scene.append({ key: "b", value: LARGE }, { key: "b", value: "3" })
    filled(scene, numbered(5))
    scene.settle()
    expect([scene.latest("a"), scene.latest("b")]).toEqual(["2=2", "4=3"])
    expect(scene.latest("key 4")).toBe(`9=${LARGE}`)
  })

  it("[S38] takes one look into the index and one at the row", () => {
    const scene = filled(new CompactionScene(), numbered(50))
    const before = scene.statements
    scene.latest("key 17")
    expect(scene.statements - before).toBe(2)
  })

  it("[S38] is not found where there is none, or behind the log start; a tombstone is one", () => {
    const scene = filled(new CompactionScene(), numbered(3))
    scene.append({ key: "key 2", value: null })
    scene.trim(1)
    expect(["nothing", "key 0", "key 1", "key 2"].map((key) => scene.latest(key))).toEqual([
      "not_found",
      "not_found",
      `1=${LARGE}`,
      "tombstone",
    ])
  })

  it("[S38] is a conflict where nothing is compacted", () => {
    const scene = filled(new CompactionScene({ cleanup: "delete" }), numbered(1))
    expect(scene.latest("key 0")).toBe("conflict")
    expect(scene.keys()).toEqual([])
  })
})

describe("a topic with records that becomes compacted", () => {
  it("[S41] builds its index in slices, through restarts, before anything goes", () => {
    const scene = filled(new CompactionScene({ cleanup: "delete" }, TINY_SLICES), [...numbered(15), ...numbered(16)])
    scene.change({ cleanup: "compact" })
    while (scene.latest("key 0") === "unavailable") {
      expect(scene.readAll()).toHaveLength(31)
      expect(scene.slices).toBeLessThan(20)
      scene.restart()
      scene.now += 20
      scene.commit()
    }
    expect(scene.slices).toBe(16)
    expect(scene.keys()).toHaveLength(16)
    scene.settle()
    expect(scene.readAll().map(({ offset }) => offset)).toEqual(Array.from({ length: 16 }, (_, index) => 15 + index))
  })

  it("[S41] takes in what is appended meanwhile", () => {
    const scene = filled(new CompactionScene({ cleanup: "delete" }, TINY_SLICES), numbered(10))
    scene.change({ cleanup: "compact" })
    scene.append({ key: "key 8", value: "new" }, { key: "other", value: "new" })
    scene.settle()
    expect([scene.latest("key 8"), scene.latest("other"), scene.latest("key 9")]).toEqual([
      "10=new",
      "11=new",
      `9=${LARGE}`,
    ])
  })

  it("[S41] forgets the index when it is no longer, and knows what came in between when it is again", () => {
    const scene = filled(new CompactionScene(), numbered(5))
    scene.change({ cleanup: "delete" })
    expect(scene.keys()).toEqual([])
    expect(scene.latest("key 1")).toBe("conflict")
    scene.append({ key: "key 1", value: "new" })
    scene.change({ cleanup: "both" })
    scene.settle()
    expect(scene.latest("key 1")).toBe("5=new")
  })
})

describe("records that leave", () => {
  it("[S42] take their keys along by trim, in slices", () => {
    const scene = filled(new CompactionScene({ minCompactionLagMs: 1_000 }, TINY_SLICES), numbered(10))
    scene.append({ key: "key 1", value: "new" })
    scene.trim(8)
    expect(scene.keys()).toEqual(["key 1", "key 2", "key 3", "key 4", "key 5", "key 6", "key 7", "key 8", "key 9"])
    scene.settle()
    expect(scene.keys()).toEqual(["key 1", "key 8", "key 9"])
    expect(scene.latest("key 1")).toBe("10=new")
  })

  it("[S42] take their keys along by retention", () => {
    const scene = filled(new CompactionScene({ cleanup: "both", retentionMs: 60_000 }), numbered(10))
    scene.now += 61_000
    scene.append({ key: "new", value: LARGE })
    scene.settle(61_000)
    expect(scene.keys()).toEqual(["new"])
  })
})
