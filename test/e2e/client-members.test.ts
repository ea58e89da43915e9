import { describe, expect, test } from "vitest"
import type { GroupConsumer } from "../../src/client/index.ts"
import { ClientScene, signal } from "../support/client-scene.ts"
import { upTo } from "../support/http.ts"

const scene = new ClientScene()

describe("a member whose socket breaks", () => {
  test("[W59] goes on as the member that it was, behind what it has had", async () => {
    const { topic: name, group } = await scene.topicWithGroup(3)
    const proxy = await scene.proxy()
    const client = await scene.connect({ url: proxy.url })
    const topic = client.topic<number>(name)
    const producer = (await scene.connect()).topic<number>(name).producer({ lingerMs: 0 })
    const seen: number[] = []
    const all = signal()
    let [has, lost] = [0, 0]
    const consumer = topic.consumer(group, {
      onAssigned: (partitions) => (has += partitions.length),
      onLost: (partitions) => (lost += partitions.length),
    })
    const run = consumer.run(({ value }) => {
      seen.push(value!)
      if (seen.length === 90) all.give()
    })
    for (const number of upTo(90)) {
      await producer.send({ value: number, partition: number % 3 })
      if (number % 30 === 29) proxy.cut()
    }
    await all.given
    await consumer.close()
    await run
    expect(seen.toSorted((one, other) => one - other)).toEqual(upTo(90))
    expect([has, lost]).toEqual([3, 0])
    expect(await scene.committed(group)).toEqual([30, 30, 30])
  })

  test("[W37] joins anew when its session has ended meanwhile, and says what it lost", async () => {
    const { topic: name, group } = await scene.topicWithGroup(2, { sessionTimeoutMs: 1_000, heartbeatIntervalMs: 100 })
    const proxy = await scene.proxy()
    const client = await scene.connect({ url: proxy.url })
    const topic = client.topic<number>(name)
    const producer = (await scene.connect()).topic<number>(name).producer({ lingerMs: 0 })
    const story: string[] = []
    const events = (event: string) => (partitions: readonly unknown[]) =>
      void story.push(`${event} ${partitions.length}`)
    const consumer = topic.consumer(group, { onAssigned: events("has"), onLost: events("lost") })
    const values: number[] = []
    const run = consumer.run(({ value }) => void values.push(value!))
    await producer.send({ value: 1, partition: 0 })
    await expect.poll(() => values).toEqual([1])
    await expect.poll(() => scene.committed(group)).toContain(1)
    proxy.down()
    const members = async (): Promise<unknown> => {
      const { body } = await scene.get(`/v1/groups/${group}`)
      return (body as { members: unknown[] }).members.length
    }
    await expect.poll(members, { timeout: 20_000 }).toBe(0)
    proxy.up()
    await expect.poll(() => story, { timeout: 20_000 }).toEqual(["has 2", "lost 2", "has 2"])
    await producer.send({ value: 2, partition: 0 })
    await expect.poll(() => values, { timeout: 20_000 }).toEqual([1, 2])
    await consumer.close()
    await run
  })

  test("[W37] says that it is over when somebody else has taken its name, who goes on behind it", async () => {
    const { topic: name, group } = await scene.topicWithGroup(2)
    const client = await scene.connect()
    const producer = client.topic<number>(name).producer({ lingerMs: 0 })
    const member = async (): Promise<GroupConsumer<string, number>> => {
      const own = await scene.connect()
      return own.topic<number>(name).consumer(group, { instanceId: "blue", autoCommit: false })
    }
    const first = await member()
    const replaced = first.run(async (record) => first.commit(record))
    await producer.send({ value: 1, partition: 1 })
    await expect.poll(() => scene.committed(group)).toEqual([0, 1])
    const second = await member()
    const values: unknown[] = []
    const run = second.run(({ value }) => values.push(value))
    await expect(replaced).rejects.toMatchObject({ code: "not_found" })
    await producer.send({ value: 2, partition: 1 })
    await expect.poll(() => values).toEqual([2])
    await second.close()
    await run
    await first.close()
  })

  test("loses nothing when the broker is killed", async () => {
    const { topic: name, group } = await scene.topicWithGroup(3)
    const proxy = await scene.proxy()
    const client = await scene.connect({ url: proxy.url })
    const topic = client.topic<number>(name)
    const producer = topic.producer()
    await Promise.all(upTo(600).map((number) => producer.send({ value: number, partition: number % 3 })))
    const seen = new Set<number>()
    const half = signal()
    const all = signal()
    const consumer = topic.consumer(group, { autoCommitIntervalMs: 20 })
    const run = consumer.run(async ({ value }) => {
      seen.add(value!)
      if (seen.size === 300) half.give()
      if (seen.size === 600) all.give()
      await new Promise((resolve) => setImmediate(resolve))
    })
    await half.given
    await scene.broker.kill9()
    await scene.broker.restart()
    await all.given
    await consumer.close()
    await run
    expect(await scene.committed(group)).toEqual([200, 200, 200])
  })
})
