import { type Checks, equal, holds, take, upTo } from "./check.ts"
import { breakSockets, freshName, type Place } from "./place.ts"
import { adminOf, withBroker } from "./scene.ts"

/** Writing topics and reading them. */
export const topicChecks: Checks = {
  "a record is read as it was written": async (place) => {
    const name = await madeTopic(place, 1)
    await withBroker(place, async (broker) => {
      const topic = broker.topic<{ to: string }>(name)
      const producer = topic.producer()
      const stored = await producer.send({ key: "JFK", value: { to: "SFO" }, headers: { from: "here" } })
      equal([stored.partition, stored.offset], [0, 0])
      await producer.send({ key: "JFK", tombstone: true })
      const [first, second] = await take(topic.read({ from: "earliest" }), 2)
      equal([first?.topic, first?.partition, first?.offset, first?.key], [name, 0, 0, "JFK"])
      equal(first?.value, { to: "SFO" })
      equal(first?.headers, { from: "here" })
      holds(typeof first?.timestamp === "number", "it says when it was stored")
      equal([second?.key, second?.value], ["JFK", null])
    })
  },

  "records of a key stay in order, where the broker would put them": async (place) => {
    const name = await madeTopic(place, 4)
    await withBroker(place, async (broker) => {
      const topic = broker.topic<number>(name)
      const producer = topic.producer({ lingerMs: 2 })
      const stored = await Promise.all(
        upTo(400).map((number) => producer.send({ key: `key ${number % 10}`, value: number })),
      )
      for (const number of upTo(10)) {
        const key = `key ${number}`
        equal(stored[number]?.partition, await partitionByBroker(place, name, key), `partition of ${key}`)
      }
      const values = new Map<string, number[]>(upTo(10).map((number) => [`key ${number}`, []]))
      for (const { key, value } of await take(topic.read({ from: "earliest" }), 410)) {
        if (typeof value === "number") values.get(key ?? "")?.push(value)
      }
      for (const number of upTo(10)) {
        equal(
          values.get(`key ${number}`),
          upTo(40).map((turn) => number + turn * 10),
        )
      }
    })
  },

  "records without a key are spread in batches and all stored": async (place) => {
    const name = await madeTopic(place, 3)
    await withBroker(place, async (broker) => {
      const topic = broker.topic<number>(name)
      const producer = topic.producer({ lingerMs: 1, maxBatchBytes: 2_000 })
      for (const number of upTo(600)) void producer.send({ value: number })
      await producer.flush()
      const read = await take(topic.read({ from: "earliest" }), 600)
      equal(read.map(({ value }) => value).toSorted(ascending), upTo(600))
      await producer.close()
    })
  },

  "a producer that has enough to do says when it is ready": async (place) => {
    const name = await madeTopic(place, 1)
    await withBroker(place, async (broker) => {
      const producer = broker.topic<string>(name).producer({ maxBufferedBytes: 20_000, maxBatchBytes: 5_000 })
      const sent: Promise<{ readonly offset: number }>[] = []
      for (const number of upTo(200)) {
        await producer.ready()
        sent.push(producer.send({ value: `${number}`.padEnd(1_000, ".") }))
      }
      equal(
        (await Promise.all(sent)).map(({ offset }) => offset),
        upTo(200),
      )
    })
  },

  "a topic is read from where one likes": async (place) => {
    const name = await madeTopic(place, 2)
    await withBroker(place, async (broker) => {
      const topic = broker.topic<number>(name)
      const producer = topic.producer()
      for (const number of upTo(10)) await producer.send({ value: number, partition: number % 2 })
      const behind = await take(topic.read({ from: 3, partition: 1 }), 2)
      equal(
        behind.map(({ value, offset }) => [value, offset]),
        [
          [7, 3],
          [9, 4],
        ],
      )
      const all = await take(topic.read({ from: "earliest" }), 10)
      equal(all.map(({ value }) => value).toSorted(ascending), upTo(10))
      const newest = take(topic.read({ from: "latest", partition: 0 }), 1)
      await writtenUntilRead(newest, () => producer.send({ value: 10, partition: 0 }))
      equal((await newest)[0]?.value, 10)
    })
  },

  "a record is stored once, whatever breaks": async (place) => {
    const name = await madeTopic(place, 2)
    await withBroker(place, async (broker) => {
      const topic = broker.topic<number>(name)
      const producer = topic.producer({ lingerMs: 1 })
      const sent: Promise<unknown>[] = []
      for (const number of upTo(300)) {
        sent.push(producer.send({ key: `key ${number % 4}`, value: number }))
        if (number % 100 === 50) await breakSockets(place)
        if (number % 10 === 0) await sent.at(-1)
      }
      await Promise.all(sent)
      const read = await take(topic.read({ from: "earliest" }), 300)
      for (const key of upTo(4)) {
        equal(
          read.filter((record) => record.key === `key ${key}`).map(({ value }) => value),
          upTo(75).map((turn) => key + turn * 4),
        )
      }
      const { partitions } = await adminOf(place).topics.offsets(name)
      equal(
        partitions.reduce((sum, { endOffset }) => sum + endOffset, 0),
        300,
        "number of records stored",
      )
    })
  },
}

function ascending(one: number | null, other: number | null): number {
  return (one ?? 0) - (other ?? 0)
}

async function madeTopic(place: Place, partitions: number): Promise<string> {
  const name = freshName(place, "topic")
  await adminOf(place).topics.put(name, { partitions })
  return name
}

/** Where the broker puts a record of `key` that names no partition. */
async function partitionByBroker(place: Place, topic: string, key: string): Promise<number> {
  const response = await fetch(`${place.stageUrl}/v1/topics/${topic}/records`, {
    method: "POST",
    headers: { authorization: `Bearer ${place.token}`, "content-type": "application/json" },
    body: JSON.stringify({ records: [{ key, body: "by the broker" }] }),
  })
  const { records } = (await response.json()) as { records: { partition: number }[] }
  return records[0]!.partition
}

/** Reading from `latest` begins when the broker says so: what was written before is not read. */
async function writtenUntilRead(read: Promise<unknown>, write: () => Promise<unknown>): Promise<void> {
  const isRead = read.then(() => true)
  while (!(await Promise.race([isRead, write().then(() => false)])));
}
