import { describe, expect, test } from "vitest"
import { ClientScene, signal } from "../support/client-scene.ts"
import { upTo } from "../support/http.ts"

const scene = new ClientScene()

/** What a queue has counted, of which nothing is left over. */
async function counts(queue: string): Promise<Record<string, unknown>> {
  const { ready, inFlight, delivered, acknowledged } = await scene.statistics(`/v1/queues/${queue}`)
  return { ready, inFlight, delivered, acknowledged }
}

/** A promise that a handler waits for, and how often that was asked for. */
function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { given, give } = signal()
  return { opened: given, open: give }
}

describe("a consumer whose socket breaks", () => {
  test("[W55] goes on with what it holds: handlers end, nothing is delivered twice", async () => {
    const name = await scene.queueName()
    const proxy = await scene.proxy()
    const client = await scene.connect({ url: proxy.url })
    const queue = client.queue<number>(name)
    await Promise.all(upTo(20).map((number) => queue.send(number)))
    const begun = latch()
    const goOn = latch()
    const all = latch()
    let [running, ended] = [0, 0]
    const told: unknown[] = []
    const deliveries = new Set<number>()
    const consumer = queue.consume(
      async ({ deliveryCount }, { signal }) => {
        deliveries.add(deliveryCount)
        if (++running === 4) begun.open()
        await goOn.opened
        expect(signal.aborted).toBe(false)
        if (++ended === 20) all.open()
      },
      { concurrency: 4, prefetch: 8, onError: (error) => told.push(error) },
    )
    await begun.opened
    proxy.cut()
    // it has come back when an answer comes
    await queue.send(20)
    goOn.open()
    await all.opened
    await consumer.stop()
    expect(told).toEqual([])
    expect(deliveries).toEqual(new Set([1]))
    expect(await counts(name)).toMatchObject({ inFlight: 0, acknowledged: ended })
  })

  test("[W55] says again what it had no answer to, however often it breaks", async () => {
    const name = await scene.queueName()
    const proxy = await scene.proxy()
    const client = await scene.connect({ url: proxy.url })
    const sender = (await scene.connect()).queue<number>(name)
    await Promise.all(upTo(400).map((number) => sender.send(number)))
    const seen = new Map<number, number>()
    const all = latch()
    const consumer = client.queue<number>(name).consume(
      async ({ body }) => {
        seen.set(body, (seen.get(body) ?? 0) + 1)
        if (seen.size % 60 === 0) proxy.cut()
        if (seen.size === 400) all.open()
        await new Promise((resolve) => setImmediate(resolve))
      },
      { concurrency: 5 },
    )
    await all.opened
    await consumer.stop()
    expect([...seen.values()].filter((times) => times > 1)).toEqual([])
    expect(await counts(name)).toEqual({ ready: 0, inFlight: 0, delivered: 400, acknowledged: 400 })
  })

  test("[W56] finds out what it lost where it was away for too long", async () => {
    const name = await scene.queueName()
    const proxy = await scene.proxy()
    const client = await scene.connect({ url: proxy.url })
    const queue = client.queue<string>(name)
    await queue.send("moved on")
    const begun = latch()
    const lost = latch()
    const consumer = queue.consume(async ({ deliveryCount }, { signal }) => {
      if (deliveryCount > 1) return
      begun.open()
      await new Promise((resolve) => signal.addEventListener("abort", resolve))
      expect(signal.reason).toMatchObject({ code: "receipt_expired" })
      lost.open()
    })
    await begun.opened
    proxy.down()
    // the grace is over, and somebody else gets it
    const [message] = await scene.receive(`/v1/queues/${name}`, { waitMs: 20_000 })
    expect(message).toMatchObject({ body: "moved on" })
    proxy.up()
    await lost.opened
    await scene.settle("ack", `/v1/queues/${name}`, { receipts: [message!.receipt] })
    await consumer.stop()
    expect(await counts(name)).toMatchObject({ ready: 0, inFlight: 0, acknowledged: 1 })
  })

  test("loses nothing when the broker is killed", async () => {
    const name = await scene.queueName({ maxDeliveries: 1_000 })
    const proxy = await scene.proxy()
    const client = await scene.connect({ url: proxy.url })
    const queue = client.queue<number>(name)
    await Promise.all(upTo(300).map((number) => queue.send(number)))
    const seen = new Set<number>()
    const half = latch()
    const all = latch()
    const consumer = queue.consume(
      async ({ body }) => {
        seen.add(body)
        if (seen.size === 150) half.open()
        if (seen.size === 300) all.open()
        await new Promise((resolve) => setImmediate(resolve))
      },
      { concurrency: 5, visibilityTimeoutMs: 2_000 },
    )
    await half.opened
    await scene.broker.kill9()
    await scene.broker.restart()
    await all.opened
    await consumer.stop()
    expect(await counts(name)).toMatchObject({ ready: 0, inFlight: 0, acknowledged: 300 })
  })
})
