import { type Checks, equal, take, upTo } from "./check.ts"
import { freshName, type Place } from "./place.ts"
import { adminOf, gate, withBroker } from "./scene.ts"

/** Consumer groups and share groups. */
export const groupChecks: Checks = {
  "a group goes on behind what was committed": async (place) => {
    const { topic: name, group } = await made(place, 1, {})
    await withBroker(place, async (broker) => {
      const topic = broker.topic<number>(name)
      const producer = topic.producer()
      for (const number of upTo(6)) await producer.send({ value: number })
      const first = topic.consumer(group, { autoCommit: false })
      for await (const record of first) {
        if (record.value === 2) {
          await first.commit(record)
          break
        }
      }
      await first.close()
      const second = topic.consumer(group, { autoCommit: false })
      equal(
        (await take(second, 3)).map(({ value }) => value),
        [3, 4, 5],
      )
      await second.close()
    })
  },

  "a group commits by itself what its loop is done with": async (place) => {
    const { topic: name, group } = await made(place, 1, {})
    await withBroker(place, async (broker) => {
      const topic = broker.topic<number>(name)
      const producer = topic.producer()
      for (const number of upTo(5)) await producer.send({ value: number })
      const consumer = topic.consumer(group)
      await consumer.run(
        async ({ value }) => {
          if (value === 4) void consumer.close()
        },
        { concurrency: 1 },
      )
      await consumer.close()
      const { partitions } = await adminOf(place).groups.offsets(group)
      equal(
        partitions.map(({ committedOffset }) => committedOffset),
        [5],
      )
    })
  },

  "members share a topic's partitions, and hand over": async (place) => {
    const { topic: name, group } = await made(place, 4, {})
    await withBroker(place, async (broker) => {
      const topic = broker.topic<number>(name)
      const producer = topic.producer()
      const has: number[][] = [[], []]
      const divided = gate()
      const seen = new Map<number, number>()
      const all = gate()
      const members = upTo(2).map((index) => {
        const tell = (): void => {
          if (has.every((owned) => owned.length === 2)) divided.open()
        }
        return topic.consumer(group, {
          onAssigned: (partitions) => {
            has[index]!.push(...partitions.map(({ partition }) => partition))
            tell()
          },
          onRevoked: async (partitions) => {
            const gone = new Set(partitions.map(({ partition }) => partition))
            has[index] = has[index]!.filter((partition) => !gone.has(partition))
            tell()
          },
        })
      })
      const runs = members.map((member) =>
        member.run(async ({ value }) => {
          seen.set(value!, (seen.get(value!) ?? 0) + 1)
          if (seen.size === 100) all.open()
        }),
      )
      await divided.passed
      await Promise.all(upTo(100).map((number) => producer.send({ value: number, partition: number % 4 })))
      await all.passed
      for (const member of members) await member.close()
      await Promise.all(runs)
      equal([...seen.values()], Array<number>(100).fill(1), "how often each record was processed")
      equal((await adminOf(place).groups.offsets(group)).lag, 0, "lag")
    })
  },

  "a share group hands out a topic's records like a queue": async (place) => {
    const { topic: name, group } = await made(place, 2, { type: "share" })
    await withBroker(place, async (broker) => {
      const topic = broker.topic<number>(name)
      const producer = topic.producer()
      await Promise.all(upTo(40).map((number) => producer.send({ key: `${number}`, value: number })))
      const counts = new Map<number, number>()
      const done = gate()
      const consumer = topic.share(group).consume(
        async ({ value, deliveryCount }) => {
          counts.set(value!, deliveryCount)
          if (value! % 10 === 0 && deliveryCount === 1) throw new Error("not yet")
          const finished = [...counts].filter(([number, count]) => count === 2 || number % 10 !== 0)
          if (finished.length === 40) done.open()
        },
        { concurrency: 5 },
      )
      await done.passed
      await consumer.stop()
      equal([...counts.values()].filter((count) => count === 2).length, 4, "number of those that came twice")
    })
  },

  "a share group that orders by key hands out the records of a key in turn, also where one fails": async (place) => {
    const { topic: name, group } = await made(place, 2, { type: "share", ordering: "key" })
    await withBroker(place, async (broker) => {
      const topic = broker.topic<number>(name)
      const producer = topic.producer()
      await Promise.all(upTo(120).map((number) => producer.send({ key: `${number % 3}`, value: number })))
      const seen: number[][] = [[], [], []]
      const done = gate()
      const consumer = topic.share(group).consume(
        ({ value, deliveryCount }) => {
          if (value! % 10 === 0 && deliveryCount === 1) throw new Error("not yet")
          seen[value! % 3]!.push(value!)
          if (seen.flat().length === 120) done.open()
        },
        { concurrency: 3, prefetch: 30 },
      )
      await done.passed
      await consumer.stop()
      for (const key of upTo(3)) {
        equal(
          seen[key],
          upTo(40).map((turn) => key + turn * 3),
        )
      }
    })
  },

  "shared records can be acknowledged one by one": async (place) => {
    const { topic: name, group } = await made(place, 1, { type: "share" })
    await withBroker(place, async (broker) => {
      const topic = broker.topic<string>(name)
      const producer = topic.producer()
      for (const value of ["first", "second"]) await producer.send({ value })
      const seen: string[] = []
      for await (const record of topic.share(group).messages()) {
        seen.push(`${record.value} ${record.deliveryCount}`)
        if (record.value === "first" && record.deliveryCount === 1) await record.nack({ fault: true })
        else await record.ack()
        if (seen.length === 3) break
      }
      equal(seen.toSorted(), ["first 1", "first 2", "second 1"])
    })
  },
}

async function made(
  place: Place,
  partitions: number,
  settings: { readonly type?: "share"; readonly ordering?: "key" },
): Promise<{ readonly topic: string; readonly group: string }> {
  const [topic, group] = [freshName(place, "topic"), freshName(place, "group")]
  await adminOf(place).topics.put(topic, { partitions })
  await adminOf(place).groups.put(group, { autoOffsetReset: "earliest", heartbeatIntervalMs: 300, ...settings })
  return { topic, group }
}
