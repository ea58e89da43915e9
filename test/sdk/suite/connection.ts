import { connect, type Sent } from "millrace/client"
import { type Checks, equal, holds, upTo } from "./check.ts"
import { breakSockets, closeDoor, freshName, openDoor, type Place } from "./place.ts"
import { adminOf, gate, sleep, withBroker } from "./scene.ts"

/** Sockets that break, and clients that leave. */
export const connectionChecks: Checks = {
  "a token may be asked for, and is asked for anew": async (place) => {
    const name = await madeQueue(place)
    let asked = 0
    const token = async (): Promise<string> => {
      asked++
      await Promise.resolve()
      return place.token
    }
    await withBroker(
      place,
      async (broker) => {
        await broker.queue(name).send(1)
        const before = asked
        await breakSockets(place)
        await broker.queue(name).send(2)
        holds(asked > before, "it was asked for after the break")
      },
      { token },
    )
  },

  "messages are sent once and processed, whatever breaks": async (place) => {
    const name = await madeQueue(place)
    await withBroker(place, async (broker) => {
      const queue = broker.queue<number>(name)
      const seen = new Set<number>()
      const all = gate()
      const consumer = queue.consume(
        async ({ body }) => {
          await sleep(1)
          if (seen.add(body).size === 300) all.open()
        },
        { concurrency: 10 },
      )
      const sent: Promise<Sent>[] = []
      for (const number of upTo(300)) {
        sent.push(queue.send(number))
        if (number % 100 === 50) await breakSockets(place)
        if (number % 20 === 0) await sent.at(-1)
      }
      equal(new Set((await Promise.all(sent)).map(({ id }) => id)).size, 300, "number of ids")
      await all.passed
      await consumer.stop()
      const { statistics } = await adminOf(place).queues.get(name)
      equal([statistics.sent, statistics.ready, statistics.inFlight], [300, 0, 0], "sent, ready and in flight")
    })
  },

  "a handler that runs through a break keeps its message": async (place) => {
    const name = await madeQueue(place)
    await withBroker(place, async (broker) => {
      const queue = broker.queue<string>(name)
      await queue.send("in hand")
      let deliveries = 0
      const done = gate()
      const consumer = queue.consume(
        async ({ body }, { signal }) => {
          deliveries++
          if (body === "behind") return done.open()
          await breakSockets(place)
          // an answer to this comes over the next socket
          await queue.send("behind")
          holds(!signal.aborted, "the lease is still there")
        },
        { concurrency: 2 },
      )
      await done.passed
      await consumer.stop()
      equal(deliveries, 2)
      const { statistics } = await adminOf(place).queues.get(name)
      equal([statistics.delivered, statistics.ready, statistics.inFlight], [2, 0, 0], "delivered, ready, in flight")
    })
  },

  "what is sent while the broker is away is sent when it is back": async (place) => {
    const name = await madeQueue(place)
    const states: string[] = []
    const broker = await connect({
      url: place.url,
      token: place.token,
      onStateChange: (state) => void states.push(state),
    })
    await closeDoor(place)
    const sent = broker.queue(name).send("patience")
    await sleep(300)
    await openDoor(place)
    await sent
    await broker.close()
    equal(states, ["connected", "reconnecting", "connected", "closed"])
  },

  "a client that closes finishes what it has begun": async (place) => {
    const name = await madeQueue(place)
    const broker = await connect({ url: place.url, token: place.token })
    const queue = broker.queue<number>(name)
    await Promise.all(upTo(20).map((number) => queue.send(number)))
    const begun = gate()
    let [running, finished] = [0, 0]
    queue.consume(
      async () => {
        if (++running === 3) begun.open()
        await sleep(100)
        finished++
      },
      { concurrency: 3, prefetch: 10 },
    )
    await begun.passed
    await broker.close()
    equal(finished, running, "number of handlers that ended before close() did")
    const { statistics } = await adminOf(place).queues.get(name)
    equal([statistics.ready, statistics.inFlight], [20 - finished, 0], "ready and in flight")
  },

  "two clients in one program know nothing of each other": async (place) => {
    const name = await madeQueue(place)
    await withBroker(place, async (one) => {
      await withBroker(place, async (other) => {
        await Promise.all([one.queue(name).send(1), other.queue(name).send(2)])
      })
      await one.queue(name).send(3)
    })
    const { statistics } = await adminOf(place).queues.get(name)
    equal(statistics.ready, 3)
  },
}

async function madeQueue(place: Place): Promise<string> {
  const name = freshName(place, "queue")
  await adminOf(place).queues.put(name, {})
  return name
}
