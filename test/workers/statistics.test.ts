import { abortAllDurableObjects } from "cloudflare:test"
import { beforeEach, describe, expect, it } from "vitest"
import { nack, pass, QueueScene, reject, stopClock } from "./queue-scene.ts"
import { many } from "./support.ts"

beforeEach(stopClock)

/** What outlives the memory: rates begin anew. */
async function lasting(queue: QueueScene) {
  const { rates: _, ...rest } = await queue.statistics()
  return rest
}

describe("statistics", () => {
  it("[Q46] [Q6] are exact with messages in every state, before and after memory is lost", async () => {
    const queue = await QueueScene.open({ visibilityTimeoutMs: 3_600_000 })
    const sentAt = Date.now()
    await queue.send(...many(10, "m"), { body: "short", ttlMs: 1_000 }, ...many(3, "s", { delayMs: 7_200_000 }))
    await queue.send({ body: "once", dedupId: "1" }, { body: "twice", dedupId: "1" })
    const [first, second, third, fourth] = await queue.receive(5)
    await queue.ack(first!)
    await queue.settle(nack(second!, { delayMs: 600_000 }), nack(third!, { delayMs: 0 }), reject(fourth!))
    pass(61_000)
    await queue.runDueAlarms()
    const before = await lasting(queue)
    expect(before).toMatchObject({
      ready: 7,
      inFlight: 1,
      delayed: 1,
      scheduled: 3,
      oldestAt: sentAt,
      sent: 15,
      deduplicated: 1,
      delivered: 5,
      acknowledged: 1,
      dropped: 1,
      expired: 1,
      deadLettered: 0,
      removed: 0,
      forwarding: 0,
    })
    await queue.evict()
    expect(await lasting(queue)).toEqual(before)
    await abortAllDurableObjects()
    expect(await lasting(queue)).toEqual(before)
  })

  it("[Q46] [Q6] keep what was counted by a commit that stored nothing else", async () => {
    const queue = await QueueScene.open()
    await queue.send({ body: "a", dedupId: "1" })
    await queue.send({ body: "a", dedupId: "1" })
    await queue.send({ body: "s", delayMs: 3_600_000 })
    const before = await lasting(queue)
    expect(before).toMatchObject({ sent: 2, deduplicated: 1, scheduled: 1 })
    await queue.evict()
    expect(await lasting(queue)).toEqual(before)
  })

  it("[Q46] say when the oldest message entered the log", async () => {
    const queue = await QueueScene.open()
    const sentAt = Date.now()
    await queue.send("a")
    pass(1_000)
    await queue.send("b")
    expect(await queue.statistics()).toMatchObject({ oldestAt: sentAt })
    await queue.ack(...(await queue.receive(1)))
    await queue.evict()
    expect(await queue.statistics()).toMatchObject({ oldestAt: sentAt + 1_000 })
    await queue.ack(...(await queue.receive(1)))
    expect(await queue.statistics()).toMatchObject({ oldestAt: null })
  })

  it("[Q46] tell rates of the last minute", async () => {
    const queue = await QueueScene.open()
    await queue.statistics()
    await queue.send(...many(300, "m"))
    await queue.ack(...(await queue.receive(150)))
    pass(30_000)
    const { rates } = await queue.statistics()
    expect(rates).toEqual({ sent: 10, delivered: 5, acknowledged: 5 })
    pass(120_000)
    await queue.statistics()
    pass(30_000)
    expect((await queue.statistics()).rates).toEqual({ sent: 0, delivered: 0, acknowledged: 0 })
  })
})
