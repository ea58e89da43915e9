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
})
