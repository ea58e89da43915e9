import { describe, expect, it } from "vitest"
import type { Frame } from "../support/socket-client.ts"
import { bodies, problemCode, SocketScene } from "../support/socket-scene.ts"

const scene = new SocketScene()

describe("a producer on a socket", () => {
  it("[W30] repeats what it is not sure of, and only what is missing is stored", async () => {
    const name = await scene.topic(1)
    const { producerId: id, epoch } = (await scene.call("POST", "/v1/producers")) as Record<string, number>
    const publish = (ref: number, sequence: number, more: object = {}): object => ({
      type: "publish",
      ref,
      topic: name,
      records: [0, 1].map((nth) => ({ body: sequence + nth })),
      producer: { id, epoch, sequence },
      ...more,
    })
    const client = await scene.connect()
    const answer = (ref: number): Promise<Frame> => client.take((frame) => frame["ref"] === ref)
    client.send(publish(1, 0), publish(2, 2), publish(3, 0), publish(4, 5), publish(5, 4, { expectedOffset: 4 }))
    const place = (offset: number): object => ({ partition: 0, offset })
    expect(await answer(1)).toMatchObject({ type: "confirm", results: [place(0), place(1)] })
    expect(await answer(2)).toMatchObject({ type: "confirm", results: [place(2), place(3)] })
    expect((await answer(3))["results"]).toEqual([0, 1].map((offset) => ({ ...place(offset), repeated: true })))
    expect(await answer(4)).toMatchObject({ type: "error", problem: { code: "sequence_gap", expectedSequence: 4 } })
    expect(await answer(5)).toMatchObject({ type: "confirm", results: [place(4), place(5)] })
    client.send(publish(6, 6, { expectedOffset: 5 }), { type: "publish", ref: 7, topic: name, records: [{ body: 6 }] })
    expect(await answer(6)).toMatchObject({ type: "error", problem: { code: "offset_mismatch", endOffset: 6 } })
    expect(await answer(7)).toMatchObject({ type: "confirm", results: [place(6)] })
    client.send({ type: "subscribe", sub: 1, topic: name, partition: 0, from: "earliest", credit: 100 })
    expect(bodies(await client.collect(1, 7))).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it("[W30] [H84] is told what a topic does not take", async () => {
    const name = await scene.topic(1)
    await scene.call("PUT", `/v1/topics/${name}`, { cleanup: "compact", maxRecordBytes: 5 })
    const client = await scene.connect()
    for (const [ref, record] of [{ key: "k", body: "12345" }, { body: "1" }, { key: "k", tombstone: true }].entries()) {
      client.send({ type: "publish", ref, topic: name, records: [record] })
    }
    const answers = await Promise.all([0, 1, 2].map((ref) => client.take((frame) => frame["ref"] === ref)))
    expect(answers.map(problemCode)).toEqual(["payload_too_large", "invalid_field", undefined])
  })

  it("[W52] [W58] repeats messages to a queue, and only what is missing is stored", async () => {
    const queue = await scene.queue({ maxMessages: 4 })
    const { producerId: id, epoch } = (await scene.call("POST", "/v1/producers")) as Record<string, number>
    const publish = (ref: number, sequence: number, count: number): object => ({
      type: "publish",
      ref,
      queue,
      messages: Array.from({ length: count }, (_, nth) => ({ body: sequence + nth })),
      producer: { id, epoch, sequence },
    })
    const client = await scene.connect()
    const answer = (ref: number): Promise<Frame> => client.take((frame) => frame["ref"] === ref)
    client.send(publish(1, 0, 2), publish(2, 0, 3), publish(3, 3, 2), publish(4, 5, 1))
    const [first, second] = (await answer(1))["results"] as Frame[]
    const again = (await answer(2))["results"] as Frame[]
    expect(again.slice(0, 2)).toEqual([first, second].map((result) => ({ ...result, repeated: true })))
    expect(again[2]).not.toHaveProperty("repeated")
    const [, refused] = (await answer(3))["results"] as Frame[]
    expect(problemCode(refused!)).toBe("queue_full")
    expect(await answer(4)).toMatchObject({ type: "error", problem: { code: "sequence_gap", expectedSequence: 4 } })
    await scene.call("PUT", `/v1/queues/${queue}`, { maxMessages: null })
    // on another socket, as after a break
    const other = await scene.connect()
    other.send(publish(5, 3, 2))
    const answered = (await other.take((frame) => frame["ref"] === 5))["results"] as Frame[]
    expect(answered.map((result) => result["repeated"])).toEqual([true, undefined])
    expect(answered.map(problemCode)).toEqual([undefined, undefined])
    other.send({ type: "subscribe", sub: 1, queue, credit: 100 })
    expect(bodies(await other.collect(1, 5))).toEqual([0, 1, 2, 3, 4])
  })

  it("[W53] chooses its partition, and is told when there are more than it knows of", async () => {
    const name = await scene.topic(2)
    const { producerId: id, epoch } = (await scene.call("POST", "/v1/producers")) as Record<string, number>
    const publish = (ref: number, sequence: number, more: object): object => ({
      type: "publish",
      ref,
      topic: name,
      records: [{ body: sequence, key: "k" }, { body: sequence + 1 }],
      producer: { id, epoch, sequence },
      ...more,
    })
    const client = await scene.connect()
    const answer = (ref: number): Promise<Frame> => client.take((frame) => frame["ref"] === ref)
    client.send(publish(1, 0, { partition: 1, partitions: 2 }))
    expect((await answer(1))["results"]).toEqual([0, 1].map((offset) => ({ partition: 1, offset })))
    await scene.call("PUT", `/v1/topics/${name}`, { partitions: 3 })
    client.send(publish(2, 2, { partition: 1, partitions: 2 }), publish(3, 0, { partition: 1, partitions: 2 }))
    expect(await answer(2)).toMatchObject({ type: "error", problem: { code: "partition_sealed" } })
    // what was stored before there were more is still known
    const repeated = [0, 1].map((offset) => ({ partition: 1, offset, repeated: true }))
    expect((await answer(3))["results"]).toEqual(repeated)
    client.send(publish(4, 0, { partition: 2, partitions: 3 }), publish(5, 2, { partition: 1, partitions: 3 }))
    expect((await answer(4))["results"]).toEqual([0, 1].map((offset) => ({ partition: 2, offset })))
    expect((await answer(5))["results"]).toEqual([2, 3].map((offset) => ({ partition: 1, offset })))
  })
})
