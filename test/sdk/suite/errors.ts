import { connect, isMillraceError, MillraceError } from "millrace/client"
import { type Checks, equal, holds, rejection } from "./check.ts"
import { closeDoor, freshName, openDoor } from "./place.ts"
import { adminOf, withBroker } from "./scene.ts"

/** How an operation fails, and how it is ended. */
export const errorChecks: Checks = {
  "a refusal has the broker's code": async (place) => {
    await withBroker(place, async (broker) => {
      const unknown = await rejection(broker.queue(freshName(place, "queue")).send(1))
      holds(isMillraceError(unknown, "not_found"), `not_found is said of an unknown queue, not ${String(unknown)}`)
      holds(unknown instanceof MillraceError && unknown instanceof Error, "it is an error")
      equal([unknown.status, unknown.retryable], [404, false])
      holds(!isMillraceError(unknown, "fenced"), "it is no other")
      await refused(broker.topic(freshName(place, "topic")).producer().send({ value: 1 }), "not_found")
      await refused(broker.queue("no such name").send(1), "invalid_name")
    })
  },

  "a full queue says when to try again": async (place) => {
    const name = freshName(place, "queue")
    await adminOf(place).queues.put(name, { maxMessages: 1 })
    await withBroker(place, async (broker) => {
      const queue = broker.queue(name)
      await queue.send(1)
      const full = await rejection(queue.send(2))
      holds(isMillraceError(full, "queue_full"), `queue_full is said, not ${String(full)}`)
      holds(full.retryable && full.retryAfterMs !== undefined, "it says when")
    })
  },

  "a message whose lease is over can't be acknowledged": async (place) => {
    const name = freshName(place, "queue")
    await adminOf(place).queues.put(name, {})
    await withBroker(place, async (broker) => {
      const queue = broker.queue(name)
      await queue.send(1)
      for await (const message of queue.messages()) {
        await message.ack()
        await refused(message.nack(), "receipt_expired")
        break
      }
    })
  },

  "a token that the broker does not take is refused at once": async (place) => {
    const attempt = connect({ url: place.url, token: "not-this", connectTimeoutMs: place.httpAllowed ? 20_000 : 1_000 })
    await refused(attempt, place.httpAllowed ? "unauthorized" : "unavailable")
  },

  "a broker that is not there is unavailable": async (place) => {
    await closeDoor(place)
    try {
      await refused(connect({ url: place.url, token: place.token, connectTimeoutMs: 500 }), "unavailable")
      const soon = AbortSignal.timeout(100)
      await refused(connect({ url: place.url, token: place.token, signal: soon }), "aborted")
    } finally {
      await openDoor(place)
    }
  },

  "a signal ends what waits": async (place) => {
    const name = freshName(place, "queue")
    await adminOf(place).queues.put(name, {})
    await withBroker(place, async (broker) => {
      const queue = broker.queue(name)
      await refused(queue.send(1, { signal: AbortSignal.abort() }), "aborted")
      const leaving = new AbortController()
      const consumer = queue.consume(() => leaving.abort(), { signal: leaving.signal })
      await queue.send(2)
      await consumer.done
      const looping = new AbortController()
      const loop = rejectionOrEnd(async () => {
        for await (const message of queue.messages({ signal: looping.signal })) await message.ack()
      })
      looping.abort()
      await loop
    })
  },

  "what is closed refuses": async (place) => {
    const name = freshName(place, "queue")
    await adminOf(place).queues.put(name, {})
    const queue = await withBroker(place, async (broker) => broker.queue(name))
    await refused(queue.send(1), "closed")
  },
}

async function refused(attempt: Promise<unknown>, code: string): Promise<void> {
  const error = await rejection(attempt)
  holds(isMillraceError(error), `it is a MillraceError, not ${String(error)}`)
  equal(error.code, code, "code")
}

/** A loop that its signal ends may end or throw `aborted`; nothing else. */
async function rejectionOrEnd(loop: () => Promise<void>): Promise<void> {
  try {
    await loop()
  } catch (error) {
    if (!isMillraceError(error, "aborted")) throw error
  }
}
