import { describe, expect, test } from "vitest"
import { type Message, MillraceError, Reject, RetryLater } from "../../src/client/index.ts"
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

describe("Queue.consume", () => {
  test("[W11] runs no more handlers than may be, and acknowledges what they are done with", async () => {
    const name = await scene.queueName()
    const client = await scene.connect()
    const queue = client.queue<number>(name)
    await Promise.all(upTo(200).map((number) => queue.send(number)))
    const all = latch()
    const seen = new Set<number>()
    let [running, most] = [0, 0]
    const consumer = queue.consume(
      async ({ body }) => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running--
        if (seen.add(body).size === 200) all.open()
      },
      { concurrency: 7 },
    )
    await all.opened
    await consumer.stop()
    await consumer.done
    expect(most).toBe(7)
    expect(await counts(name)).toEqual({ ready: 0, inFlight: 0, delivered: 200, acknowledged: 200 })
  })

  test("[W14] holds no more messages than its prefetch says", async () => {
    const name = await scene.queueName()
    const client = await scene.connect()
    const queue = client.queue<number>(name)
    await Promise.all(upTo(30).map((number) => queue.send(number)))
    const begun = latch()
    const goOn = latch()
    let running = 0
    const consumer = queue.consume(
      async () => {
        if (++running === 2) begun.open()
        await goOn.opened
      },
      { concurrency: 2, prefetch: 5 },
    )
    await begun.opened
    await expect.poll(() => counts(name)).toMatchObject({ ready: 25, inFlight: 5 })
    const stopped = consumer.stop()
    // what was not begun goes back before the handlers end
    await expect.poll(() => counts(name)).toMatchObject({ ready: 28, inFlight: 2 })
    goOn.open()
    await stopped
    expect(await counts(name)).toMatchObject({ ready: 28, inFlight: 0, acknowledged: 2 })
  })

  test("gives back what a handler throws at, as the error says, and tells of it", async () => {
    const dead = await scene.queueName()
    const name = await scene.queueName({ maxDeliveries: 2, deadLetterQueue: dead })
    const client = await scene.connect()
    const queue = client.queue<string>(name)
    for (const body of ["hopeless", "poison", "late"]) await queue.send(body)
    const told: unknown[] = []
    const met: string[] = []
    const done = latch()
    const consumer = queue.consume(
      ({ body, deliveryCount }) => {
        met.push(`${body} ${deliveryCount}`)
        if (body === "hopeless") throw new Reject("no such address")
        if (body === "poison") throw new TypeError("can't read it")
        if (met.filter((meeting) => meeting.startsWith("late")).length < 4) {
          throw new RetryLater({ delayMs: 10, fault: false })
        }
        done.open()
      },
      { concurrency: 1, onError: (error, message) => told.push([String(error), message?.body]) },
    )
    const letters: Message<unknown>[] = []
    for await (const letter of client.queue(dead).messages()) {
      letters.push(letter)
      await letter.ack()
      if (letters.length === 2) break
    }
    await done.opened
    await consumer.stop()
    const reasons = new Map(letters.map(({ body, headers }) => [body, headers["millrace-dead-letter-error"]]))
    expect(reasons.get("hopeless")).toBe("Reject: no such address")
    expect(reasons.get("poison")).toBe("TypeError: can't read it")
    expect(met.filter((meeting) => !meeting.startsWith("late")).sort()).toEqual(["hopeless 1", "poison 1", "poison 2"])
    expect(met.filter((meeting) => meeting.startsWith("late"))).toEqual(["late 1", "late 1", "late 1", "late 1"])
    expect(told).toContainEqual(["Reject: no such address", "hopeless"])
    expect(await counts(name)).toMatchObject({ ready: 0, inFlight: 0 })
  })

  test("gives back what can't be decoded, as a fault", async () => {
    const dead = await scene.queueName()
    const name = await scene.queueName({ maxDeliveries: 1, deadLetterQueue: dead })
    const client = await scene.connect()
    const schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: unknown) =>
          typeof value === "number" ? { value } : { issues: [{ message: "not a number" }] },
      },
    } as const
    await client.queue(name).send("seven")
    await client.queue(name).send(8)
    const done = latch()
    const told: unknown[] = []
    const bodies: number[] = []
    const consumer = client.queue<unknown, number>(name, { schema }).consume(
      ({ body }) => {
        bodies.push(body)
        done.open()
      },
      { concurrency: 1, onError: (error, message) => told.push((error as MillraceError).code, message) },
    )
    await done.opened
    await consumer.stop()
    expect(bodies).toEqual([8])
    expect(told).toEqual(["invalid_value", null])
    await expect.poll(() => counts(dead)).toMatchObject({ ready: 1 })
  })

  test("keeps a message for as long as its handler runs, also those that wait", async () => {
    const name = await scene.queueName({ maxDeliveries: 1 })
    const client = await scene.connect()
    const queue = client.queue<string>(name)
    await queue.send("slow")
    await queue.send("behind")
    const done = latch()
    const deliveries: string[] = []
    const consumer = queue.consume(
      async ({ body, deliveryCount }, { signal }) => {
        deliveries.push(`${body} ${deliveryCount}`)
        if (body === "behind") return done.open()
        // far longer than the lease: time itself is what is tested
        await new Promise((resolve) => setTimeout(resolve, 5_000))
        expect(signal.aborted).toBe(false)
      },
      { concurrency: 1, prefetch: 2, visibilityTimeoutMs: 2_000 },
    )
    await done.opened
    await consumer.stop()
    expect(deliveries).toEqual(["slow 1", "behind 1"])
    expect(await counts(name)).toEqual({ ready: 0, inFlight: 0, delivered: 2, acknowledged: 2 })
  })

  test("aborts a handler whose message is lost", async () => {
    const name = await scene.queueName()
    const client = await scene.connect()
    const queue = client.queue<string>(name)
    await queue.send("gone")
    const lost = latch()
    const told: unknown[] = []
    const consumer = queue.consume(
      async ({ receipt, deliveryCount }, { signal }) => {
        if (deliveryCount > 1) return
        // somebody else has the receipt, and gives it back
        await scene.settle("nack", `/v1/queues/${name}`, { receipts: [receipt] })
        await new Promise((resolve) => signal.addEventListener("abort", resolve))
        expect(signal.reason).toMatchObject({ code: "receipt_expired" })
        lost.open()
      },
      { visibilityTimeoutMs: 1_000, onError: (error) => told.push(error) },
    )
    await lost.opened
    await consumer.stop()
    expect(told).toEqual([])
  })

  test("stops at once where it is told to, and then gives back what handlers hold", async () => {
    const name = await scene.queueName()
    const client = await scene.connect()
    const queue = client.queue<string>(name)
    await queue.send("stuck")
    const begun = latch()
    let reason: unknown
    const consumer = queue.consume(async (_, { signal }) => {
      begun.open()
      await new Promise((resolve) => signal.addEventListener("abort", resolve))
      reason = signal.reason
    })
    await begun.opened
    await consumer.stop({ timeoutMs: 0 })
    expect(reason).toMatchObject({ code: "closed" })
    expect(await counts(name)).toMatchObject({ ready: 1, inFlight: 0 })
  })

  test("lets handlers send until the last has ended, also when the client is closed", async () => {
    const name = await scene.queueName()
    const topic = await scene.topicName()
    const client = await scene.connect()
    const queue = client.queue<string>(name)
    const producer = client.topic<string>(topic).producer()
    await queue.send("work")
    const begun = latch()
    const goOn = latch()
    const told: unknown[] = []
    queue.consume(
      async () => {
        begun.open()
        await goOn.opened
        await producer.send({ value: "result" })
        void queue.send("more")
      },
      { onError: (error) => told.push(error) },
    )
    await begun.opened
    const closed = client.close()
    goOn.open()
    await closed
    expect(told).toEqual([])
    expect(await counts(name)).toMatchObject({ ready: 1, inFlight: 0, acknowledged: 1 })
  })

  test("[W10] ends with an error where there is no queue, and where it is deleted", async () => {
    const client = await scene.connect()
    const nothing = client.queue("nothing").consume(() => {})
    await expect(nothing.done).rejects.toMatchObject({ code: "not_found" })
    const name = await scene.queueName()
    const begun = latch()
    const queue = client.queue(name)
    const consumer = queue.consume(() => begun.open())
    await queue.send(1)
    await begun.opened
    await client.admin.queues.delete(name)
    await expect(consumer.done).rejects.toMatchObject({ code: "not_found" })
    await expect(consumer.stop()).rejects.toBeInstanceOf(MillraceError)
  })

  test("refuses options that can't be", async () => {
    const queue = (await scene.connect()).queue("any")
    for (const options of [{ concurrency: 0 }, { prefetch: 10_001 }, { prefetch: 1.5 }, { visibilityTimeoutMs: 0 }]) {
      expect(() => queue.consume(() => {}, options)).toThrow(MillraceError)
    }
  })

  test("runs handlers in the context of their messages' traces", async () => {
    const name = await scene.queueName()
    const traces: unknown[] = []
    const client = await scene.connect({
      tracing: {
        inject: (headers) => void (headers["traceparent"] = "00-1-2-01"),
        run: async (headers, handler) => {
          traces.push(headers["traceparent"])
          return handler()
        },
      },
    })
    const queue = client.queue<number>(name)
    const done = latch()
    await queue.send(1)
    const consumer = queue.consume(() => done.open())
    await done.opened
    await consumer.stop()
    expect(traces).toEqual(["00-1-2-01"])
  })

  test("[W14] goes on where messages are larger than the credit", async () => {
    const name = await scene.queueName()
    const client = await scene.connect()
    const queue = client.queue<string>(name)
    const large = "x".repeat(300_000)
    for (const number of upTo(20)) await queue.send(`${number} ${large}`)
    const all = latch()
    let count = 0
    const consumer = queue.consume(() => ++count === 20 && all.open(), { concurrency: 3, prefetch: 100 })
    await all.opened
    await consumer.stop()
    expect(await counts(name)).toMatchObject({ ready: 0, inFlight: 0, acknowledged: 20 })
  })
})
