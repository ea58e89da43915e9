import { describe, expect, it } from "vitest"
import { HttpScene, problem, upTo } from "../support/http.ts"
import { committed, HttpMember, nameOf, newGroup, outcomes, settled } from "../support/http-groups.ts"

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

/** A producer that nobody else has. */
async function newProducer(): Promise<{ id: number; epoch: number }> {
  const opened = await scene.post("/v1/producers", {})
  const { producerId, epoch } = opened.body as { producerId: number; epoch: number }
  return { id: producerId, epoch }
}

async function bodies({ path }: Topic, partition: number): Promise<unknown[]> {
  const read = await scene.get(`${path}/partitions/${partition}/records`)
  return (read.body as { records: { body: unknown }[] }).records.map(({ body }) => body)
}

describe.concurrent("offsets of a group", () => {
  it("[H99] where it stands and how far it is behind, in sum and in each partition", async () => {
    const topic = await filled(2, 5)
    const { group, member } = await reading(topic, 2)
    expect(outcomes(await member.commit({ 0: 3 }, { metadata: "as far as ü" }))).toEqual([3])
    await scene.delete(`${topic.path}/partitions/1/records?before=2`)
    const shown = await scene.get(`${group}/offsets`)
    const epochs = member.state.assigned.map(({ epoch }) => epoch)
    expect(shown).toMatchObject({
      status: 200,
      body: {
        lag: 2 + 3,
        partitions: [
          {
            topic: topic.topic,
            partition: 0,
            committedOffset: 3,
            metadata: "as far as ü",
            startOffset: 0,
            endOffset: 5,
            lag: 2,
            memberId: member.id,
            epoch: epochs[0],
          },
          { partition: 1, committedOffset: 0, startOffset: 2, endOffset: 5, lag: 3, epoch: epochs[1] },
        ],
      },
    })
    const { partitions } = shown.body as { partitions: { committedAt: number }[] }
    expect(partitions.every(({ committedAt }) => Math.abs(committedAt - Date.now()) < 60_000)).toBe(true)
    expect((await scene.get(`${group}/offsets?topic=${topic.topic}`)).body).toEqual(shown.body)
  })

  it("[H99] a topic that the group does not know is shown too, and one that does not exist is not found", async () => {
    const topic = await filled(2, 1)
    const group = await newGroup(scene)
    expect(await scene.get(`${group}/offsets`)).toMatchObject({ status: 200, body: { lag: 0, partitions: [] } })
    const unread = { committedOffset: null, lag: null, memberId: null, epoch: 0, committedAt: 0, metadata: "" }
    expect(await scene.get(`${group}/offsets?topic=${topic.topic}`)).toMatchObject({
      body: { lag: 0, partitions: [unread, unread] },
    })
    expect(await scene.get(`${group}/offsets?topic=none`)).toMatchObject(problem(404, "not_found"))
  })

  it("[H100] every offset has a result in its place, and one that fails spoils no other", async () => {
    const topic = await filled(3, 2)
    const { group, member } = await reading(topic, 3)
    const [one, two, three] = member.state.assigned.map(({ topic: name, partition, epoch }) => {
      return { topic: name, partition, epoch }
    })
    const offsets = [
      { ...one, offset: 3 },
      { ...two, offset: 2 },
      { ...three, epoch: three!.epoch + 1, offset: 1 },
      { topic: "none", partition: 0, epoch: 1, offset: 0 },
      { topic: topic.topic, partition: 3, epoch: 1, offset: 0 },
    ]
    const answer = await scene.post(`${group}/offsets`, { memberId: member.id, offsets })
    expect(outcomes(answer)).toEqual(["offset_out_of_range", 2, "fenced", "not_found", "not_found"])
    expect(answer).toMatchObject({
      body: { results: [{ partition: one!.partition, problem: { latestOffset: 2 } }, {}, {}, {}, {}] },
    })
    const expected = upTo(3).map((partition) => (partition === two!.partition ? 2 : 0))
    expect(await committed(scene, group, topic.topic)).toEqual(expected)
  })

  it("[H102] it may be committed again, and back", async () => {
    const topic = await filled(1, 5)
    const { group, member } = await reading(topic, 1)
    for (const offset of [4, 4, 2, 0, 5]) {
      expect(outcomes(await member.commit({ 0: offset }))).toEqual([offset])
      expect(await committed(scene, group, topic.topic)).toEqual([offset])
    }
  })

  it("[H101] without members anybody commits; with members nobody from outside does", async () => {
    const topic = await filled(2, 5)
    const group = await newGroup(scene, { autoOffsetReset: "earliest" })
    const outside = { offsets: upTo(2).map((partition) => ({ topic: topic.topic, partition, offset: 3 })) }
    expect(outcomes(await scene.post(`${group}/offsets`, outside))).toEqual([3, 3])
    const member = await HttpMember.join(scene, group, { topics: [topic.topic] })
    await settled([member], 2)
    expect(member.state.assigned.map(({ offset }) => offset)).toEqual([3, 3])
    expect(await scene.post(`${group}/offsets`, outside)).toMatchObject(problem(409, "conflict"))
    expect(outcomes(await member.commit({ 0: 4, 1: 4 }))).toEqual([4, 4])
    await member.leave()
    expect(outcomes(await scene.post(`${group}/offsets`, outside))).toEqual([3, 3])
    expect(await committed(scene, group, topic.topic)).toEqual([3, 3])
  })

  it("[H101] a member that is no more, or never was, commits nothing", async () => {
    const topic = await filled(1, 2)
    const group = await newGroup(scene)
    const offsets = [{ topic: topic.topic, partition: 0, epoch: 0, offset: 1 }]
    expect(outcomes(await scene.post(`${group}/offsets`, { memberId: "nobody", offsets }))).toEqual(["fenced"])
    expect(await committed(scene, group, topic.topic)).toEqual([null])
  })
})

describe.concurrent("a commit with records", () => {
  it("[H103] stores both, in one step", async () => {
    const topic = await filled(2, 2)
    const { group, member } = await reading(topic, 2)
    const answer = await member.commit({ 1: 2 }, { records: [{ body: "out" }, { key: "k", body: { n: 1 } }] })
    expect(answer).toMatchObject({
      status: 200,
      body: {
        results: [
          {
            topic: topic.topic,
            partition: 1,
            offset: 2,
            records: [
              { partition: 1, offset: 2 },
              { partition: 1, offset: 3 },
            ],
          },
        ],
      },
    })
    expect(await bodies(topic, 1)).toEqual([1, 3, "out", { n: 1 }])
    expect(await committed(scene, group, topic.topic)).toEqual([0, 2])
  })

  it("[H103] stores neither where the offset is refused, or the records are", async () => {
    const topic = await filled(1, 2, { cleanup: "compact", maxRecordBytes: 100 })
    const { group, member } = await reading(topic, 1)
    const results = async (offset: number, records: object[], extra: object = {}) => {
      const answer = await member.commit({ 0: offset }, { records, ...extra })
      return (answer.body as { results: { problem: object }[] }).results.map((result) => result.problem)
    }
    expect(await results(3, [{ key: "k", body: 1 }])).toMatchObject([{ code: "offset_out_of_range" }])
    expect(await results(1, [{ key: "k", body: 1 }, { body: 1 }])).toMatchObject([
      { code: "invalid_field", pointer: "/offsets/0/records/1/key" },
    ])
    expect(await results(1, [{ key: "k", body: "x".repeat(100) }])).toMatchObject([
      { code: "payload_too_large", pointer: "/offsets/0/records/0", limitBytes: 100 },
    ])
    expect(await results(1, [{ key: "k", body: 1, partition: 1 }])).toMatchObject([
      { code: "invalid_field", pointer: "/offsets/0/records/0/partition" },
    ])
    expect(await results(1, [{ key: "k", body: 1 }], { epoch: 1_000 })).toMatchObject([{ code: "fenced" }])
    const producer = await newProducer()
    await scene.post(`${topic.path}/records`, { key: "p", body: "first", producer: { ...producer, sequence: 0 } })
    expect(await results(1, [{ key: "k", body: 1 }], { producer: { ...producer, sequence: 5 } })).toMatchObject([
      { code: "sequence_gap", expectedSequence: 1 },
    ])
    expect(await bodies(topic, 0)).toEqual([0, 1, "first"])
    expect(await committed(scene, group, topic.topic)).toEqual([0])
  })

  it("[H104] a repeat stores its records once, and commits", async () => {
    const topic = await filled(1, 3)
    const { group, member } = await reading(topic, 1)
    const producer = { ...(await newProducer()), sequence: 0 }
    const step = { records: [{ body: "a" }, { body: "b" }], producer }
    expect(await member.commit({ 0: 2 }, step)).toMatchObject({
      body: { results: [{ records: [{ offset: 3 }, { offset: 4 }] }] },
    })
    expect(outcomes(await member.commit({ 0: 1 }))).toEqual([1])
    expect(await member.commit({ 0: 2 }, step)).toMatchObject({
      body: {
        results: [
          {
            offset: 2,
            records: [
              { offset: 3, repeated: true },
              { offset: 4, repeated: true },
            ],
          },
        ],
      },
    })
    expect(await bodies(topic, 0)).toEqual([0, 1, 2, "a", "b"])
    expect(await committed(scene, group, topic.topic)).toEqual([2])
  })

  it("[H104] a pipeline whose answers are lost writes every output once", async () => {
    const topic = await filled(1, 20)
    const { group, member } = await reading(topic, 1)
    const producer = await newProducer()
    for (const n of upTo(20)) {
      const step = { records: [{ body: `out ${n}` }], producer: { ...producer, sequence: n } }
      await Promise.all([member.commit({ 0: n + 1 }, step), member.commit({ 0: n + 1 }, step)])
    }
    expect((await bodies(topic, 0)).slice(20)).toEqual(upTo(20).map((n) => `out ${n}`))
    expect(await committed(scene, group, topic.topic)).toEqual([20])
  })

  it("[H103] from outside too", async () => {
    const topic = await filled(1, 1)
    const group = await newGroup(scene)
    const offsets = [{ topic: topic.topic, partition: 0, offset: 1, records: [{ body: "out" }] }]
    expect(await scene.post(`${group}/offsets`, { offsets })).toMatchObject({
      body: { results: [{ offset: 1, records: [{ partition: 0, offset: 1 }] }] },
    })
    expect(await bodies(topic, 0)).toEqual([0, "out"])
  })
})
