import { type Checks, equal, take } from "./check.ts"
import { freshName } from "./place.ts"
import { adminOf, gate, withBroker } from "./scene.ts"

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

/** Following a message from its sender to its handler. */
export const tracingChecks: Checks = {
  "a trace goes along with what is sent, and around its handler": async (place) => {
    const [queueName, topicName] = [freshName(place, "queue"), freshName(place, "topic")]
    await adminOf(place).queues.put(queueName, {})
    await adminOf(place).topics.put(topicName, { partitions: 1 })
    const around: (string | undefined)[] = []
    const tracing = {
      inject: (headers: Record<string, string>): void => void (headers["traceparent"] = TRACEPARENT),
      run: async <T>(headers: Readonly<Record<string, string>>, handle: () => Promise<T>): Promise<T> => {
        around.push(headers["traceparent"])
        return await handle()
      },
    }
    await withBroker(
      place,
      async (broker) => {
        await broker
          .topic(topicName)
          .producer()
          .send({ value: 1, headers: { own: "kept" } })
        const [record] = await take(broker.topic(topicName).read({ from: "earliest" }), 1)
        equal(record?.headers, { own: "kept", traceparent: TRACEPARENT })
        await broker.queue(queueName).send(1)
        const handled = gate()
        const consumer = broker.queue(queueName).consume(() => handled.open())
        await handled.passed
        await consumer.stop()
        equal(around, [TRACEPARENT])
      },
      { tracing },
    )
  },
}
