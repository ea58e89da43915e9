import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { HttpScene, problem, upTo } from "../support/http.ts"
import { committed, eventually, HttpMember, nameOf, newGroup, outcomes, settled } from "../support/http-groups.ts"

const scene = new HttpScene()

async function filled(partitions: number, each: number): Promise<{ topic: string; path: string }> {
  const path = await scene.topic({ partitions })
  await scene.append(path, ...upTo(partitions * each).map((n) => ({ body: n, partition: n % partitions })))
  return { topic: nameOf(path), path }
}

async function seek(group: string, json: object): Promise<unknown[]> {
  const answer = await scene.post(`${group}/seek`, json)
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
  return (answer.body as { results: unknown[] }).results
}

describe.concurrent("a seek", () => {
  it("[H105] of a group without members moves its offsets wherever it is told", async () => {
    const { topic, path } = await filled(1, 10)
    await sleep(20)
    const cut = Date.now()
    await sleep(20)
    await scene.append(path, { body: "late" })
    const group = await newGroup(scene)
    const at = { topic, partition: 0 }
    const steps = [
      [{ to: "earliest" }, { ...at, before: null, offset: 0 }],
      [{ to: "latest" }, { ...at, before: 0, offset: 11 }],
      [{ to: { offset: 4 } }, { ...at, before: 11, offset: 4 }],
      [{ to: { shiftBy: 3 } }, { ...at, before: 4, offset: 7 }],
      [{ to: { shiftBy: -100 } }, { ...at, before: 7, offset: 0 }],
      [{ to: { shiftBy: 100 } }, { ...at, before: 0, offset: 11 }],
      [{ to: { timestamp: cut } }, { ...at, before: 11, offset: 10 }],
      [{ to: { durationMs: 3_600_000 } }, { ...at, before: 10, offset: 0 }],
    ] as const
    for (const [json, result] of steps) {
      expect(await seek(group, { topic, ...json })).toEqual([result])
      expect(await committed(scene, group, topic)).toEqual([result.offset])
    }
  })

  it("[H105] of a dry run shows what would be, and moves nothing", async () => {
    const { topic } = await filled(3, 4)
    const group = await newGroup(scene, { autoOffsetReset: "earliest" })
    const member = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([member], 3)
    expect(outcomes(await member.commit({ 0: 1, 1: 2, 2: 3 }))).toEqual([1, 2, 3])
    expect(await seek(group, { topic, to: "latest", dryRun: true })).toEqual(
      upTo(3).map((partition) => ({ topic, partition, before: partition + 1, offset: 4 })),
    )
    expect(await committed(scene, group, topic)).toEqual([1, 2, 3])
    expect(await member.heartbeat()).toMatchObject({ lost: [], assigned: [{}, {}, {}] })
  })

  it("[H105] of a partition that a member has: it loses it, and has it anew at a new epoch from there", async () => {
    const { topic } = await filled(2, 10)
    const group = await newGroup(scene, { autoOffsetReset: "earliest" })
    const member = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([member], 2)
    expect(outcomes(await member.commit({ 0: 8, 1: 8 }))).toEqual([8, 8])
    const before = member.state.assigned.find(({ partition }) => partition === 1)!
    const untouched = member.state.assigned.find(({ partition }) => partition === 0)!
    expect(await seek(group, { topic, partitions: [1], to: { offset: 2 } })).toEqual([
      { topic, partition: 1, before: 8, offset: 2 },
    ])
    const late = { memberId: member.id, offsets: [{ topic, partition: 1, epoch: before.epoch, offset: 9 }] }
    expect(outcomes(await scene.post(`${group}/offsets`, late))).toEqual(["fenced"])
    const seen = await eventually(
      () => member.heartbeat(),
      ({ assigned }) => assigned.some(({ partition, epoch }) => partition === 1 && epoch > before.epoch),
    )
    expect(seen.assigned).toContainEqual(expect.objectContaining({ topic, partition: 1, offset: 2 }))
    expect(seen.assigned).toContainEqual(expect.objectContaining({ partition: 0, epoch: untouched.epoch }))
    const records = await member.read({}, { 0: 10 })
    expect(records.map(({ offset }) => offset)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    expect(await committed(scene, group, topic)).toEqual([8, 2])
  })

  it("[H105] what can't be is the problem of its partition", async () => {
    const { topic } = await filled(2, 3)
    const group = await newGroup(scene)
    expect(await seek(group, { topic, partitions: [0, 7], to: "earliest" })).toMatchObject([
      { topic, partition: 0, offset: 0 },
      { topic, partition: 7, problem: { code: "not_found" } },
    ])
    expect(await seek(group, { topic, to: { offset: 4 } })).toMatchObject([
      { problem: { code: "offset_out_of_range", latestOffset: 3 } },
      { problem: { code: "offset_out_of_range", latestOffset: 3 } },
    ])
    expect(await committed(scene, group, topic)).toEqual([0, null])
    expect(await scene.post(`${group}/seek`, { topic: "none", to: "latest" })).toMatchObject(problem(404, "not_found"))
  })

  it.each([
    ["/topic", { to: "latest" }],
    ["/to", { topic: "t" }],
    ["/to", { topic: "t", to: "end" }],
    ["/to", { topic: "t", to: { offset: -1 } }],
    ["/to", { topic: "t", to: { offset: 1, timestamp: 1 } }],
    ["/partitions", { topic: "t", to: "latest", partitions: [] }],
    ["/partitions/0", { topic: "t", to: "latest", partitions: [-1] }],
    ["/dryRun", { topic: "t", to: "latest", dryRun: 1 }],
  ])("[H105] one that is wrong at %s is refused there: %j", async (pointer, json) => {
    const group = await newGroup(scene)
    const refused = await scene.post(`${group}/seek`, json)
    expect(refused).toMatchObject(problem(422, "invalid_field"))
    expect((refused.body as { pointer: string }).pointer.startsWith(pointer)).toBe(true)
  })
})

describe.concurrent("where a group begins", () => {
  it.each([
    ["earliest", 0],
    ["latest", 4],
    [{ durationMs: 3_600_000 }, 0],
    [{ durationMs: 0 }, 4],
    ["none", null],
  ])("[H91] with autoOffsetReset %j it is %j", async (autoOffsetReset, offset) => {
    const { topic } = await filled(1, 4)
    await sleep(20)
    const group = await newGroup(scene, { autoOffsetReset })
    const member = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([member], 1)
    expect(member.state.assigned).toMatchObject([{ offset }])
    expect(await committed(scene, group, topic)).toEqual([offset])
  })

  it("[H91] partitions that are added are read from their first record", async () => {
    const { topic, path } = await filled(1, 1)
    const group = await newGroup(scene, { autoOffsetReset: "latest" })
    const member = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([member], 1)
    await scene.put(path, { partitions: 3, keyOrder: "relaxed" })
    await scene.append(path, { body: "b", partition: 1 }, { body: "c", partition: 2 })
    await settled([member], 3)
    expect(new Set((await member.read()).map(({ body }) => body))).toEqual(new Set(["b", "c"]))
  })
})

describe.concurrent("groups of the other kind", () => {
  it("[H106] are a conflict at every door", async () => {
    const { topic, path } = await filled(1, 1)
    const share = await newGroup(scene, { type: "share" })
    const consumer = nameOf(await newGroup(scene))
    const conflict = problem(409, "conflict")
    const places = [{ topic, partition: 0, epoch: 0, offset: 0 }]
    expect(await scene.post(`${share}/members/m/fetch`, { partitions: places })).toMatchObject(conflict)
    expect(await scene.get(`${share}/offsets`)).toMatchObject(conflict)
    expect(await scene.post(`${share}/offsets`, { offsets: [{ topic, partition: 0, offset: 0 }] })).toMatchObject(
      conflict,
    )
    expect(await scene.post(`${share}/offsets`, { memberId: "m", offsets: places })).toMatchObject(conflict)
    expect(await scene.post(`${share}/seek`, { topic, to: "latest" })).toMatchObject(conflict)
    expect(await scene.post(`${path}/share/${consumer}/receive`, {})).toMatchObject(conflict)
    expect(await scene.post(`${path}/share/${consumer}/ack`, { receipts: ["x"] })).toMatchObject(conflict)
    expect(await scene.get(`${path}/share/${consumer}`)).toMatchObject(conflict)
  })
})
