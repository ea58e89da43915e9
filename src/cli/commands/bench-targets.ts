import { text } from "../../client/index.ts"
import type { Context } from "../context.ts"

/** What is measured: something that takes text and gives it out again. */
export interface Target {
  readonly send: (body: string) => Promise<unknown>
  /** Calls `received` for each body until `signal` is aborted. */
  readonly receive: (received: (body: string) => void, signal: AbortSignal) => Promise<void>
  readonly remove: () => Promise<void>
}

/** Makes a target; it is there and empty when this resolves. */
export type OpenTarget = (context: Context) => Promise<Target>

const PREFETCH = 1_000
const LINGER_MS = 5

/** A queue, received from and acknowledged message by message. */
export function queueTarget(name: string): OpenTarget {
  return async (context) => {
    const { queues } = context.admin()
    await queues.put(name, {})
    const queue = (await context.broker()).queue(name, { codec: text })
    return {
      send: (body) => queue.send(body),
      receive: async (received, signal) => {
        for await (const message of queue.messages({ prefetch: PREFETCH, signal })) {
          received(message.body)
          // what is not acknowledged here goes with the queue
          void message.ack().catch(() => null)
        }
      },
      remove: () => context.admin(context.deadline).queues.delete(name),
    }
  }
}

/** A topic, read without a group. */
export function topicTarget(name: string, partitions: number): OpenTarget {
  return async (context) => {
    const { topics } = context.admin()
    await topics.put(name, { partitions })
    const topic = (await context.broker()).topic(name, { codec: text })
    const producer = topic.producer({ lingerMs: LINGER_MS })
    return {
      send: (value) => producer.send({ value }),
      receive: async (received, signal) => {
        for await (const { value } of topic.read({ from: "earliest", signal })) if (value !== null) received(value)
      },
      remove: () => context.admin(context.deadline).topics.delete(name),
    }
  }
}
