import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { afterEach, describe, expect, it, vi } from "vitest"
import { decodeDeliveries } from "../../src/core/log/delivered.ts"
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../src/core/queue/settings.ts"
import { bodies, headersOf, nack, pass, QueueScene, reject, stopClock } from "./queue-scene.ts"
import { batchOf } from "./support.ts"

const INCARNATION = 7
const VERSION = 7
const RECEIVE = { maxMessages: 10, visibilityTimeoutMs: null, attemptId: null }

function step(settings: Partial<QueueSettings>, version = VERSION) {
  return { incarnation: INCARNATION, version, settings: { ...DEFAULT_QUEUE_SETTINGS, ...settings } }
}

afterEach(() => {
  vi.useRealTimers()
})

describe("an object that was never created", () => {
  it("[N1] answers not_found and writes nothing, not even a table", async () => {
    const stub = env.QUEUES.getByName("default/nobody/0")
    const sent = await stub.send(1, batchOf(["lost"]))
    expect(sent).toMatchObject({ ok: false, error: { code: "not_found" } })
    expect(await stub.receive(1, RECEIVE)).toMatchObject({ ok: false, error: { code: "not_found" } })
    const tables = await runInDurableObject(stub, (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf%'").toArray(),
    )
    expect(tables).toEqual([])
  })
})

describe("a life of a name", () => {
  it("[N3] [N4] refuses a step of an earlier life, also after the end of this one", async () => {
    const queue = await QueueScene.open()
    const { stub } = queue
    await queue.send("kept")
    expect(await stub.init({ ...step({}), incarnation: INCARNATION - 1 })).toMatchObject({ ok: false })
    expect(await stub.destroy(INCARNATION)).toMatchObject({ ok: true })
    expect(await stub.init(step({}))).toMatchObject({ ok: false, error: { code: "conflict" } })
    expect(await stub.send(VERSION, batchOf(["late"]))).toMatchObject({ ok: false, error: { code: "not_found" } })
    await queue.evict()
    expect(await stub.init(step({}))).toMatchObject({ ok: false, error: { code: "conflict" } })
    expect(await stub.init({ ...step({}, VERSION + 1), incarnation: INCARNATION + 1 })).toMatchObject({ ok: true })
    const received = await stub.receive(VERSION + 1, RECEIVE)
    expect(received.ok && decodeDeliveries(received.value.deliveries)).toEqual([])
  })

  it("[N6] answers stale_metadata to a caller with older settings", async () => {
    const queue = await QueueScene.open()
    await queue.configure({ visibilityTimeoutMs: 1000 })
    const sent = await queue.stub.send(VERSION, batchOf(["x"]))
    expect(sent).toMatchObject({ ok: false, error: { code: "stale_metadata", version: VERSION + 1 } })
  })
})

describe("eviction in every state", () => {
  it("[Q1] keeps messages that wait, with their ids", async () => {
    const queue = await QueueScene.open()
    const ids = await queue.send("a", "b", "c")
    await queue.evict()
    const received = await queue.receive()
    expect(bodies(received)).toEqual(["a", "b", "c"])
    expect(received.map((delivery) => delivery.messageId)).toEqual(ids)
    const more = await queue.send("d")
    expect(more[0]).toBeGreaterThan(ids.at(-1)!)
  })

  it("[Q7] keeps leases: nothing in flight is delivered twice, and its receipt still counts", async () => {
    const queue = await QueueScene.open()
    await queue.send("a", "b")
    const [first] = await queue.receive(1)
    await queue.evict()
    expect(bodies(await queue.receive())).toEqual(["b"])
    expect(await queue.ack(first!)).toEqual([null])
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 1, acknowledged: 1 })
  })

  it("[Q2] never delivers what was acknowledged, and counts it once", async () => {
    const queue = await QueueScene.open()
    await queue.send("a", "b", "c")
    const [, second] = await queue.receive()
    expect(await queue.ack(second!, second!)).toEqual([null, null])
    await queue.evict()
    expect(await queue.ack(second!)).toEqual([null])
    expect(await queue.statistics()).toMatchObject({ inFlight: 2, acknowledged: 1 })
  })

  it("[Q9] keeps a retry delay", async () => {
    const queue = await QueueScene.open()
    await queue.send("a")
    const [delivery] = await queue.receive()
    await queue.settle(nack(delivery!, { delayMs: 60_000 }))
    await queue.evict()
    expect(await queue.receive()).toEqual([])
    expect(await queue.statistics()).toMatchObject({ ready: 0, delayed: 1 })
  })

  it("[Q5] [Q6] keeps counters and the log's end after everything is done", async () => {
    const queue = await QueueScene.open()
    const ids = await queue.send(...Array.from({ length: 100 }, (_, index) => `${index} ${"x".repeat(200)}`))
    await queue.ack(...(await queue.receive(100)))
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 0, bytes: 0, sent: 100, acknowledged: 100 })
    const next = await queue.send("next")
    expect(next[0]).toBe(ids.at(-1)! + 1)
    expect((await queue.receive())[0]).toMatchObject({ offset: 100 })
  })
})

describe("redelivery by alarm", () => {
  it("[Q8] delivers again after the visibility timeout, with a higher count, and not before", async () => {
    stopClock()
    const queue = await QueueScene.open({ visibilityTimeoutMs: 300 })
    await queue.send("a")
    const [first] = await queue.receive()
    pass(299)
    expect(await queue.receive()).toEqual([])
    expect(await queue.alarmAt()).toBe(Date.now() + 1)
    pass(1)
    expect(await queue.runDueAlarms()).toBe(1)
    expect(await queue.statistics()).toMatchObject({ ready: 1, inFlight: 0 })
    const [second] = await queue.receive()
    expect(second).toMatchObject({ deliveryCount: 2, attempt: first!.attempt + 1 })
    expect(second!.firstDeliveredAt).toBe(first!.firstDeliveredAt)
    expect(await queue.ack(first!)).toEqual(["receipt_expired"])
    expect(await queue.ack(second!)).toEqual([null])
  })

  it("[Q10] arms one alarm for many leases", async () => {
    const queue = await QueueScene.open()
    await queue.send(...Array.from({ length: 50 }, (_, index) => String(index)))
    const armed: (number | null)[] = []
    for (let index = 0; index < 50; index++) {
      await queue.receive(1)
      armed.push(await queue.alarmAt())
    }
    expect(new Set(armed).size).toBe(1)
    expect(armed[0]).not.toBeNull()
  })
})

describe("dead letters", () => {
  it("[Q11] [Q12] arrive exactly once with their headers, also when the object dies in between", async () => {
    const dead = await QueueScene.open()
    const queue = await QueueScene.open({ maxDeliveries: 1, deadLetterQueue: dead.name })
    await queue.send("poison", "fine")
    const [poison, fine] = await queue.receive()
    await queue.ack(fine!)
    await queue.settle(reject(poison!, "no such customer: Zoë"))
    await queue.evict()
    await expect.poll(async () => (await dead.statistics()).ready, { timeout: 10_000 }).toBe(1)
    await runDurableObjectAlarm(queue.stub)
    await expect.poll(async () => (await queue.statistics()).forwarding, { timeout: 10_000 }).toBe(0)
    const [letter] = await dead.receive()
    expect(bodies([letter!])).toEqual(["poison"])
    expect(headersOf(letter!)).toMatchObject({
      "millrace-dead-letter-source": queue.name,
      "millrace-dead-letter-reason": "rejected",
      "millrace-dead-letter-delivery-count": "1",
      "millrace-dead-letter-error": "no such customer: Zoë",
    })
    expect(await queue.statistics()).toMatchObject({
      ready: 0,
      inFlight: 0,
      deadLettered: 1,
      acknowledged: 1,
      bytes: 0,
    })
  })

  it("[Q11] a repeated move is recognised by its sequence", async () => {
    const queue = await QueueScene.open()
    const { stub } = queue
    const move = { source: "default/other/0", sourceIncarnation: 3, submissions: batchOf(["m1", "m2"]), seqs: [4, 9] }
    expect(await stub.accept(move)).toEqual({ ok: true, value: 9 })
    expect(await stub.accept(move)).toEqual({ ok: true, value: 9 })
    await queue.evict()
    const next = { ...move, submissions: batchOf(["m2", "m3"]), seqs: [9, 10] }
    expect(await queue.stub.accept(next)).toEqual({ ok: true, value: 10 })
    expect(bodies(await queue.receive())).toEqual(["m1", "m2", "m3"])
    const again = await queue.stub.accept({
      ...move,
      sourceIncarnation: 5,
      submissions: batchOf(["other life"]),
      seqs: [1],
    })
    expect(again).toEqual({ ok: true, value: 1 })
  })

  it("[Q13] wait for a target that does not exist, and are counted", async () => {
    const later = "comes-later"
    const queue = await QueueScene.open({ deadLetterQueue: later })
    await queue.send("a")
    const [delivery] = await queue.receive()
    await queue.settle(reject(delivery!))
    expect(await queue.statistics()).toMatchObject({ deadLettered: 1, forwarding: 1 })
    const target = await QueueScene.open({}, later)
    await expect.poll(async () => (await target.statistics()).ready, { timeout: 15_000 }).toBe(1)
  })

  it("[Q13] without a target a message is dropped and counted", async () => {
    const queue = await QueueScene.open({ maxDeliveries: 2, visibilityTimeoutMs: 50 })
    await queue.send("a")
    await queue.receive()
    await expect.poll(async () => (await queue.receive()).length, { timeout: 10_000 }).toBe(1)
    await expect.poll(async () => (await queue.statistics()).dropped, { timeout: 10_000 }).toBe(1)
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 0, delayed: 0, bytes: 0 })
  })
})

describe("group commit", () => {
  it("[Q3] writes what arrives together in one transaction and one row", async () => {
    const queue = await QueueScene.open()
    const before = await queue.cost()
    await Promise.all(Array.from({ length: 64 }, (_, index) => queue.send(`m${index} ${"x".repeat(100)}`)))
    const after = await queue.cost()
    expect(after.commits - before.commits).toBeLessThanOrEqual(4)
    expect(after.rowsWritten - before.rowsWritten).toBeLessThanOrEqual(8)
    expect(await queue.receive(100)).toHaveLength(64)
  })

  it("[Q4] a bug in a commit aborts the object, which comes back with what was stored", async () => {
    const queue = await QueueScene.open()
    await queue.send("kept")
    await runInDurableObject(queue.stub, (instance) => {
      const broken = instance as unknown as { writeCommit: () => boolean }
      broken.writeCommit = () => {
        throw new Error("planted by a test")
      }
    })
    await expect(queue.send("lost")).rejects.toThrow("planted by a test")
    expect(bodies(await queue.receive())).toEqual(["kept"])
  })
})
