import { describe, expect, test } from "vitest"
import type { GroupConsumer, TopicRecord } from "../../src/client/index.ts"
import { ClientScene, signal } from "../support/client-scene.ts"
import { upTo } from "../support/http.ts"

const scene = new ClientScene()

/** Takes so many records in a loop, and leaves it. */
async function take<T>(source: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  for await (const one of source) {
    taken.push(one)
    if (taken.length === count) break
  }
  return taken
}

describe("a loop over a group's records", () => {
  test("[W40] commits by itself what it is done with, when the next is asked for", async () => {
    const { topic: name, group } = await scene.topicWithGroup(1)
    const client = await scene.connect()
    const topic = client.topic<number>(name)
    const producer = topic.producer({ lingerMs: 0 })
    for (const number of upTo(5)) await producer.send({ value: number })
    const consumer = topic.consumer(group, { autoCommitIntervalMs: 100_000 })
    const records = await take(consumer, 3)
    expect(records.map(({ value, offset, partition }) => [value, offset, partition])).toEqual([
      [0, 0, 0],
      [1, 1, 0],
      [2, 2, 0],
    ])
    await consumer.close()
    // the loop was left in the third: nobody knows whether it is done
    expect(await scene.committed(group)).toEqual([2])
    const next = topic.consumer(group)
    expect((await take(next, 1)).map(({ value }) => value)).toEqual([2])
    await next.close()
  })

  test("[W39] commits by hand, and only what is still its own", async () => {
    const { topic: name, group } = await scene.topicWithGroup(2)
    const client = await scene.connect()
    const topic = client.topic<number>(name)
    const producer = topic.producer({ lingerMs: 0 })
    for (const number of upTo(6)) await producer.send({ value: number, partition: number % 2 })
    const consumer = topic.consumer(group, { autoCommit: false })
    const records = await take(consumer, 6)
    await consumer.commit(records.find(({ partition, offset }) => partition === 0 && offset === 1)!)
    await consumer.commit([{ partition: 1, offset: 1 }], { metadata: "half" })
    expect(await scene.committed(group)).toEqual([2, 1])
    await consumer.close()
    await expect(consumer.commit(records[0]!)).rejects.toMatchObject({ code: "fenced" })
    await expect(consumer.commit([{ partition: 0, offset: 0 }])).rejects.toMatchObject({ code: "fenced" })
    expect(await scene.committed(group)).toEqual([2, 1])
  })

  test("begins again with the record at which a loop was left, unless that was committed", async () => {
    const { topic: name, group } = await scene.topicWithGroup(1)
    const client = await scene.connect()
    const topic = client.topic<number>(name)
    const producer = topic.producer({ lingerMs: 0 })
    for (const number of upTo(4)) await producer.send({ value: number })
    const consumer = topic.consumer(group)
    expect((await take(consumer, 2)).map(({ value }) => value)).toEqual([0, 1])
    const seen: (number | null)[] = []
    for await (const record of consumer) {
      seen.push(record.value)
      if (record.value !== 2) continue
      await consumer.commit(record)
      break
    }
    expect(seen).toEqual([1, 2])
    expect((await take(consumer, 1)).map(({ value }) => value)).toEqual([3])
    await consumer.close()
  })

  test("ends when its consumer is closed", async () => {
    const { topic: name, group } = await scene.topicWithGroup(1)
    const consumer = (await scene.connect()).topic<number>(name).consumer(group)
    const waiting = consumer[Symbol.asyncIterator]().next()
    await consumer.close()
    expect(await waiting).toEqual({ done: true, value: undefined })
    await expect(consumer[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "closed" })
  })

  test("[W31] throws where there is no such group", async () => {
    const topic = (await scene.connect()).topic(await scene.topicName())
    const consumer = topic.consumer("nobody")
    await expect(consumer[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "not_found" })
    await consumer.close()
  })
})

describe("GroupConsumer.run", () => {
  test("processes a partition in order, partitions beside each other, and commits", async () => {
    const { topic: name, group } = await scene.topicWithGroup(4)
    const client = await scene.connect()
    const topic = client.topic<number>(name)
    const producer = topic.producer()
    await Promise.all(upTo(200).map((number) => producer.send({ value: number, partition: number % 4 })))
    const seen = new Map<number, number[]>(upTo(4).map((partition) => [partition, []]))
    const beside = signal()
    const all = signal()
    let [running, most, count] = [0, 0, 0]
    const consumer = topic.consumer(group)
    const run = consumer.run(
      async ({ partition, value }) => {
        most = Math.max(most, ++running)
        if (running === 3) beside.give()
        await beside.given
        running--
        seen.get(partition)!.push(value!)
        if (++count === 200) all.give()
      },
      { concurrency: 3 },
    )
    await all.given
    await consumer.close()
    await run
    expect(most).toBe(3)
    for (const [partition, values] of seen) expect(values).toEqual(upTo(50).map((turn) => turn * 4 + partition))
    expect(await scene.committed(group)).toEqual([50, 50, 50, 50])
  })

  test("ends with what a handler throws, and begins again with that record", async () => {
    const { topic: name, group } = await scene.topicWithGroup(1)
    const client = await scene.connect()
    const topic = client.topic<number>(name)
    const producer = topic.producer({ lingerMs: 0 })
    for (const number of upTo(3)) await producer.send({ value: number })
    const consumer = topic.consumer(group)
    const values: number[] = []
    const failing = consumer.run(({ value }) => {
      values.push(value!)
      if (value === 1) throw new Error("not today")
    })
    await expect(failing).rejects.toThrow("not today")
    const done = signal()
    const again = consumer.run(({ value }) => {
      values.push(value!)
      if (value === 2) done.give()
    })
    await done.given
    await consumer.close()
    await again
    expect(values).toEqual([0, 1, 1, 2])
    expect(await scene.committed(group)).toEqual([3])
  })

  test("[W32] [W33] hands partitions over, and no record is processed twice", async () => {
    const { topic: name, group } = await scene.topicWithGroup(6)
    const one = await scene.connect()
    const other = await scene.connect()
    const producer = one.topic<number>(name).producer()
    const seen = new Map<number, number>()
    const all = signal()
    const story: string[] = []
    const member = (
      topic: ReturnType<typeof one.topic<number>>,
      who: string,
    ): [GroupConsumer<string, number>, Promise<void>] => {
      const consumer = topic.consumer(group, {
        autoCommitIntervalMs: 20,
        onAssigned: (partitions) => void story.push(`${who} has ${partitions.length}`),
        onRevoked: (partitions) => void story.push(`${who} gives up ${partitions.length}`),
        onLost: (partitions) => void story.push(`${who} lost ${partitions.length}`),
      })
      const run = consumer.run(async ({ value }) => {
        seen.set(value!, (seen.get(value!) ?? 0) + 1)
        if (seen.size === 1_200) all.give()
        await new Promise((resolve) => setImmediate(resolve))
      })
      return [consumer, run]
    }
    const [first, firstRun] = member(one.topic<number>(name), "first")
    await Promise.all(upTo(600).map((number) => producer.send({ value: number, partition: number % 6 })))
    await expect.poll(() => seen.size, { timeout: 20_000 }).toBe(600)
    const [second, secondRun] = member(other.topic<number>(name), "second")
    await expect.poll(() => story, { timeout: 20_000 }).toContain("first gives up 3")
    await Promise.all(upTo(600).map((number) => producer.send({ value: 600 + number, partition: number % 6 })))
    await all.given
    await Promise.all([first.close(), second.close()])
    await Promise.all([firstRun, secondRun])
    expect(new Set(seen.values())).toEqual(new Set([1]))
    expect(story.filter((line) => line.includes("lost"))).toEqual([])
    expect(await scene.committed(group)).toEqual(Array(6).fill(200))
  })

  test("[W33] finishes and commits in onRevoked before it gives a partition up", async () => {
    const { topic: name, group } = await scene.topicWithGroup(2)
    const client = await scene.connect()
    const topic = client.topic<number>(name)
    const producer = topic.producer({ lingerMs: 0 })
    const begun = signal()
    const goOn = signal()
    const revoked = signal()
    const last = new Map<number, TopicRecord<string, number>>()
    const first = topic.consumer(group, {
      autoCommit: false,
      onRevoked: async (partitions) => {
        for (const { partition } of partitions) await first.commit(last.get(partition)!)
        revoked.give()
      },
    })
    const firstRun = first.run(async (record) => {
      if (record.offset === 0 && last.size === 1) begun.give()
      if (record.offset === 0) await goOn.given
      last.set(record.partition, record)
    })
    for (const partition of upTo(2)) await producer.send({ value: 0, partition })
    goOn.give()
    await expect.poll(() => last.size).toBe(2)
    const joined = signal()
    const second = topic.consumer(group, { onAssigned: () => joined.give() })
    const secondRun = second.run(() => {
      throw new Error("everything was done")
    })
    await revoked.given
    await joined.given
    expect((await scene.committed(group)).filter((offset) => offset === 1)).toHaveLength(1)
    await first.close()
    expect(await scene.committed(group)).toEqual([1, 1])
    await second.close()
    await secondRun
    await firstRun
  })
})
