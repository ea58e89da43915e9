import { describe, expect, test } from "vitest"
import { MillraceError, type ReadOptions } from "../../src/client/index.ts"
import { ClientScene } from "../support/client-scene.ts"
import { upTo } from "../support/http.ts"

const scene = new ClientScene()

/** Takes so many records in a loop, and leaves it. */
async function take<T>(source: AsyncIterable<T>, count = Infinity): Promise<T[]> {
  const taken: T[] = []
  for await (const one of source) {
    taken.push(one)
    if (taken.length === count) break
  }
  return taken
}

const ascending = (one: number | null, other: number | null): number => one! - other!

describe("Topic.read", () => {
  test("[W12] gives every record of every partition, in order within each", async () => {
    const name = await scene.topicName({ partitions: 3 })
    const topic = (await scene.connect()).topic<number>(name)
    const producer = topic.producer()
    await Promise.all(upTo(3_000).map((number) => producer.send({ value: number, partition: number % 3 })))
    const records = await take(topic.read({ prefetch: 100 }), 3_000)
    for (const partition of upTo(3)) {
      const values = records.filter((record) => record.partition === partition).map(({ value }) => value)
      expect(values).toEqual(upTo(1_000).map((turn) => turn * 3 + partition))
    }
  })

  test("[W12] ends at what was the end when it began", async () => {
    const name = await scene.topicName({ partitions: 3 })
    const topic = (await scene.connect()).topic<number>(name)
    const producer = topic.producer({ lingerMs: 0 })
    // one partition stays empty
    for (const number of upTo(20)) await producer.send({ value: number, partition: number % 2 })
    const values: number[] = []
    for await (const { value } of topic.read({ until: "end" })) {
      values.push(value!)
      await producer.send({ value: 100, partition: 2 })
      await producer.send({ value: 100, partition: 0 })
    }
    expect(values.toSorted(ascending)).toEqual(upTo(20))
    expect(await take(topic.read({ until: "end", from: "latest" }))).toEqual([])
  })

  test("begins where it is told to", async () => {
    const name = await scene.topicName({ partitions: 2 })
    const topic = (await scene.connect()).topic<number>(name)
    const producer = topic.producer({ lingerMs: 0 })
    for (const number of upTo(6)) await producer.send({ value: number, partition: number % 2 })
    const middle = 1 + Math.max(...(await take(topic.read({ until: "end" }))).map(({ timestamp }) => timestamp))
    await expect.poll(() => Date.now()).toBeGreaterThan(middle)
    for (const number of upTo(4)) await producer.send({ value: 6 + number, partition: number % 2 })
    const from = async (options: ReadOptions): Promise<(number | null)[]> => {
      const records = await take(topic.read({ until: "end", ...options }))
      return records.map(({ value }) => value).toSorted(ascending)
    }
    expect(await from({ from: 3, partition: 1 })).toEqual([7, 9])
    expect(await from({ from: { offsets: { 0: 4 } } })).toEqual([1, 3, 5, 7, 8, 9])
    expect(await from({ from: { timestamp: middle } })).toEqual([6, 7, 8, 9])
    expect(await from({ from: { timestamp: new Date(middle + 1e9) } })).toEqual([])
    expect(() => topic.read({ from: 3 })).toThrow(MillraceError)
    expect(() => topic.read({ prefetch: 0 })).toThrow(MillraceError)
    await expect(take(topic.read({ from: 99, partition: 0 }))).rejects.toMatchObject({ code: "offset_out_of_range" })
    await expect(take(topic.read({ partition: 7 }))).rejects.toMatchObject({ code: "not_found" })
  })

  test("[W12] goes on where it was after a break", async () => {
    const name = await scene.topicName({ partitions: 2 })
    const proxy = await scene.proxy()
    const topic = (await scene.connect({ url: proxy.url })).topic<number>(name)
    const producer = (await scene.connect()).topic<number>(name).producer()
    await Promise.all(upTo(1_000).map((number) => producer.send({ value: number, partition: number % 2 })))
    const values: number[] = []
    for await (const { value } of topic.read({ prefetch: 50 })) {
      if (values.push(value!) % 200 === 0) proxy.cut()
      if (values.length === 1_000) break
    }
    expect(values.toSorted(ascending)).toEqual(upTo(1_000))
  })

  test("can be left while it waits, and ends with its client", async () => {
    const name = await scene.topicName()
    const client = await scene.connect()
    const topic = client.topic(name)
    const reading = topic.read({ from: "latest" })
    const next = reading.next()
    await reading.return!()
    expect(await next).toEqual({ done: true, value: undefined })
    const controller = new AbortController()
    const aborted = topic.read({ signal: controller.signal }).next()
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ code: "aborted" })
    const last = topic.read().next()
    await client.close()
    expect(await last).toEqual({ done: true, value: undefined })
    await expect(topic.read().next()).rejects.toMatchObject({ code: "closed" })
  })
})
