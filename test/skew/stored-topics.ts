import { expect, test } from "vitest"
import { eventually, type MemberAnswer } from "../support/http-groups.ts"
import { type HttpScene, problem } from "../support/http.ts"
import type { Stored } from "./stored.ts"

/** What topics and groups of the fixtures must still do. */
export function testStoredTopics(scene: HttpScene, { world }: Stored): void {
  const { flights } = world
  const read = async (topic: string, partition: number): Promise<{ offset: number; body: unknown }[]> => {
    const answer = await scene.get(`/v1/topics/${topic}/partitions/${partition}/records`)
    expect(answer.status).toBe(200)
    return (answer.body as { records: { offset: number; body: unknown }[] }).records
  }

  test("records are read from where the log begins", async () => {
    const [first = [], second = []] = flights.bodies
    expect((await read("flights", 0)).map(({ offset, body }) => [offset, body])).toEqual(
      first.map((body, offset) => [offset, body]),
    )
    const kept = second.map((body, offset) => [offset, body] as const).slice(flights.trimmedTo)
    expect((await read("flights", 1)).map(({ offset, body }) => [offset, body])).toEqual(kept)
  })

  test("[S6] an append of a producer is known, and its next one is taken", async () => {
    const { next, ...producer } = flights.producer
    const records = flights.bodies[1]!.map((body, at) => ({ body, key: `k${at}`, partition: 1 }))
    const append = (sequence: number): Promise<unknown> =>
      scene
        .post("/v1/topics/flights/records", { records, producer: { ...producer, sequence } })
        .then(({ body }) => (body as { records: unknown }).records)
    expect(await append(0)).toEqual(records.map((_, offset) => ({ partition: 1, offset, repeated: true })))
    expect(await append(next)).toEqual(records.map((_, at) => ({ partition: 1, offset: next + at })))
  })

  test("a producer that is opened again has its id and the next epoch", async () => {
    const opened = await scene.post("/v1/producers", { name: "loader" })
    expect(opened.body).toEqual({ producerId: flights.producer.id, epoch: flights.producer.epoch + 1 })
  })

  test("the newest record of each key is kept, and appends go on", async () => {
    const { prices } = world
    for (const [key, body] of Object.entries(prices.latest))
      expect(await scene.get(`/v1/topics/prices/keys/${key}`)).toMatchObject({ status: 200, body: { body } })
    expect(await scene.get(`/v1/topics/prices/keys/${prices.gone}`)).toMatchObject(problem(404, "not_found"))
    await scene.append("/v1/topics/prices", { key: "a", body: "a4" })
    expect((await scene.get("/v1/topics/prices/keys/a")).body).toMatchObject({ body: "a4" })
  })

  test("a topic that grew has its records, its barrier and its offsets", async () => {
    expect((await read("grown", 0)).map(({ body }) => body)).toEqual(world.grown.bodies)
    expect(await read("grown", 1)).toEqual([])
    const offsets = await scene.get("/v1/groups/growers/offsets?topic=grown")
    expect(offsets.body).toMatchObject({
      partitions: [
        { partition: 0, committedOffset: 1, metadata: "from outside", endOffset: 3 },
        { partition: 1, committedOffset: null, endOffset: 0 },
      ],
    })
    const joined = await scene.post("/v1/groups/growers/members", { topics: ["grown"] })
    const member = joined.body as MemberAnswer
    const heartbeat = `/v1/groups/growers/members/${member.memberId}/heartbeat`
    const { assigned } = await eventually(
      () => scene.post(heartbeat, {}).then(({ body }) => body as MemberAnswer),
      (state) => state.assigned.length === 2,
    )
    expect(Object.fromEntries(assigned.map(({ partition, offset }) => [partition, offset]))).toEqual({ 0: 1, 1: 0 })
  })

  test("a member goes on where it was, and a static one takes over from itself", async () => {
    const { memberId, committed, metadata } = world.billing
    const offsets = await scene.get("/v1/groups/billing/offsets?topic=flights")
    expect(offsets.body).toMatchObject({
      partitions: [
        { partition: 0, committedOffset: committed, metadata, memberId },
        { partition: 1, committedOffset: flights.trimmedTo, memberId },
      ],
    })
    const member = `/v1/groups/billing/members/${memberId}`
    const beaten = await scene.post(`${member}/heartbeat`, {})
    const [first] = (beaten.body as MemberAnswer).assigned
    expect(first).toMatchObject({ topic: "flights", partition: 0 })
    const fetched = await scene.post(`${member}/fetch`, { partitions: [{ ...first, offset: committed }] })
    const bodies = flights.bodies[0]!.slice(committed).map((body) => ({ body }))
    expect(fetched.body).toMatchObject({ partitions: [{ records: bodies }] })
    const commit = { memberId, offsets: [{ ...first, offset: committed + 1 }] }
    expect((await scene.post("/v1/groups/billing/offsets", commit)).body).toMatchObject({
      results: [{ partition: 0, offset: committed + 1 }],
    })
    const returned = await scene.post("/v1/groups/billing/members", { topics: ["flights"], instanceId: "desk-1" })
    expect((returned.body as MemberAnswer).memberId).not.toBe(memberId)
    expect(await scene.post(`${member}/heartbeat`, {})).toMatchObject(problem(404, "not_found"))
  })

  test("a share group has what was held, and hands out what is left", async () => {
    const { heldReceipt, heldOffset, doneOffsets } = world.workers
    const share = "/v1/topics/flights/share/workers"
    expect((await scene.post(`${share}/ack`, { receipts: [heldReceipt] })).body).toEqual({ results: [{ ok: true }] })
    await scene.append("/v1/topics/flights", { body: "fresh", partition: 0 })
    const received = await scene.post(`${share}/receive`, { maxMessages: 10, partitions: [0] })
    const { records } = received.body as { records: { offset: number; body: unknown }[] }
    expect(records.map(({ body }) => body)).toEqual(["fresh"])
    for (const { offset } of records) expect([heldOffset, ...doneOffsets]).not.toContain(offset)
    expect((await read("dead-flights", 0)).map(({ body }) => body)).toEqual([flights.bodies[0]![3]])
  })
}
