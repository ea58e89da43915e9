import { beforeEach, describe, expect, it } from "vitest"
import type { Delivery } from "../../src/core/log/types.ts"
import { headersOf, nack, pass, QueueScene, stopClock } from "./queue-scene.ts"

beforeEach(stopClock)

/** Waits exactly as long as it takes until the message comes again, having checked the millisecond before. */
async function comesAfter(queue: QueueScene, ms: number): Promise<Delivery> {
  await queue.evict()
  if (ms > 0) {
    pass(ms - 1)
    expect(await queue.receive()).toEqual([])
    pass(1)
  }
  const received = await queue.receive()
  expect(received).toHaveLength(1)
  return received[0]!
}

describe("the retry delay", () => {
  it.each([
    { kind: "constant", waits: [1_000, 1_000, 1_000], retryDelay: { kind: "constant", delayMs: 1_000 } },
    { kind: "linear", waits: [1_000, 2_000, 2_500], retryDelay: { kind: "linear", stepMs: 1_000, maxMs: 2_500 } },
    {
      kind: "exponential",
      waits: [1_000, 2_000, 4_000, 5_000],
      retryDelay: { kind: "exponential", baseMs: 1_000, maxMs: 5_000, jitter: 0 },
    },
  ] as const)("[Q39] is $kind, through eviction", async ({ waits, retryDelay }) => {
    const queue = await QueueScene.open({ retryDelay })
    await queue.send("a")
    let delivery = await comesAfter(queue, 0)
    for (const [index, waitMs] of waits.entries()) {
      await queue.evict()
      expect(await queue.settle(nack(delivery))).toEqual([null])
      delivery = await comesAfter(queue, waitMs)
      expect(delivery.deliveryCount).toBe(index + 2)
    }
  })

  it("[Q39] gives way to a delay of the nack's own", async () => {
    const queue = await QueueScene.open({ retryDelay: { kind: "constant", delayMs: 60_000 } })
    await queue.send("a")
    await queue.settle(nack(await comesAfter(queue, 0), { delayMs: 5_000 }))
    await comesAfter(queue, 5_000)
  })
})

describe("nacks without fault", () => {
  it("[Q40] do not count towards maxDeliveries, but towards maxAttempts", async () => {
    const dead = await QueueScene.open()
    const queue = await QueueScene.open({ maxDeliveries: 2, maxAttempts: 5, deadLetterQueue: dead.name })
    await queue.send("a")
    for (let attempt = 1; attempt <= 5; attempt++) {
      const delivery = await comesAfter(queue, 0)
      expect(delivery).toMatchObject({ attempt, deliveryCount: 1 })
      await queue.evict()
      expect(await queue.settle(nack(delivery, { fault: false }))).toEqual([null])
    }
    await queue.evict()
    expect(await queue.receive()).toEqual([])
    await expect.poll(async () => (await dead.statistics()).ready, { timeout: 10_000 }).toBe(1)
    const [letter] = await dead.receive()
    expect(headersOf(letter!)).toMatchObject({ "millrace-dead-letter-reason": "max_deliveries" })
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 0, deadLettered: 1 })
  })

  it("[Q40] end after ten times maxDeliveries unless maxAttempts is set, and never where neither is", async () => {
    const limited = await QueueScene.open({ maxDeliveries: 1 })
    const unlimited = await QueueScene.open()
    for (const queue of [limited, unlimited]) {
      await queue.send("a")
      for (let attempt = 1; attempt <= 10; attempt++) {
        const [delivery] = await queue.receive()
        expect(delivery!.attempt).toBe(attempt)
        await queue.settle(nack(delivery!, { fault: false }))
      }
      await queue.evict()
    }
    expect(await limited.statistics()).toMatchObject({ ready: 0, dropped: 1 })
    expect(await unlimited.statistics()).toMatchObject({ ready: 1, dropped: 0 })
  })

  it("[Q40] leases that run out are attempts as well", async () => {
    const queue = await QueueScene.open({ maxAttempts: 2, visibilityTimeoutMs: 1_000 })
    await queue.send("a")
    for (let attempt = 1; attempt <= 2; attempt++) {
      expect(await queue.receive()).toMatchObject([{ attempt }])
      await queue.evict()
      pass(1_000)
      await queue.runDueAlarms()
    }
    expect(await queue.statistics()).toMatchObject({ ready: 0, inFlight: 0, dropped: 1 })
  })
})
