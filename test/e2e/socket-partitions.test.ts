import { describe, expect, it } from "vitest"
import { bodies, numbered, problemCode, QUIET_MS, sleep, SocketScene } from "../support/socket-scene.ts"

const scene = new SocketScene()

describe("partitions", () => {
  async function append(name: string, from: number, count: number): Promise<void> {
    const records = numbered(count, from).map((body) => ({ body, key: "k" }))
    await scene.call("POST", `/v1/topics/${name}/records`, { records })
  }

  function read(name: string, from: unknown, credit: number, sub = 1): object {
    return { type: "subscribe", sub, topic: name, partition: 0, from, credit }
  }

  it("[W12] reads from earliest, from an offset and from latest, and follows the log", async () => {
    const name = await scene.topic(1)
    await append(name, 0, 10)
    const client = await scene.connect()
    client.send(read(name, "earliest", 1000, 1), read(name, 7, 1000, 2), read(name, "latest", 1000, 3))
    const begun = await Promise.all([1, 2, 3].map(() => client.takeType("subscribed")))
    expect(begun.map((frame) => frame["nextOffset"])).toEqual([0, 7, 10])
    await append(name, 10, 5)
    expect(bodies(await client.collect(1, 15))).toEqual(numbered(15))
    expect(bodies(await client.collect(2, 8))).toEqual(numbered(8, 7))
    const last = await client.collect(3, 5)
    expect(last.map((record) => record["offset"])).toEqual([10, 11, 12, 13, 14])
    expect(last[0]).toMatchObject({ key: "k", body: "10", headers: {} })
  })

  it("[W12] [H82] shows the producers' time where the topic does", async () => {
    const name = await scene.topic(1)
    await scene.call("PUT", `/v1/topics/${name}`, { timestamp: "producer" })
    await scene.call("POST", `/v1/topics/${name}/records`, { records: [{ body: 1, timestamp: 77 }] })
    const client = await scene.connect()
    client.send(read(name, "earliest", 10))
    expect(await client.collect(1, 1)).toMatchObject([{ timestamp: 77 }])
  })

  it("[W14] credit is never exceeded, and reading goes on where it ended", async () => {
    const name = await scene.topic(1)
    await append(name, 0, 30)
    const client = await scene.connect()
    client.send(read(name, "earliest", 4))
    await client.takeType("subscribed")
    await sleep(QUIET_MS)
    expect(client.delivered).toHaveLength(4)
    client.send({ type: "credit", sub: 1, credit: 25 })
    await sleep(QUIET_MS)
    expect(bodies(client.delivered)).toEqual(numbered(25))
    expect(client.frames.at(-1)).toMatchObject({ nextOffset: 25, endOffset: 30 })
    client.send({ type: "credit", sub: 1, credit: 1000 })
    await sleep(QUIET_MS)
    expect(bodies(client.delivered)).toEqual(numbered(30))
    await append(name, 30, 3)
    await client.take((frame) => frame["type"] === "deliver" && frame["nextOffset"] === 33)
  })

  it("[W16] a client that is silent gets what fits its bytes, and more with the next credit", async () => {
    const name = await scene.topic(1)
    const body = "x".repeat(100_000)
    for (let batch = 0; batch < 4; batch++) {
      await scene.call("POST", `/v1/topics/${name}/records`, { records: Array.from({ length: 10 }, () => ({ body })) })
    }
    const client = await scene.connect()
    client.send(read(name, "earliest", 40))
    await client.takeType("subscribed")
    await sleep(2 * QUIET_MS)
    const first = client.delivered.length
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(40)
    for (let total = first; total < 40;) {
      client.send({ type: "credit", sub: 1, credit: 40 })
      await sleep(QUIET_MS)
      expect(client.delivered.length).toBeGreaterThan(total)
      total = client.delivered.length
    }
  })

  it("[W10] an offset outside the log is refused, trimmed or not there yet", async () => {
    const name = await scene.topic(1)
    await append(name, 0, 10)
    await scene.call("DELETE", `/v1/topics/${name}/partitions/0/records?before=4`)
    const client = await scene.connect()
    client.send(read(name, 3, 10, 1), read(name, 11, 10, 2), { ...read(name, 0, 1, 3), partition: 1 })
    const errors = await Promise.all([1, 2, 3].map((sub) => client.take((frame) => frame["sub"] === sub)))
    expect(errors.map((frame) => [frame["type"], problemCode(frame)])).toEqual([
      ["error", "offset_trimmed"],
      ["error", "offset_out_of_range"],
      ["error", "not_found"],
    ])
  })
})
