import { type Message, Reject, RetryLater } from "millrace/client"
import { type Checks, equal, holds, take, upTo } from "./check.ts"
import { freshName, type Place } from "./place.ts"
import { adminOf, gate, sleep, withBroker } from "./scene.ts"

/** Receiving from queues. */
export const consumeChecks: Checks = {
  "a consumer works on as many at once as it may, and acknowledges": async (place) => {
    const name = await madeQueue(place)
    await withBroker(place, async (broker) => {
      const queue = broker.queue<number>(name)
      await Promise.all(upTo(50).map((number) => queue.send(number)))
      const done = gate()
      let [running, most, count] = [0, 0, 0]
      const consumer = queue.consume(
        async () => {
          most = Math.max(most, ++running)
          await sleep(5)
          running--
          if (++count === 50) done.open()
        },
        { concurrency: 4 },
      )
      await done.passed
      await consumer.stop()
      equal(most, 4)
      await isEmpty(place, name)
    })
  },

  "messages of one tenant may be worked on side by side": async (place) => {
    const name = await madeQueue(place, { fair: true })
    await withBroker(place, async (broker) => {
      const queue = broker.queue<number>(name)
      await Promise.all(upTo(4).map((number) => queue.send(number, { groupId: "anna" })))
      const together = gate()
      let running = 0
      const consumer = queue.consume(
        async () => {
          if (++running === 4) together.open()
          await together.passed
        },
        { concurrency: 4, ordered: false },
      )
      await together.passed
      await consumer.stop()
      await isEmpty(place, name)
    })
  },

  "what a handler throws at comes back": async (place) => {
    const name = await madeQueue(place)
    await withBroker(place, async (broker) => {
      const queue = broker.queue<string>(name)
      await queue.send("once more")
      const counts: number[] = []
      const done = gate()
      const consumer = queue.consume((message) => {
        if (counts.push(message.deliveryCount) < 3) throw new Error("not yet")
        done.open()
      })
      await done.passed
      await consumer.stop()
      equal(counts, [1, 2, 3])
      await isEmpty(place, name)
    })
  },

  "RetryLater says when it comes back": async (place) => {
    const name = await madeQueue(place)
    await withBroker(place, async (broker) => {
      const queue = broker.queue<string>(name)
      await queue.send("in a moment")
      const at: number[] = []
      const done = gate()
      const consumer = queue.consume(() => {
        if (at.push(Date.now()) === 1) throw new RetryLater({ delayMs: 500 })
        done.open()
      })
      await done.passed
      await consumer.stop()
      holds(at[1]! - at[0]! >= 500, "it was away for 500 ms")
    })
  },

  "what nobody can process ends in the dead-letter queue": async (place) => {
    const failed = await madeQueue(place)
    const name = await madeQueue(place, { maxDeliveries: 2, deadLetterQueue: failed })
    await withBroker(place, async (broker) => {
      const queue = broker.queue<string>(name)
      await queue.send("poison")
      await queue.send("hopeless")
      const deliveries: Record<string, number> = {}
      const consumer = queue.consume(({ body }) => {
        deliveries[body] = (deliveries[body] ?? 0) + 1
        throw body === "hopeless" ? new Reject("this can't be") : new Error("again")
      })
      const dead = await take(broker.queue<string>(failed).messages(), 2)
      await consumer.stop()
      equal(dead.map(({ body }) => body).toSorted(), ["hopeless", "poison"])
      equal(deliveries, { hopeless: 1, poison: 2 })
    })
  },

  "a lease is extended for as long as its handler runs": async (place) => {
    const name = await madeQueue(place)
    await withBroker(place, async (broker) => {
      const queue = broker.queue<string>(name)
      await queue.send("slow")
      let deliveries = 0
      const done = gate()
      const consumer = queue.consume(
        async () => {
          deliveries++
          await sleep(3_500)
          done.open()
        },
        { visibilityTimeoutMs: 1_500, concurrency: 2 },
      )
      await done.passed
      await consumer.stop()
      equal(deliveries, 1)
      await isEmpty(place, name)
    })
  },

  "messages can be acknowledged, given back and extended one by one": async (place) => {
    const name = await madeQueue(place)
    await withBroker(place, async (broker) => {
      const queue = broker.queue<string>(name)
      for (const body of ["done", "again", "kept"]) await queue.send(body)
      const seen: string[] = []
      for await (const message of queue.messages({ visibilityTimeoutMs: 20_000 })) {
        seen.push(`${message.body} ${message.deliveryCount}`)
        if (message.body === "kept") await message.extend(60_000)
        if (message.body === "again" && message.deliveryCount === 1) await message.nack({ fault: true })
        else await message.ack()
        if (seen.length === 4) break
      }
      equal(seen.toSorted(), ["again 1", "again 2", "done 1", "kept 1"])
      await isEmpty(place, name)
    })
  },

  "a loop that is left gives back what it holds": async (place) => {
    const name = await madeQueue(place)
    await withBroker(place, async (broker) => {
      const queue = broker.queue<number>(name)
      await Promise.all(upTo(3).map((number) => queue.send(number)))
      for await (const message of queue.messages({ prefetch: 3 })) {
        await message.ack()
        break
      }
      const rest: Message<number>[] = await take(queue.messages(), 2)
      equal(
        rest.map(({ body }) => body).toSorted((one, other) => one - other),
        [1, 2],
      )
    })
  },
}

async function madeQueue(place: Place, settings = {}): Promise<string> {
  const name = freshName(place, "queue")
  await adminOf(place).queues.put(name, settings)
  return name
}

/** Statistics are the queue's own and exact: nothing waits and nothing is in flight. */
async function isEmpty(place: Place, name: string): Promise<void> {
  const { statistics } = await adminOf(place).queues.get(name)
  equal([statistics.ready, statistics.inFlight], [0, 0], "what is left")
}
