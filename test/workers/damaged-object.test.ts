import { evictDurableObject, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { expect, it } from "vitest"
import { CorruptError } from "../../src/core/bytes/corrupt.ts"
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/queue/settings.ts"
import { ObjectSocket, subscribeQueue } from "./object-socket.ts"
import { QueueScene, stopClock } from "./queue-scene.ts"
import { entriesOf } from "./support.ts"

const INCARNATION = 7
const VERSION = 7
const NEXT_LIFE = 9
const LEASE_MS = 5_000

/** Has the next commit come upon a part of the storage that is damaged. */
async function damage(queue: QueueScene): Promise<void> {
  await runInDurableObject(queue.stub, (instance) => {
    const settleCommit = (): never => {
      Reflect.deleteProperty(instance, "settleCommit")
      throw new CorruptError("planted by a test")
    }
    Object.assign(instance, { settleCommit })
  })
}

it("[K5] tells everybody in the commit that came upon the damage, also beside a socket, and all who come after", async () => {
  const queue = await QueueScene.open()
  const socket = await ObjectSocket.open(queue)
  await damage(queue)
  socket.send(subscribeQueue())
  const answers = await Promise.all([queue.stub.statistics(VERSION), queue.stub.send(VERSION, entriesOf(["new"]))])
  for (const answer of [...answers, await queue.stub.statistics(VERSION)]) {
    expect(answer).toMatchObject({ ok: false, error: { code: "corrupt_storage", resource: "queue", name: queue.name } })
  }
  const { operation } = await socket.take("failed")
  expect(operation).toMatchObject({ failure: { code: "corrupt_storage" } })
})

it("[K7] wakes for what the next life has to do, though the alarm went with everything else", async () => {
  stopClock()
  const queue = await QueueScene.open({ visibilityTimeoutMs: LEASE_MS })
  await queue.send("lost")
  expect(await queue.receive(1)).toHaveLength(1)
  const armedAt = (await queue.alarmAt())!
  await damage(queue)
  expect(await queue.stub.statistics(VERSION)).toMatchObject({ ok: false })
  expect(await queue.stub.destroy(INCARNATION)).toEqual({ ok: true, value: null })
  const late = await queue.stub.init({ incarnation: INCARNATION, version: VERSION, settings: DEFAULT_QUEUE_SETTINGS })
  expect(late).toMatchObject({ ok: false, error: { code: "conflict" } })
  const step = { incarnation: NEXT_LIFE, version: VERSION, settings: DEFAULT_QUEUE_SETTINGS }
  expect(await queue.stub.init(step)).toEqual({ ok: true, value: null })
  await queue.send({ body: "later", delayMs: 2 * LEASE_MS })
  expect(await queue.alarmAt()).toBeGreaterThan(armedAt)
})

it("[K7] a queue whose database is gone can be deleted, though its settings were to change", async () => {
  const catalog = env.CATALOG.getByName("bare")
  expect(await catalog.putQueue("q", {})).toMatchObject({ ok: true })
  const stub = env.QUEUES.getByName("bare/q/0")
  await runInDurableObject(stub, (_, { storage }) => storage.deleteAll())
  await evictDurableObject(stub)
  const changed = await catalog.putQueue("q", { maxDeliveries: 3 })
  expect(changed).toMatchObject({ ok: false, error: { code: "corrupt_storage", resource: "queue", name: "q" } })
  expect(await catalog.deleteQueue("q")).toEqual({ ok: true, value: null })
  expect(await catalog.putQueue("q", {})).toMatchObject({ ok: true, value: { created: true } })
})

it("[K7] a topic likewise, though it was to grow", async () => {
  const catalog = env.CATALOG.getByName("bare")
  expect(await catalog.putTopic("t", { partitions: 1 })).toMatchObject({ ok: true })
  const stub = env.PARTITIONS.getByName("bare/t/0")
  await runInDurableObject(stub, (_, { storage }) => storage.deleteAll())
  await evictDurableObject(stub)
  const grown = await catalog.putTopic("t", { partitions: 2 })
  expect(grown).toMatchObject({ ok: false, error: { code: "corrupt_storage", resource: "topic", name: "t" } })
  expect(await catalog.deleteTopic("t")).toEqual({ ok: true, value: null })
})
