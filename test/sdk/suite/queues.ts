import { type Checks, equal, holds, take, upTo } from "./check.ts"
import { freshName } from "./place.ts"
import { adminOf, sleep, withBroker } from "./scene.ts"

/** Sending to queues. */
export const queueChecks: Checks = {
  "a message arrives as it was sent": async (place) => {
    const name = freshName(place, "queue")
    await adminOf(place).queues.put(name, {})
    await withBroker(place, async (broker) => {
      const queue = broker.queue(name)
      const { id } = await queue.send({ resize: "cat.png" }, { headers: { from: "here" } })
      const [message] = await take(queue.messages(), 1)
      equal(message?.id, id)
      equal(message?.body, { resize: "cat.png" })
      equal(message?.headers, { from: "here" })
      equal(message?.deliveryCount, 1)
      holds(typeof message?.sentAt === "number", "it says when it was sent")
    })
  },

  "what is sent in one turn is stored in its order": async (place) => {
    const name = freshName(place, "queue")
    await adminOf(place).queues.put(name, {})
    await withBroker(place, async (broker) => {
      const queue = broker.queue<number>(name)
      const sent = await Promise.all(upTo(500).map((number) => queue.send(number)))
      equal(new Set(sent.map(({ id }) => id)).size, 500)
      const received = await take(queue.messages({ prefetch: 500 }), 500)
      equal(
        received.map(({ body }) => body),
        upTo(500),
      )
    })
  },

  "a batch has an outcome for each entry": async (place) => {
    const name = freshName(place, "queue")
    await adminOf(place).queues.put(name, { maxMessages: 2 })
    await withBroker(place, async (broker) => {
      const outcomes = await broker.queue(name).sendBatch(upTo(3).map((body) => ({ body })))
      equal(
        outcomes.map((outcome) => ("id" in outcome ? "stored" : outcome.error.code)),
        ["stored", "stored", "queue_full"],
      )
    })
  },

  "a delayed message comes when it is due": async (place) => {
    const name = freshName(place, "queue")
    await adminOf(place).queues.put(name, {})
    await withBroker(place, async (broker) => {
      const queue = broker.queue<string>(name)
      const beganAt = Date.now()
      await queue.send("later", { delayMs: 400 })
      await queue.send("now")
      const received = await take(queue.messages(), 2)
      equal(
        received.map(({ body }) => body),
        ["now", "later"],
      )
      holds(Date.now() - beganAt >= 400, "it was held back for 400 ms")
    })
  },

  "what is sent twice under a dedupId is one message": async (place) => {
    const name = freshName(place, "queue")
    await adminOf(place).queues.put(name, {})
    await withBroker(place, async (broker) => {
      const queue = broker.queue<string>(name)
      const first = await queue.send("charge", { dedupId: "order-17" })
      const second = await queue.send("charge", { dedupId: "order-17" })
      equal(second.id, first.id)
      await queue.send("other")
      const received = await take(queue.messages(), 2)
      equal(
        received.map(({ body }) => body),
        ["charge", "other"],
      )
    })
  },

  "messages of a group come one after the other, also where one fails, and groups side by side": async (place) => {
    const name = freshName(place, "queue")
    await adminOf(place).queues.put(name, { ordering: "fifo" })
    await withBroker(place, async (broker) => {
      const queue = broker.queue<number>(name)
      const groups = ["anna", "ben", "carla"]
      await Promise.all(upTo(60).map((number) => queue.send(number, { groupId: groups[number % 3]! })))
      const seen: Record<string, number[]> = { anna: [], ben: [], carla: [] }
      const atWork = new Set<string>()
      const all = new Promise<void>((resolve, reject) => {
        queue.consume(
          async ({ groupId = "", body, deliveryCount }) => {
            if (atWork.has(groupId)) reject(new Error(`two messages of ${groupId} at once`))
            atWork.add(groupId)
            await sleep(1)
            atWork.delete(groupId)
            if (body % 10 === 0 && deliveryCount === 1) throw new Error("not yet")
            if (seen[groupId]!.push(body) === 20 && groups.every((group) => seen[group]!.length === 20)) resolve()
          },
          { concurrency: 3 },
        )
      })
      await all
      groups.forEach((group, first) =>
        equal(
          seen[group],
          upTo(20).map((turn) => first + turn * 3),
        ),
      )
    })
  },
}
