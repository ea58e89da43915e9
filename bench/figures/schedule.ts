import type { TestBroker } from "../../test/support/broker.ts"
import type { Figure } from "../figure.ts"
import type { Scale } from "../figures.ts"
import type { Generator } from "../load/generator.ts"
import { createQueue, messageBody, NO_LIMIT, postJob } from "./requests.ts"
import { peakMemoryBytes, withStartedBroker, workerdOf } from "./started-broker.ts"

const QUEUE = "scheduled"
const SEND_BATCH = 1000
const SENDERS = 4
const RECEIVERS = 4
const RECEIVE_BATCH = 100
/** The stored ones wait for a day and more, each for a time of its own. */
const WAIT_MS = 24 * 60 * 60 * 1000
const DUE_MESSAGES = 2_000
/** When the first of those is due that become due, after the send, and how much time there is between two. */
const DUE_AFTER_MS = 3_000
const DUE_EVERY_MS = 2
const BYTES_PER_MIB = 1024 * 1024

interface Received {
  readonly messages: readonly { readonly body: string; readonly receipt: string }[]
}

/** A long schedule: what it takes of memory, and how late the messages are that become due meanwhile. */
export async function schedule(generator: Generator, scale: Scale): Promise<Figure[]> {
  const many = await measure(generator, scale.scheduledMessages)
  const few = await measure(generator, SEND_BATCH)
  const name = `${scale.scheduledMessages} scheduled messages`
  return [
    { name: `${name}: sent at`, value: many.sentPerSecond, unit: "messages/s", target: null },
    { name: `${name}: peak memory`, value: many.peakMib, unit: "MiB", target: null },
    { name: `${SEND_BATCH} scheduled messages: peak memory`, value: few.peakMib, unit: "MiB", target: null },
    {
      name: `${name}: peak memory above that of ${SEND_BATCH}`,
      value: many.peakMib - few.peakMib,
      unit: "MiB",
      target: { atMost: 100 },
    },
    { name: `${name}: latest of ${DUE_MESSAGES} due`, value: many.lateMs, unit: "ms", target: { atMost: 1000 } },
  ]
}

interface Measured {
  readonly sentPerSecond: number
  readonly peakMib: number
  readonly lateMs: number
}

/** Schedules `count` messages, restarts, and has others come due beside them. */
async function measure(generator: Generator, count: number): Promise<Measured> {
  return withStartedBroker(async (broker) => {
    await createQueue(broker, QUEUE)
    const { url, token } = broker
    const load = { connections: SENDERS, until: { requests: count / SEND_BATCH, durationMs: NO_LIMIT } }
    const sent = await generator.run(postJob({ url, token }, `/v1/queues/${QUEUE}/messages`, waitingBody(), load))
    // what is measured is holding them, not how far the heap grew while they were sent
    await broker.kill9()
    await broker.restart()
    const lateMs = await latenessMs(broker)
    const waiting = await waitingMessages(broker)
    if (waiting !== count) throw new Error(`${waiting} of ${count} are scheduled`)
    const peakMib = peakMemoryBytes(workerdOf(broker)) / BYTES_PER_MIB
    return { sentPerSecond: count / (sent.durationMs / 1000), peakMib, lateMs }
  })
}

/** The body of a send of messages that wait, each for a time of its own. */
function waitingBody(): string {
  const messages = Array.from({ length: SEND_BATCH }, (_, index) => {
    return { body: messageBody(), delayMs: WAIT_MS + index * 1000 }
  })
  return JSON.stringify({ messages })
}

/** Has messages come due while receives wait for them; answers how late the latest came. */
async function latenessMs(broker: TestBroker): Promise<number> {
  const firstDueAt = Date.now() + DUE_AFTER_MS
  const messages = Array.from({ length: DUE_MESSAGES }, (_, index) => {
    const deliverAt = firstDueAt + index * DUE_EVERY_MS
    return { body: String(deliverAt), deliverAt }
  })
  for (let from = 0; from < DUE_MESSAGES; from += SEND_BATCH) {
    await ask(broker, "messages", { messages: messages.slice(from, from + SEND_BATCH) })
  }
  let [received, latestMs] = [0, 0]
  const receive = async (): Promise<void> => {
    while (received < DUE_MESSAGES) {
      const answer = (await ask(broker, "receive", { maxMessages: RECEIVE_BATCH, waitMs: DUE_AFTER_MS })) as Received
      const now = Date.now()
      for (const { body } of answer.messages) {
        if (now < Number(body)) throw new Error(`a message came ${Number(body) - now} ms early`)
        latestMs = Math.max(latestMs, now - Number(body))
      }
      received += answer.messages.length
      const receipts = answer.messages.map(({ receipt }) => receipt)
      if (receipts.length > 0) await ask(broker, "ack", { receipts })
    }
  }
  await Promise.all(Array.from({ length: RECEIVERS }, receive))
  return latestMs
}

async function waitingMessages({ url, token }: TestBroker): Promise<number> {
  const answer = await fetch(`${url}/v1/queues/${QUEUE}`, { headers: { authorization: `Bearer ${token}` } })
  const { statistics } = (await answer.json()) as { statistics: { scheduled: number } }
  return statistics.scheduled
}

async function ask({ url, token }: TestBroker, operation: string, body: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  const init = { method: "POST", headers, body: JSON.stringify(body) }
  const answer = await fetch(`${url}/v1/queues/${QUEUE}/${operation}`, init)
  if (answer.status !== 200) throw new Error(`${operation}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}
