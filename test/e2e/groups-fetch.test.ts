import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { HttpScene, problem, upTo } from "../support/http.ts"
import { HttpMember, LONG_MS, nameOf, newGroup, settled } from "../support/http-groups.ts"

const scene = new HttpScene()

interface Topic {
  readonly topic: string
  readonly path: string
}

async function filled(partitions: number, each: number, settings: object = {}): Promise<Topic> {
  const path = await scene.topic({ partitions, ...settings })
  const records = upTo(partitions * each).map((n) => ({ body: n, key: `k${n}`, partition: n % partitions }))
  if (each > 0) await scene.append(path, ...records)
  return { topic: nameOf(path), path }
}

/** A group with one member that has all of the topic. */
async function reading({ topic }: Topic, partitions: number, settings: object = {}) {
  const group = await newGroup(scene, { autoOffsetReset: "earliest", ...settings })
  const member = await HttpMember.join(scene, group, { topics: [topic] })
  await settled([member], partitions)
  return { group, member }
}

describe.concurrent("a member's fetch", () => {
  it("[H96] answers each partition in its place, with its share of the limits", async () => {
    const topic = await filled(2, 10)
    const { member } = await reading(topic, 2)
    const [first, second] = member.state.assigned
    const partitions = [second, first, { ...first, offset: 11 }, { ...first, topic: "none" }]
    const fetched = await scene.post(`${member.path}/fetch`, { partitions, maxRecords: 8 })
    expect(fetched).toMatchObject({
      status: 200,
      body: {
        partitions: [
          {
            topic: topic.topic,
            partition: second!.partition,
            records: [{ offset: 0 }, { offset: 1 }],
            nextOffset: 2,
            endOffset: 10,
          },
          {
            partition: first!.partition,
            records: [{ offset: 0, key: `k${first!.partition}` }, { offset: 1 }],
            nextOffset: 2,
          },
          { problem: { code: "offset_out_of_range", status: 416, latestOffset: 10 } },
          { topic: "none", problem: { code: "not_found" } },
        ],
      },
    })
    await scene.delete(`${topic.path}/partitions/${first!.partition}/records?before=4`)
    const trimmed = await scene.post(`${member.path}/fetch`, { partitions: [first] })
    expect(trimmed).toMatchObject({
      body: { partitions: [{ problem: { code: "offset_trimmed", earliestOffset: 4 } }] },
    })
  })

  it("[H97] what it does not have is fenced, and an offset that it was not given must be chosen", async () => {
    const topic = await filled(2, 2)
    const { member } = await reading(topic, 2, { autoOffsetReset: "none" })
    const [first, second] = member.state.assigned
    expect(first).toMatchObject({ offset: null })
    const partitions = [
      first,
      { ...second, offset: 0, epoch: second!.epoch + 1 },
      { ...second, offset: 0, epoch: 0 },
      { ...second, offset: 0 },
    ]
    const fetched = await scene.post(`${member.path}/fetch`, { partitions })
    expect(fetched).toMatchObject({
      body: {
        partitions: [
          { problem: { code: "no_committed_offset", status: 409 } },
          { problem: { code: "fenced", epoch: second!.epoch } },
          { problem: { code: "fenced", epoch: second!.epoch } },
          { records: [{ offset: 0 }, { offset: 1 }] },
        ],
      },
    })
  })

  it("[H98] waits for the first record of any partition", async () => {
    const topic = await filled(3, 0)
    const { member } = await reading(topic, 3)
    const waiting = member.read({ waitMs: LONG_MS })
    await sleep(300)
    await scene.append(topic.path, { body: "new", partition: 1 })
    expect(await waiting).toMatchObject([{ partition: 1, offset: 0, body: "new" }])
  })

  it("[H98] without one it answers when the time is up, and does not wait where there is something to tell", async () => {
    const topic = await filled(2, 1)
    const { member } = await reading(topic, 2)
    const askedAt = performance.now()
    expect(await member.read({ waitMs: 500 }, { 0: 1, 1: 1 })).toEqual([])
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(499)
    expect(await member.read({ waitMs: LONG_MS }, { 0: 0, 1: 1 })).toHaveLength(1)
    const partitions = member.state.assigned.map((one) => ({ ...one, epoch: 0 }))
    const fenced = await scene.post(`${member.path}/fetch`, { partitions, waitMs: LONG_MS })
    expect(fenced).toMatchObject({
      body: { partitions: [{ problem: { code: "fenced" } }, { problem: { code: "fenced" } }] },
    })
  })

  it("[H98] a member that is fenced while it waits is told so", async () => {
    const topic = await filled(1, 0)
    const group = await newGroup(scene)
    const json = { topics: [topic.topic], instanceId: "i" }
    const before = await HttpMember.join(scene, group, json)
    await settled([before], 1)
    const waiting = before.fetch({ waitMs: LONG_MS })
    await sleep(300)
    await settled([await HttpMember.join(scene, group, json)], 1)
    expect(await waiting).toMatchObject({ status: 200, body: { partitions: [{ problem: { code: "fenced" } }] } })
  })

  it.each([
    ["/partitions", {}],
    ["/partitions", { partitions: [] }],
    [
      "/partitions",
      { partitions: Array.from({ length: 17 }, () => ({ topic: "t", partition: 0, epoch: 1, offset: 0 })) },
    ],
    ["/partitions/0/epoch", { partitions: [{ topic: "t", partition: 0, offset: 0 }] }],
    ["/partitions/0/offset", { partitions: [{ topic: "t", partition: 0, epoch: 1, offset: -1 }] }],
    ["/maxRecords", { partitions: [{ topic: "t", partition: 0, epoch: 1, offset: 0 }], maxRecords: 0 }],
    ["/waitMs", { partitions: [{ topic: "t", partition: 0, epoch: 1, offset: 0 }], waitMs: 60_001 }],
  ])("[H96] a fetch that is wrong at %s is refused there", async (pointer, json) => {
    const group = await newGroup(scene)
    expect(await scene.post(`${group}/members/m/fetch`, json)).toMatchObject(problem(422, "invalid_field", { pointer }))
  })
})
