import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { describe, expect, it } from "vitest"
import { decodeDeliveries } from "../../src/core/log/delivered.ts"
import { decodeFrame } from "../../src/core/log/frame.ts"
import type { Delivery } from "../../src/core/log/types.ts"
import type { Settlement } from "../../src/core/queue/commands.ts"
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../src/core/queue/settings.ts"
import { batchOf, textOf, valueOf } from "./support.ts"

const INCARNATION = 7
const VERSION = 7
let serial = 0

/** A queue object of its own per test; storage is shared within a file. */
async function newQueue(settings: Partial<QueueSettings> = {}): Promise<{ stub: Stub; name: string }> {
  const name = `queue-${serial++}`
  const stub = env.QUEUES.getByName(`default/${name}/0`)
  const created = await stub.init(step(settings))
  expect(created).toEqual({ ok: true, value: null })
  return { stub, name }
}

type Stub = ReturnType<typeof env.QUEUES.getByName>

function step(settings: Partial<QueueSettings>, version = VERSION) {
  return { incarnation: INCARNATION, version, settings: { ...DEFAULT_QUEUE_SETTINGS, ...settings } }
}

async function send(stub: Stub, ...bodies: string[]): Promise<number[]> {
  const sent = await stub.send(VERSION, batchOf(bodies))
  if (!sent.ok) throw new Error(sent.error.code)
  return sent.value.results.map((result) => (typeof result === "number" ? result : -1))
}

async function receive(stub: Stub, maxMessages = 10, visibilityTimeoutMs: number | null = null): Promise<Delivery[]> {
  const received = await stub.receive(VERSION, { maxMessages, visibilityTimeoutMs })
  if (!received.ok) throw new Error(received.error.code)
  return decodeDeliveries(received.value.deliveries)
}

function settlementOf(
  delivery: Delivery,
  rest: { kind: "ack" } | { kind: "reject"; error: string | null },
): Settlement {
  const { offset, attempt } = delivery
  const receipt = { incarnation: INCARNATION, shard: 0, stateId: 0, stateGeneration: 0, offset, attempt }
  return { ...rest, receipt }
}

async function settle(stub: Stub, ...settlements: Settlement[]): Promise<(string | null)[]> {
  const settled = await stub.settle(VERSION, settlements)
  if (!settled.ok) throw new Error(settled.error.code)
  return settled.value.map((failure) => failure?.code ?? null)
}

async function statistics(stub: Stub) {
  const answered = await stub.statistics(VERSION)
  if (!answered.ok) throw new Error(answered.error.code)
  return answered.value
}

const ack = (delivery: Delivery): Settlement => settlementOf(delivery, { kind: "ack" })
const reject = (delivery: Delivery, error: string | null = null): Settlement =>
  settlementOf(delivery, { kind: "reject", error })
const bodies = (deliveries: readonly Delivery[]): string[] => deliveries.map((delivery) => textOf(delivery.frame))

describe("an object that was never created", () => {
  it("[N1] answers not_found and writes nothing, not even a table", async () => {
    const stub = env.QUEUES.getByName("default/nobody/0")
    const sent = await stub.send(1, batchOf(["lost"]))
    expect(sent).toMatchObject({ ok: false, error: { code: "not_found" } })
    expect(await stub.receive(1, { maxMessages: 1, visibilityTimeoutMs: null })).toMatchObject({ ok: false })
    const tables = await runInDurableObject(stub, (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf%'").toArray(),
    )
    expect(tables).toEqual([])
  })
})

describe("a life of a name", () => {
  it("[N3] [N4] refuses a step of an earlier life, also after the end of this one", async () => {
    const { stub } = await newQueue()
    await send(stub, "kept")
    expect(await stub.init({ ...step({}), incarnation: INCARNATION - 1 })).toMatchObject({ ok: false })
    expect(await stub.destroy(INCARNATION)).toMatchObject({ ok: true })
    expect(await stub.init(step({}))).toMatchObject({ ok: false, error: { code: "conflict" } })
    expect(await stub.send(VERSION, batchOf(["late"]))).toMatchObject({ ok: false, error: { code: "not_found" } })
    await evictDurableObject(stub)
    expect(await stub.init(step({}))).toMatchObject({ ok: false, error: { code: "conflict" } })
    expect(await stub.init({ ...step({}, VERSION + 1), incarnation: INCARNATION + 1 })).toMatchObject({ ok: true })
    const received = await stub.receive(VERSION + 1, { maxMessages: 10, visibilityTimeoutMs: null })
    expect(received.ok && decodeDeliveries(received.value.deliveries)).toEqual([])
  })

  it("[N6] answers stale_metadata to a caller with older settings", async () => {
    const { stub } = await newQueue()
    await stub.configure(step({ visibilityTimeoutMs: 1000 }, VERSION + 1))
    const sent = await stub.send(VERSION, batchOf(["x"]))
    expect(sent).toMatchObject({ ok: false, error: { code: "stale_metadata", version: VERSION + 1 } })
  })
})

describe("eviction in every state", () => {
  it("[Q1] keeps messages that wait, with their ids", async () => {
    const { stub } = await newQueue()
    const ids = await send(stub, "a", "b", "c")
    await evictDurableObject(stub)
    const received = await receive(stub)
    expect(bodies(received)).toEqual(["a", "b", "c"])
    expect(received.map((delivery) => delivery.messageId)).toEqual(ids)
    const more = await send(stub, "d")
    expect(more[0]).toBeGreaterThan(ids.at(-1)!)
  })

  it("[Q7] keeps leases: nothing in flight is delivered twice, and its receipt still counts", async () => {
    const { stub } = await newQueue()
    await send(stub, "a", "b")
    const [first] = await receive(stub, 1)
    await evictDurableObject(stub)
    expect(bodies(await receive(stub))).toEqual(["b"])
    expect(await settle(stub, ack(first!))).toEqual([null])
    expect(await statistics(stub)).toMatchObject({ ready: 0, inFlight: 1, acknowledged: 1 })
  })

  it("[Q2] never delivers what was acknowledged, and counts it once", async () => {
    const { stub } = await newQueue()
    await send(stub, "a", "b", "c")
    const [, second] = await receive(stub)
    expect(await settle(stub, ack(second!), ack(second!))).toEqual([null, null])
    await evictDurableObject(stub)
    expect(await settle(stub, ack(second!))).toEqual([null])
    expect(await statistics(stub)).toMatchObject({ inFlight: 2, acknowledged: 1 })
  })

  it("[Q9] keeps a retry delay", async () => {
    const { stub } = await newQueue()
    await send(stub, "a")
    const [delivery] = await receive(stub)
    const { receipt } = ack(delivery!)
    await settle(stub, { kind: "nack", receipt, delayMs: 60_000, error: null })
    await evictDurableObject(stub)
    expect(await receive(stub)).toEqual([])
    expect(await statistics(stub)).toMatchObject({ ready: 0, delayed: 1 })
  })

  it("[Q5] [Q6] keeps counters and the log's end after everything is done", async () => {
    const { stub } = await newQueue()
    const ids = await send(stub, ...Array.from({ length: 100 }, (_, index) => `${index} ${"x".repeat(200)}`))
    await settle(stub, ...(await receive(stub, 100)).map(ack))
    await evictDurableObject(stub)
    expect(await statistics(stub)).toMatchObject({ ready: 0, inFlight: 0, bytes: 0, sent: 100, acknowledged: 100 })
    const next = await send(stub, "next")
    expect(next[0]).toBe(ids.at(-1)! + 1)
    expect((await receive(stub))[0]).toMatchObject({ offset: 100 })
  })
})

describe("redelivery by alarm", () => {
  it("[Q8] delivers again after the visibility timeout, with a higher count, and not before", async () => {
    const { stub } = await newQueue({ visibilityTimeoutMs: 300 })
    await send(stub, "a")
    const [first] = await receive(stub)
    expect(await receive(stub)).toEqual([])
    await expect.poll(async () => (await statistics(stub)).ready, { timeout: 3000 }).toBe(1)
    const [second] = await receive(stub)
    expect(second).toMatchObject({ deliveryCount: 2, attempt: first!.attempt + 1 })
    expect(second!.firstDeliveredAt).toBe(first!.firstDeliveredAt)
    expect(await settle(stub, ack(first!))).toEqual(["receipt_expired"])
    expect(await settle(stub, ack(second!))).toEqual([null])
  })

  it("[Q10] arms one alarm for many leases", async () => {
    const { stub } = await newQueue()
    await send(stub, ...Array.from({ length: 50 }, (_, index) => String(index)))
    const armed: (number | null)[] = []
    for (let index = 0; index < 50; index++) {
      await receive(stub, 1)
      armed.push(await runInDurableObject(stub, (_, state) => state.storage.getAlarm()))
    }
    expect(new Set(armed).size).toBe(1)
    expect(armed[0]).not.toBeNull()
  })
})

describe("dead letters", () => {
  it("[Q11] [Q12] arrive exactly once with their headers, also when the object dies in between", async () => {
    const dead = await newQueue()
    const { stub, name } = await newQueue({ maxDeliveries: 1, deadLetterQueue: dead.name })
    await send(stub, "poison", "fine")
    const [poison, fine] = await receive(stub)
    await settle(stub, ack(fine!), reject(poison!, "no such customer: Zoë"))
    await evictDurableObject(stub)
    await expect.poll(async () => (await statistics(dead.stub)).ready, { timeout: 5000 }).toBe(1)
    await runDurableObjectAlarm(stub)
    await expect.poll(async () => (await statistics(stub)).forwarding, { timeout: 5000 }).toBe(0)
    const [letter] = await receive(dead.stub)
    const record = decodeFrame(letter!.frame)
    expect(valueOf(record)).toBe("poison")
    const headers = Object.fromEntries(
      record.headers.map((header) => [new TextDecoder().decode(header.name), new TextDecoder().decode(header.value)]),
    )
    expect(headers).toMatchObject({
      "millrace-dead-letter-source": name,
      "millrace-dead-letter-reason": "rejected",
      "millrace-dead-letter-delivery-count": "1",
      "millrace-dead-letter-error": "no such customer: Zoë",
    })
    expect(await statistics(stub)).toMatchObject({ ready: 0, inFlight: 0, deadLettered: 1, acknowledged: 1, bytes: 0 })
  })

  it("[Q11] a repeated move is recognised by its sequence", async () => {
    const { stub } = await newQueue()
    const move = { source: "default/other/0", sourceIncarnation: 3, submissions: batchOf(["m1", "m2"]), seqs: [4, 9] }
    expect(await stub.accept(move)).toEqual({ ok: true, value: 9 })
    expect(await stub.accept(move)).toEqual({ ok: true, value: 9 })
    await evictDurableObject(stub)
    expect(await stub.accept({ ...move, submissions: batchOf(["m2", "m3"]), seqs: [9, 10] })).toEqual({
      ok: true,
      value: 10,
    })
    expect(bodies(await receive(stub))).toEqual(["m1", "m2", "m3"])
    const again = await stub.accept({ ...move, sourceIncarnation: 5, submissions: batchOf(["other life"]), seqs: [1] })
    expect(again).toEqual({ ok: true, value: 1 })
  })

  it("[Q13] wait for a target that does not exist, and are counted", async () => {
    const later = `later-${serial}`
    const { stub } = await newQueue({ deadLetterQueue: later })
    await send(stub, "a")
    const [delivery] = await receive(stub)
    await settle(stub, reject(delivery!))
    expect(await statistics(stub)).toMatchObject({ deadLettered: 1, forwarding: 1 })
    const target = env.QUEUES.getByName(`default/${later}/0`)
    await target.init(step({}))
    await expect.poll(async () => (await statistics(target)).ready, { timeout: 8000 }).toBe(1)
  })

  it("[Q13] without a target a message is dropped and counted", async () => {
    const { stub } = await newQueue({ maxDeliveries: 2, visibilityTimeoutMs: 50 })
    await send(stub, "a")
    await receive(stub)
    await expect.poll(async () => (await receive(stub)).length, { timeout: 3000 }).toBe(1)
    await expect.poll(async () => (await statistics(stub)).dropped, { timeout: 3000 }).toBe(1)
    expect(await statistics(stub)).toMatchObject({ ready: 0, inFlight: 0, delayed: 0, bytes: 0 })
  })
})

describe("group commit", () => {
  it("[Q3] writes what arrives together in one transaction and one row", async () => {
    const { stub } = await newQueue()
    const before = await costOf(stub)
    await Promise.all(Array.from({ length: 64 }, (_, index) => send(stub, `m${index} ${"x".repeat(100)}`)))
    const after = await costOf(stub)
    expect(after.commits - before.commits).toBeLessThanOrEqual(4)
    expect(after.rowsWritten - before.rowsWritten).toBeLessThanOrEqual(8)
    expect(await receive(stub, 100)).toHaveLength(64)
  })

  it("[Q4] a bug in a commit aborts the object, which comes back with what was stored", async () => {
    const { stub, name } = await newQueue()
    await send(stub, "kept")
    await runInDurableObject(stub, (instance) => {
      const broken = instance as unknown as { writeCommit: () => boolean }
      broken.writeCommit = () => {
        throw new Error("planted by a test")
      }
    })
    await expect(stub.send(VERSION, batchOf(["lost"]))).rejects.toThrow("planted by a test")
    const again = env.QUEUES.getByName(`default/${name}/0`)
    expect(bodies(await receive(again))).toEqual(["kept"])
  })
})

describe("fifo", () => {
  it("[Q14] hands out a group's messages in order and blocks it while one is in flight", async () => {
    const { stub } = await newQueue({ ordering: "fifo" })
    await stub.send(VERSION, batchOf(["a1", "b1", "a2", "b2"], ["a", "b", "a", "b"]))
    const first = await receive(stub, 2)
    expect(bodies(first)).toEqual(["a1", "a2"])
    await evictDurableObject(stub)
    const second = await receive(stub, 10)
    expect(bodies(second)).toEqual(["b1", "b2"])
    await stub.send(VERSION, batchOf(["a3"], ["a"]))
    expect(await receive(stub)).toEqual([])
    await settle(stub, ...first.map(ack))
    expect(bodies(await receive(stub))).toEqual(["a3"])
  })
})

async function costOf(stub: Stub): Promise<{ commits: number; rowsWritten: number }> {
  return runInDurableObject(stub, (instance) => {
    const object = instance as unknown as { commits: number; database: { cost: { rowsWritten: number } } }
    return { commits: object.commits, rowsWritten: object.database.cost.rowsWritten }
  })
}
