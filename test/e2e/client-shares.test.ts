import { describe, expect, test } from "vitest"
import { ClientScene, signal } from "../support/client-scene.ts"
import { upTo } from "../support/http.ts"

const scene = new ClientScene()
let named = 0

/** A topic and a share group that receives it from its beginning. */
async function made(partitions: number, settings: object = {}): Promise<{ topic: string; group: string }> {
  const group = `share-${named++}`
  const made = await scene.put(`/v1/groups/${group}`, { type: "share", autoOffsetReset: "earliest", ...settings })
  expect(made.status).toBe(201)
  return { topic: await scene.topicName({ partitions }), group }
}

describe("a share group", () => {
  test("[W43] [W45] hands out records of all partitions to handlers, and takes back what they throw at", async () => {
    const { topic: name, group } = await made(3)
    const client = await scene.connect()
    const topic = client.topic<number>(name)
    const producer = topic.producer()
    await Promise.all(
      upTo(90).map((number) => {
        return producer.send({
          key: `key ${number}`,
          value: number,
          partition: number % 3,
          headers: { n: `${number}` },
        })
      }),
    )
    const ends: string[] = []
    const all = signal()
    const consumer = topic.share(group).consume(
      async ({ key, value, partition, headers, deliveryCount, topic }) => {
        expect([topic, key, partition, headers["n"]]).toEqual([name, `key ${value}`, value! % 3, `${value}`])
        if (value! % 10 === 0 && deliveryCount === 1) throw new Error("once more")
        if (ends.push(`${value} ${deliveryCount}`) === 90) all.give()
      },
      { concurrency: 4 },
    )
    await all.given
    await consumer.stop()
    expect(ends.toSorted()).toEqual(
      upTo(90)
        .map((n) => `${n} ${n % 10 === 0 ? 2 : 1}`)
        .toSorted(),
    )
  })

  test("[W43] gives records one by one, and gets back what the loop leaves", async () => {
    const { topic: name, group } = await made(1)
    const client = await scene.connect()
    const topic = client.topic<string>(name)
    const producer = topic.producer({ lingerMs: 0 })
    for (const value of ["a", "b", "c"]) await producer.send({ value })
    await producer.send({ key: "k", tombstone: true })
    for await (const record of topic.share(group).messages()) {
      expect([record.value, record.offset, record.deliveryCount]).toEqual(["a", 0, 1])
      await record.extend(60_000)
      await record.ack()
      break
    }
    const seen: unknown[] = []
    for await (const record of topic.share(group).messages()) {
      seen.push([record.key, record.value, record.deliveryCount])
      await record.ack()
      if (seen.length === 3) break
    }
    expect(seen).toEqual([
      [null, "b", 1],
      [null, "c", 1],
      ["k", null, 1],
    ])
  })

  test("[W55] keeps its locks over a break", async () => {
    const { topic: name, group } = await made(2)
    const proxy = await scene.proxy()
    const client = await scene.connect({ url: proxy.url })
    const producer = (await scene.connect()).topic<number>(name).producer()
    await Promise.all(upTo(200).map((number) => producer.send({ value: number, partition: number % 2 })))
    const seen = new Map<number, number>()
    const all = signal()
    const consumer = client
      .topic<number>(name)
      .share(group)
      .consume(
        async ({ value }) => {
          seen.set(value!, (seen.get(value!) ?? 0) + 1)
          if (seen.size % 50 === 0) proxy.cut()
          if (seen.size === 200) all.give()
          await new Promise((resolve) => setImmediate(resolve))
        },
        { concurrency: 3 },
      )
    await all.given
    await consumer.stop()
    expect([...seen.values()].filter((times) => times > 1)).toEqual([])
  })

  test("[W42] throws where there is no such group, or no such topic, or it is of the other kind", async () => {
    const { topic: name, group } = await made(1)
    const client = await scene.connect()
    const next = async (topic: string, share: string): Promise<unknown> => {
      return client
        .topic(topic)
        .share(share)
        .messages()
        .next()
        .catch((error: unknown) => error)
    }
    expect(await next(name, "nobody")).toMatchObject({ code: "not_found" })
    expect(await next("nothing", group)).toMatchObject({ code: "not_found" })
    await scene.put("/v1/groups/consumers", {})
    expect(await next(name, "consumers")).toMatchObject({ code: "conflict" })
  })
})
