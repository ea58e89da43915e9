import { describe, expect, it } from "vitest"
import { MAX_GROUPS_PER_PARTITION } from "../../../src/core/limits.ts"
import { GroupScene } from "./group-scene.ts"
import { by } from "./partition-scene.ts"

const fencedAt = (epoch: number) => ({ ok: false, error: { code: "fenced", epoch } })

describe.each([
  ["in memory", false],
  ["restarted after every step", true],
])("who owns a partition, %s", (_, isForgetful) => {
  function sceneOf(records = 3): GroupScene {
    const scene = new GroupScene(isForgetful)
    scene.fill(records)
    return scene
  }

  it("[G1] a grant gives the partition to its member and fences whoever had it", () => {
    const scene = sceneOf()
    expect(scene.grant()).toMatchObject({ ok: true, value: { memberId: "a", epoch: 1, committedOffset: 0 } })
    expect(scene.serves("a", 1)).toBe(true)
    expect(scene.grant({ memberId: "b", epoch: 4 })).toMatchObject({ ok: true, value: { memberId: "b", epoch: 4 } })
    expect([scene.serves("a", 1), scene.serves("a", 4), scene.serves("b", 4)]).toEqual([false, false, true])
    expect(scene.grant({ memberId: null, epoch: 5 })).toMatchObject({ ok: true, value: { memberId: null, epoch: 5 } })
    expect(scene.serves("b", 4)).toBe(false)
  })

  it("[G1] a member that gets its partition again has to show the new epoch", () => {
    const scene = sceneOf()
    scene.grant({ epoch: 1 })
    scene.grant({ epoch: 2 })
    expect([scene.serves("a", 1), scene.serves("a", 2)]).toEqual([false, true])
  })

  it("[G1] the same grant again changes nothing but the limit, upwards: no seek, no reset, no commit is undone", () => {
    const scene = sceneOf()
    scene.grant({ epoch: 1 })
    const moved = { epoch: 2, seek: { kind: "offset", offset: 1 }, limit: 3 } as const
    expect(scene.grant(moved)).toMatchObject({ ok: true, value: { committedOffset: 1 } })
    scene.commitOffset(3, { epoch: 2, metadata: "mine" })
    scene.takeGroupWrites()
    expect(scene.grant(moved)).toMatchObject({ ok: true, value: { committedOffset: 3, metadata: "mine" } })
    expect(scene.takeGroupWrites()).toBe(0)
    expect(scene.grant({ ...moved, limit: 4 })).toMatchObject({ ok: true, value: { committedOffset: 3, limit: 4 } })
    expect(scene.offset()).toMatchObject({ limit: 4, memberId: "a", epoch: 2 })
    expect(scene.takeGroupWrites()).toBe(1)
    // the one before, on its way for long
    expect(scene.grant(moved)).toMatchObject({ ok: true, value: { limit: 4 } })
    expect(scene.grant({ ...moved, limit: null })).toMatchObject({ ok: true, value: { limit: null } })
    expect(scene.grant(moved)).toMatchObject({ ok: true, value: { limit: null } })
  })

  it("[G1] an outdated grant is fenced with the epoch that counts, and changes nothing", () => {
    const scene = sceneOf()
    scene.grant({ memberId: "b", epoch: 5 })
    const before = scene.offset()
    expect(scene.grant({ memberId: "a", epoch: 4, seek: { kind: "latest" } })).toEqual(fencedAt(5))
    expect(scene.grant({ memberId: "a", epoch: 5 })).toEqual(fencedAt(5))
    expect(scene.grant({ memberId: null, epoch: 5 })).toEqual(fencedAt(5))
    expect(scene.offset()).toEqual(before)
  })

  it("[G2] a commit before a grant counts and the grant answers it, one after it is fenced", () => {
    const scene = sceneOf()
    scene.grant({ memberId: "a", epoch: 1 })
    expect(scene.commitOffset(2, { metadata: "by a" })).toEqual({ ok: true, value: { offset: 2, appended: null } })
    const granted = scene.grant({ memberId: "b", epoch: 2 })
    expect(granted).toMatchObject({ ok: true, value: { committedOffset: 2, metadata: "by a" } })
    expect(scene.commitOffset(3)).toEqual(fencedAt(2))
    expect(scene.offset()).toMatchObject({ committedOffset: 2, metadata: "by a", memberId: "b" })
  })

  it("[G2] each of generation, member and epoch has to be right", () => {
    const scene = sceneOf()
    expect(scene.commitOffset(1)).toEqual(fencedAt(0))
    scene.grant({ generation: 7, memberId: "a", epoch: 3 })
    const right = { generation: 7, memberId: "a", epoch: 3 }
    expect(scene.commitOffset(1, { ...right, memberId: "b" })).toEqual(fencedAt(3))
    expect(scene.commitOffset(1, { ...right, epoch: 2 })).toEqual(fencedAt(3))
    expect(scene.commitOffset(1, { ...right, epoch: 4 })).toEqual(fencedAt(3))
    expect(scene.commitOffset(1, { ...right, generation: 6 })).toEqual(fencedAt(3))
    expect(scene.commitOffset(1, { ...right, generation: 8 })).toEqual(fencedAt(0))
    expect(scene.offset(7)).toMatchObject({ committedOffset: 0 })
    expect(scene.commitOffset(1, right)).toMatchObject({ ok: true })
  })

  it("[G4] a commit stores its records with its offset; a fenced one appends nothing", () => {
    const scene = sceneOf()
    scene.grant({ memberId: "a", epoch: 1 })
    expect(scene.commitOffset(3, {}, ["out-1", "out-2"])).toEqual({
      ok: true,
      value: { offset: 3, appended: { baseOffset: 3, appendedAt: scene.now, repeated: false } },
    })
    scene.grant({ memberId: "b", epoch: 2 })
    expect(scene.commitOffset(4, {}, ["zombie"])).toEqual(fencedAt(2))
    expect(scene.bodies()).toEqual(["r0", "r1", "r2", "out-1", "out-2"])
    expect(scene.offset()).toMatchObject({ committedOffset: 3, endOffset: 5 })
  })

  it("[G4] a commit with records is repeated as one: they are not stored twice, and the offset is committed", () => {
    const scene = sceneOf()
    scene.grant()
    const append = { submissions: new Uint8Array(0), terms: by(1, 0, 0) }
    expect(scene.commitOffset(2, {}, ["out"], append)).toMatchObject({ ok: true })
    expect(scene.commitOffset(2, {}, ["out"], append)).toMatchObject({
      ok: true,
      value: { offset: 2, appended: { baseOffset: 3, repeated: true } },
    })
    expect(scene.commitOffset(3, {}, ["out"], append)).toMatchObject({ ok: true, value: { offset: 3 } })
    expect(scene.bodies()).toEqual(["r0", "r1", "r2", "out"])
    expect(scene.offset()).toMatchObject({ committedOffset: 3 })
  })

  it("[G4] a refused append, or an offset behind what was there, commits nothing", () => {
    const scene = sceneOf()
    scene.grant()
    const gap = { submissions: new Uint8Array(0), terms: by(1, 0, 0) }
    scene.commitOffset(1, {}, ["first"], gap)
    const skipped = scene.commitOffset(2, {}, ["third"], { ...gap, terms: by(1, 0, 2) })
    expect(skipped).toEqual({ ok: false, error: { code: "sequence_gap", expectedSequence: 1 } })
    // its own records don't exist yet when the offset is looked at
    const beyond = scene.commitOffset(5, {}, ["one more"])
    expect(beyond).toEqual({ ok: false, error: { code: "offset_out_of_range", latestOffset: 4 } })
    expect(scene.offset()).toMatchObject({ committedOffset: 1, endOffset: 4 })
  })

  it("[G8] a group of a higher generation begins without what the one before left, and fences it", () => {
    const scene = sceneOf()
    scene.grant({ epoch: 9 })
    scene.commitOffset(2, { epoch: 9, metadata: "old" })
    const began = scene.grant({ generation: 2, memberId: "b", epoch: 1, reset: "none" })
    expect(began).toMatchObject({ ok: true, value: { committedOffset: null, metadata: "", committedAt: 0, epoch: 1 } })
    expect(scene.commitOffset(3, { epoch: 9 })).toEqual(fencedAt(1))
    expect(scene.serves("a", 9)).toBe(false)
  })

  it("[G8] a lower generation is fenced, and knows nothing of what is there", () => {
    const scene = sceneOf()
    scene.grant({ generation: 2, epoch: 3 })
    expect(scene.grant({ generation: 1, memberId: "b", epoch: 10 })).toEqual(fencedAt(3))
    expect(scene.commitOffset(1, { memberId: null, epoch: 10 })).toEqual(fencedAt(3))
    expect(scene.offset(1)).toMatchObject({ committedOffset: null, memberId: null, epoch: 0, endOffset: 3 })
    expect(scene.offset(3)).toMatchObject({ committedOffset: null, epoch: 0 })
    expect(scene.offset(2)).toMatchObject({ committedOffset: 0, epoch: 3 })
  })

  it("[G12] a group that is forgotten fences its members and leaves nothing", () => {
    const scene = sceneOf()
    scene.grant({ generation: 2, epoch: 1 })
    scene.forget(1)
    expect(scene.offset(2)).toMatchObject({ memberId: "a" })
    scene.forget(2)
    expect(scene.offset(2)).toMatchObject({ memberId: null, committedOffset: null, epoch: 0 })
    expect(scene.commitOffset(1, { generation: 2 })).toEqual(fencedAt(0))
    expect(scene.count("group_offset")).toBe(0)
  })

  it("[G12] the next life of a name that is forgotten begins anew, also where it is already there", () => {
    const scene = sceneOf()
    scene.grant({ generation: 1 })
    scene.grant({ generation: 2, memberId: "b", epoch: 1 })
    scene.forget(1)
    expect(scene.offset(2)).toMatchObject({ memberId: "b" })
    scene.forget(2)
    expect(scene.grant({ generation: 3, memberId: "c", epoch: 1 })).toMatchObject({ ok: true })
    expect(scene.offset(3)).toMatchObject({ memberId: "c", committedOffset: 0 })
  })
})

describe("groups of a partition", () => {
  it("[G4] a commit that fails while it is stored leaves neither its offset nor its records", () => {
    const scene = new GroupScene()
    scene.fill(2)
    scene.grant()
    const fail = "BEFORE UPDATE ON group_offset BEGIN SELECT RAISE(ABORT, 'planted'); END"
    scene.database.run(`CREATE TRIGGER broken ${fail}`)
    expect(() => scene.commitOffset(2, {}, ["out"])).toThrow("planted")
    scene.database.run("DROP TRIGGER broken")
    scene.restart()
    expect(scene.offset()).toMatchObject({ committedOffset: 0, endOffset: 2 })
    expect(scene.bodies()).toEqual(["r0", "r1"])
    expect(scene.commitOffset(2, {}, ["out"])).toMatchObject({ ok: true, value: { appended: { baseOffset: 2 } } })
  })

  it("[G12] what was on its way while a group was forgotten does not begin it anew", () => {
    const scene = new GroupScene()
    scene.grant({ generation: 2 })
    scene.forget(2)
    expect(scene.grant({ generation: 2, epoch: 8 })).toEqual(fencedAt(0))
    expect(scene.commitOffset(0, { generation: 2, memberId: null, epoch: 8 })).toEqual(fencedAt(0))
    expect(scene.count("group_offset")).toBe(0)
    expect(scene.grant({ generation: 3, epoch: 1 })).toMatchObject({ ok: true })
  })

  it("[G12] forgets and begins anew in one commit", () => {
    const scene = new GroupScene()
    scene.grant()
    scene.commit(({ groups }) => {
      groups.forget("g", 1)
      groups.grant(
        { group: "g", generation: 2, memberId: "b", epoch: 1, reset: "none", seek: null, limit: null },
        scene.now,
      )
    })
    scene.restart()
    expect(scene.offset(2)).toMatchObject({ memberId: "b", epoch: 1 })
    scene.commit(({ groups }) => {
      groups.grant(
        { group: "g", generation: 3, memberId: "c", epoch: 1, reset: "none", seek: null, limit: null },
        scene.now,
      )
      groups.forget("g", 3)
    })
    scene.restart()
    expect(scene.offset(3)).toMatchObject({ memberId: null })
    expect(scene.count("group_offset")).toBe(0)
  })

  it("[G13] a commit of the object writes one row for each group, however often it changed", () => {
    const scene = new GroupScene()
    scene.fill(10)
    scene.grant()
    scene.grant({ group: "h" })
    scene.takeGroupWrites()
    scene.commit((partition) => {
      for (const group of ["g", "h", "g", "g"]) {
        const owner = { group, generation: 1, memberId: "a", epoch: 1 }
        const metadata = "m".repeat(4096)
        expect(partition.commitOffset({ ...owner, offset: 4, metadata, append: null }, null, 0)).toMatchObject({
          ok: true,
        })
      }
    })
    expect(scene.takeGroupWrites()).toBe(2)
    scene.commitOffset(4, { epoch: 9 })
    scene.forget(0)
    scene.grant()
    expect(scene.takeGroupWrites()).toBe(0)
  })

  it("[G14] a partition has a limit of groups; those that are there go on, and room is made by forgetting one", () => {
    const scene = new GroupScene()
    scene.commit(({ groups }) => {
      for (let index = 0; index < MAX_GROUPS_PER_PARTITION; index++) {
        const request = { group: `g${index}`, generation: 1, memberId: "a", epoch: 1 }
        groups.grant({ ...request, reset: "none", seek: null, limit: null }, scene.now)
      }
    })
    for (const isRestarted of [false, true]) {
      if (isRestarted) scene.restart()
      expect(scene.grant()).toMatchObject({ ok: false, error: { code: "conflict" } })
      expect(scene.commitOffset(0, { memberId: null })).toMatchObject({ ok: false, error: { code: "conflict" } })
      expect(scene.grant({ group: "g7", epoch: 2 + Number(isRestarted) })).toMatchObject({ ok: true })
    }
    expect(scene.grant({ group: "g8", generation: 2 })).toMatchObject({ ok: true })
    scene.commit(({ groups }) => groups.forget("g9", 1))
    expect(scene.grant()).toMatchObject({ ok: true })
  })
})
