import { call, type Connection, expectAll } from "./client.ts"
import type { Message, Settled } from "./frames.ts"
import type { Step } from "./progress.ts"

const BATCH_MESSAGES = 10
/** Longer than a dead letter takes from one queue to the other. */
const WAIT_MS = 500

/** Takes and acknowledges messages until there are none. */
export async function drain(connection: Connection, queue: string, step: Step): Promise<Message[]> {
  const drained: Message[] = []
  for (;;) {
    const request = { maxMessages: BATCH_MESSAGES, waitMs: WAIT_MS }
    const { messages } = await call<{ messages: Message[] }>(connection, "POST", `/queues/${queue}/receive`, request)
    if (messages.length === 0) return drained
    const receipts = messages.map((message) => message.receipt)
    const { results } = await call<{ results: Settled[] }>(connection, "POST", `/queues/${queue}/ack`, { receipts })
    expectAll("ack", results)
    drained.push(...messages)
    step.advance(messages.length)
  }
}
