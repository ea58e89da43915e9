import { describe, expect, test } from "vitest"
import { ClientScene } from "../support/client-scene.ts"
import { upTo } from "../support/http.ts"

const scene = new ClientScene()

/** What a queue has counted, of which nothing is left over. */
async function counts(queue: string): Promise<Record<string, unknown>> {
  const { ready, inFlight, delivered, acknowledged } = await scene.statistics(`/v1/queues/${queue}`)
  return { ready, inFlight, delivered, acknowledged }
}

describe("Queue.messages", () => {
  test("gives messages one by one, with all that was sent", async () => {
    const name = await scene.queueName({ ordering: "fifo" })
    const client = await scene.connect()
    const queue = client.queue<{ readonly n: number }>(name)
    const { id } = await queue.send({ n: 1 }, { headers: { colour: "red" }, groupId: "one" })
    for await (const message of queue.messages()) {
      const { body, headers, groupId, deliveryCount, sentAt } = message
      expect({ id: message.id, body, headers, groupId, deliveryCount }).toEqual({
        id,
        body: { n: 1 },
        headers: { colour: "red" },
        groupId: "one",
        deliveryCount: 1,
      })
      expect(Math.abs(sentAt - Date.now())).toBeLessThan(60_000)
      await message.ack()
      await expect(message.nack()).rejects.toMatchObject({ code: "receipt_expired" })
      break
    }
    expect(await counts(name)).toMatchObject({ ready: 0, inFlight: 0, acknowledged: 1 })
  })

  test("[W13] gives back what is not settled when the loop is left, and settles what was said before", async () => {
    const name = await scene.queueName()
    const client = await scene.connect()
    const queue = client.queue<number>(name)
    for (const number of upTo(5)) await queue.send(number)
    for await (const message of queue.messages()) {
      // not awaited: leaving the loop waits for it
      void message.ack()
      break
    }
    expect(await counts(name)).toMatchObject({ ready: 4, inFlight: 0, acknowledged: 1 })
  })

  test("can be left while it waits", async () => {
    const name = await scene.queueName()
    const client = await scene.connect()
    const messages = client.queue(name).messages()
    const next = messages.next()
    await messages.return!()
    expect(await next).toEqual({ done: true, value: undefined })
    const controller = new AbortController()
    const waiting = client.queue(name).messages({ signal: controller.signal }).next()
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: "aborted" })
    const left = client.queue(name).messages().next()
    await client.close()
    expect(await left).toEqual({ done: true, value: undefined })
  })

  test("goes on with what its loop has let expire", async () => {
    const name = await scene.queueName()
    const client = await scene.connect()
    const queue = client.queue<number>(name)
    await queue.send(1)
    const counts: number[] = []
    for await (const message of queue.messages({ prefetch: 1, visibilityTimeoutMs: 1_000 })) {
      counts.push(message.deliveryCount)
      if (counts.length === 2) {
        await message.ack()
        break
      }
    }
    expect(counts).toEqual([1, 2])
  })

  test("throws at what can't be decoded where it is told to, and passes it over else", async () => {
    const name = await scene.queueName({ maxDeliveries: 1 })
    const client = await scene.connect()
    const queue = client.queue<number>(name, {
      codec: {
        encode: (value) => String(value),
        decode: (bytes) => {
          if (bytes[0] === 48) throw new Error("a zero")
          return bytes[0]! - 48
        },
      },
    })
    await queue.send(0)
    await queue.send(1)
    for await (const message of queue.messages({ prefetch: 1 })) {
      expect(message.body).toBe(1)
      await message.ack()
      break
    }
    await queue.send(0)
    const next = queue.messages({ onDecodeError: "throw" }).next()
    await expect(next).rejects.toMatchObject({ code: "invalid_value" })
  })
})
