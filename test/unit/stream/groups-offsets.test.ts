import { describe, expect, it } from "vitest"
import { DEFAULT_TOPIC_SETTINGS } from "../../../src/core/stream/settings.ts"
import type { OffsetReset, SeekTarget } from "../../../src/core/stream/group-commands.ts"
import { GroupScene } from "./group-scene.ts"

const RESETS: readonly [string, OffsetReset, number | null][] = [
  ["earliest", "earliest", 10],
  ["latest", "latest", 40],
  ["an age", { durationMs: 1_500 }, 20],
  ["an age that all are within", { durationMs: 1_000_000 }, 10],
  ["an age that none is within", { durationMs: 10 }, 40],
  ["none", "none", null],
]
const SEEKS: readonly [string, SeekTarget, number][] = [
  ["earliest", { kind: "earliest" }, 10],
  ["latest", { kind: "latest" }, 40],
  ["an offset", { kind: "offset", offset: 17 }, 17],
  ["the log's end", { kind: "offset", offset: 40 }, 40],
  ["a time", { kind: "timestamp", timestamp: 1_002_000 }, 20],
  ["a time before all", { kind: "timestamp", timestamp: 5 }, 10],
  ["a time to come", { kind: "timestamp", timestamp: 9_000_000 }, 40],
  ["an age", { kind: "duration", durationMs: 1_499 }, 30],
  ["forward", { kind: "shift", by: 7 }, 27],
  ["back", { kind: "shift", by: -7 }, 13],
  ["forward beyond the end", { kind: "shift", by: 1_000 }, 40],
  ["back beyond the start", { kind: "shift", by: -1_000 }, 10],
]

/** Records 0 to 39, ten each second from 1,000,000 on, of which the first ten are gone; now is 500 ms after the last. */
function sceneOf(isForgetful: boolean): GroupScene {
  const scene = new GroupScene(isForgetful, { ...DEFAULT_TOPIC_SETTINGS, retentionMs: null })
  for (let second = 0; second < 4; second++) {
    scene.now = 1_000_000 + second * 1000
    scene.fill(10)
  }
  scene.now += 500
  scene.trim(10)
  return scene
}

describe.each([
  ["in memory", false],
  ["restarted after every step", true],
])("where a group goes on, %s", (_, isForgetful) => {
  it.each(RESETS)("[G5] a group without an offset begins at: %s, and that is committed", (_name, reset, offset) => {
    const scene = sceneOf(isForgetful)
    const committed = { committedOffset: offset, committedAt: offset === null ? 0 : scene.now, resetFrom: null }
    expect(scene.grant({ reset })).toMatchObject({ ok: true, value: committed })
    scene.fill(5)
    expect(scene.grant({ epoch: 2, memberId: "b", reset: "none" })).toMatchObject({ ok: true, value: committed })
  })

  it("[G5] latest counts what the same commit appended before, and not what it appends after", () => {
    const scene = sceneOf(isForgetful)
    const request = { group: "g", generation: 1, memberId: "a", epoch: 1, seek: null, limit: null } as const
    scene.commit((partition) => {
      scene.appendTo(partition, ["before"], null)
      partition.groups.grant({ ...request, reset: "latest" }, scene.now)
      partition.groups.grant({ ...request, group: "young", reset: { durationMs: 0 } }, scene.now)
      scene.appendTo(partition, ["after"], null)
    })
    scene.restart()
    expect(scene.offset()).toMatchObject({ committedOffset: 41, endOffset: 42 })
    expect(scene.partition.groups.offsetOf("young", 1)).toMatchObject({ committedOffset: 40 })
  })

  it.each(RESETS)(
    "[G6] an offset that was trimmed is moved by: %s, and the grant says from where",
    (_n, reset, offset) => {
      const scene = sceneOf(isForgetful)
      scene.grant()
      scene.commitOffset(5, { metadata: "of 5" })
      const moved = scene.grant({ memberId: "b", epoch: 2, reset })
      if (offset === null) {
        const kept = { committedOffset: 5, metadata: "of 5", resetFrom: null, startOffset: 10 }
        return expect(moved).toMatchObject({ ok: true, value: kept })
      }
      expect(moved).toMatchObject({ ok: true, value: { committedOffset: offset, metadata: "", resetFrom: 5 } })
      expect(scene.offset()).toMatchObject({ committedOffset: offset, resetFrom: null })
    },
  )

  it("[G6] an offset that is there stays, at the log start and at the end too", () => {
    const scene = sceneOf(isForgetful)
    scene.grant()
    for (const [index, offset] of [10, 25, 40].entries()) {
      scene.commitOffset(offset, { epoch: 1 + index })
      const again = scene.grant({ epoch: 2 + index, reset: "latest" })
      expect(again).toMatchObject({ ok: true, value: { committedOffset: offset, resetFrom: null } })
    }
  })

  it.each(SEEKS)("[G7] a seek to: %s, as it was said before", (_name, seek, offset) => {
    const scene = sceneOf(isForgetful)
    scene.grant()
    scene.commitOffset(20, { metadata: "m" })
    const preview = scene.partition.groups.previewSeek("g", 1, seek, scene.now)
    expect(preview).toEqual({ ok: true, value: { before: 20, offset } })
    expect(scene.offset()).toMatchObject({ committedOffset: 20, epoch: 1 })
    const moved = { committedOffset: offset, metadata: "", committedAt: scene.now, resetFrom: null, epoch: 2 }
    expect(scene.grant({ epoch: 2, seek })).toMatchObject({ ok: true, value: moved })
    expect(scene.offset()).toMatchObject(moved)
    expect(scene.commitOffset(21)).toMatchObject({ ok: false, error: { code: "fenced" } })
  })

  it("[G7] a seek that can't be done changes nothing, nor whom the partition is served to", () => {
    const scene = sceneOf(isForgetful)
    scene.grant()
    scene.commitOffset(20)
    const refusals: readonly [SeekTarget, object][] = [
      [
        { kind: "offset", offset: 9 },
        { code: "offset_trimmed", earliestOffset: 10 },
      ],
      [
        { kind: "offset", offset: 41 },
        { code: "offset_out_of_range", latestOffset: 40 },
      ],
    ]
    for (const [seek, error] of refusals) {
      expect(scene.partition.groups.previewSeek("g", 1, seek, scene.now)).toEqual({ ok: false, error })
      expect(scene.grant({ epoch: 2, memberId: "b", seek })).toEqual({ ok: false, error })
    }
    expect(scene.offset()).toMatchObject({ committedOffset: 20, memberId: "a", epoch: 1 })
  })

  it("[G7] a time to come is behind what the same commit appended", () => {
    const scene = sceneOf(isForgetful)
    scene.commit((partition) => {
      scene.appendTo(partition, ["now"], null)
      const at = (timestamp: number) =>
        partition.groups.previewSeek("g", 1, { kind: "timestamp", timestamp }, scene.now)
      expect(at(scene.now)).toMatchObject({ value: { offset: 40 } })
      expect(at(scene.now + 1)).toMatchObject({ value: { offset: 41 } })
    })
  })

  it("[G7] a shift needs an offset to begin with", () => {
    const scene = sceneOf(isForgetful)
    scene.grant({ reset: "none" })
    const shift = { kind: "shift", by: 1 } as const
    const error = { code: "no_committed_offset" }
    expect(scene.partition.groups.previewSeek("g", 1, shift, scene.now)).toEqual({ ok: false, error })
    expect(scene.grant({ epoch: 2, seek: shift })).toEqual({ ok: false, error })
    const latest = scene.partition.groups.previewSeek("g", 1, { kind: "latest" }, scene.now)
    expect(latest).toEqual({ ok: true, value: { before: null, offset: 40 } })
  })

  it("[G3] a member commits up to the end and its limit, and back", () => {
    const scene = sceneOf(isForgetful)
    scene.grant({ limit: 30 })
    expect(scene.commitOffset(31)).toEqual({ ok: false, error: { code: "offset_out_of_range", latestOffset: 30 } })
    for (const offset of [30, 12, 3]) {
      expect(scene.commitOffset(offset, { metadata: `at ${offset}` })).toMatchObject({ ok: true })
      expect(scene.offset()).toMatchObject({
        committedOffset: offset,
        metadata: `at ${offset}`,
        committedAt: scene.now,
      })
      scene.now++
    }
    scene.grant({ limit: null })
    expect(scene.commitOffset(41)).toEqual({ ok: false, error: { code: "offset_out_of_range", latestOffset: 40 } })
    expect(scene.commitOffset(40)).toMatchObject({ ok: true })
  })

  it("[G9] a commit from outside begins a group, and goes on at the same epoch or a younger one", () => {
    const scene = sceneOf(isForgetful)
    const outside = { memberId: null, epoch: 3 }
    expect(scene.commitOffset(15, outside)).toEqual({ ok: true, value: { offset: 15, appended: null } })
    expect(scene.offset()).toMatchObject({ committedOffset: 15, memberId: null, epoch: 3 })
    expect(scene.commitOffset(16, outside)).toMatchObject({ ok: true })
    expect(scene.commitOffset(17, { ...outside, epoch: 5 })).toMatchObject({ ok: true })
    expect(scene.commitOffset(18, outside)).toEqual({ ok: false, error: { code: "fenced", epoch: 5 } })
    expect(scene.commitOffset(41, { ...outside, epoch: 5 })).toMatchObject({
      ok: false,
      error: { code: "offset_out_of_range" },
    })
    expect(scene.offset()).toMatchObject({ committedOffset: 17, epoch: 5 })
    expect(scene.grant({ epoch: 6 })).toMatchObject({ ok: true, value: { committedOffset: 17 } })
  })

  it("[G9] a commit from outside is fenced while the partition is served to a member", () => {
    const scene = sceneOf(isForgetful)
    scene.grant({ epoch: 2, limit: 12 })
    expect(scene.commitOffset(11, { memberId: null, epoch: 9 })).toEqual({
      ok: false,
      error: { code: "fenced", epoch: 2 },
    })
    scene.grant({ memberId: null, epoch: 3, limit: 12 })
    // nobody reads to the limit here: who commits from outside is not bound by it
    expect(scene.commitOffset(20, { memberId: null, epoch: 4 })).toMatchObject({ ok: true })
    expect(scene.offset()).toMatchObject({ committedOffset: 20, memberId: null, epoch: 4 })
  })

  it("[G9] a commit from outside of a younger generation begins it", () => {
    const scene = sceneOf(isForgetful)
    scene.grant({ epoch: 8 })
    expect(scene.commitOffset(12, { generation: 2, memberId: null, epoch: 1 })).toMatchObject({ ok: true })
    expect(scene.offset(2)).toMatchObject({ committedOffset: 12, memberId: null, epoch: 1, limit: null })
    expect(scene.serves("a", 8)).toBe(false)
  })
})

describe("barriers of a group", () => {
  it("[G15] are answered, and count as reached where nothing is left before them", () => {
    const scene = new GroupScene()
    scene.fill(10)
    scene.configure({ partitions: 4 })
    scene.fill(10)
    scene.configure({ partitions: 6 })
    scene.fill(10)
    scene.grant()
    const barriersAt = (offset: number) => {
      scene.commitOffset(offset)
      return scene.offset().barriers
    }
    const all = [
      { partitions: 4, offset: 10 },
      { partitions: 6, offset: 20 },
    ]
    for (const isRestarted of [false, true]) {
      if (isRestarted) scene.restart()
      for (const offset of [0, 9, 10, 19, 20, 25]) expect(barriersAt(offset)).toEqual(all)
    }
    scene.commitOffset(4)
    scene.trim(12)
    expect(scene.offset()).toMatchObject({ committedOffset: 4, barriers: [{ partitions: 4, offset: 4 }, all[1]] })
    scene.trim(20)
    expect(scene.offset().barriers).toEqual([
      { partitions: 4, offset: 4 },
      { partitions: 6, offset: 4 },
    ])
  })

  it("[G15] what a commit appends before a barrier is left before it", () => {
    const scene = new GroupScene()
    scene.grant()
    scene.commit((partition) => {
      scene.appendTo(partition, ["x"], null)
      partition.seal(4)
      expect(partition.groups.offsetOf("g", 1).barriers).toEqual([{ partitions: 4, offset: 1 }])
    })
    expect(scene.offset().barriers).toEqual([{ partitions: 4, offset: 1 }])
    scene.commitOffset(1)
    expect(scene.offset().barriers).toEqual([{ partitions: 4, offset: 1 }])
  })

  it("[G15] a damaged row before a barrier is left before it", () => {
    const scene = new GroupScene()
    scene.fill(10)
    scene.configure({ partitions: 4 })
    scene.grant()
    scene.database.run("UPDATE log SET header = zeroblob(40)")
    expect(scene.offset()).toMatchObject({ committedOffset: 0, barriers: [{ partitions: 4, offset: 10 }] })
  })
})
