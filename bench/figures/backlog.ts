import type { TestBroker } from "../../test/support/broker.ts"
import { TOKEN, withBenchWorker } from "../bench-worker.ts"
import type { Figure } from "../figure.ts"
import type { Scale } from "../figures.ts"
import type { Generator } from "../load/generator.ts"
import type { Target } from "../load/jobs.ts"
import { batchBody, createQueue, NO_LIMIT, postJob } from "./requests.ts"
import { peakMemoryBytes, withStartedBroker, workerdOf } from "./started-broker.ts"

const QUEUE = "backlog"
const LOAD_BATCH = 1000
export const DRAIN_BATCH = 100
export const CONNECTIONS = 8
const BYTES_PER_MIB = 1024 * 1024
/** An acknowledgement of a batch is about this long. */
const ACK_BODY = JSON.stringify({ receipts: Array.from({ length: DRAIN_BATCH }, () => "r".repeat(24)) })

/** A long queue: how soon it serves after a restart, and what draining it does to memory. */
export async function backlog(generator: Generator, scale: Scale): Promise<Figure[]> {
  return withStartedBroker(async (broker) => {
    await createQueue(broker, QUEUE)
    await fill(generator, broker, QUEUE, scale.backlog)
    const first = await firstReceive(broker)
    const { url, token } = broker
    const drained = await generator.run({
      kind: "drain",
      url,
      token,
      queue: QUEUE,
      connections: CONNECTIONS,
      batch: DRAIN_BATCH,
      messages: scale.backlog - first.messages,
    })
    const brokerBytes = peakMemoryBytes(workerdOf(broker))
    const noopBytes = await peakOfNoops(generator, drained.requests)
    const rate = drained.messages / (drained.durationMs / 1000)
    const name = `backlog of ${scale.backlog}`
    return [
      { name: `${name}: restart to ready`, value: first.readyMs, unit: "ms", target: null },
      { name: `${name}: first receive after ready`, value: first.receiveMs, unit: "ms", target: null },
      {
        name: `${name}: first receive after start of the process`,
        value: first.readyMs + first.receiveMs,
        unit: "ms",
        target: { atMost: 1000 },
      },
      { name: `${name}: drained at`, value: rate, unit: "messages/s", target: null },
      { name: `${name}: peak memory`, value: brokerBytes / BYTES_PER_MIB, unit: "MiB", target: null },
      { name: `${name}: peak of as many no-op calls`, value: noopBytes / BYTES_PER_MIB, unit: "MiB", target: null },
      {
        name: `${name}: peak memory above that of no-op calls`,
        value: (brokerBytes - noopBytes) / BYTES_PER_MIB,
        unit: "MiB",
        target: { atMost: 100 },
      },
    ]
  })
}

/** Sends `messages` to a queue, in large batches. */
export async function fill(generator: Generator, target: Target, queue: string, messages: number): Promise<void> {
  const { url, token } = target
  const until = { requests: messages / LOAD_BATCH, durationMs: NO_LIMIT }
  const path = `/v1/queues/${queue}/messages`
  await generator.run(postJob({ url, token }, path, batchBody(LOAD_BATCH), { connections: 4, until }))
}

async function firstReceive(broker: TestBroker): Promise<{ readyMs: number; receiveMs: number; messages: number }> {
  await broker.kill9()
  const startedAt = performance.now()
  await broker.restart()
  const readyAt = performance.now()
  const headers = { authorization: `Bearer ${broker.token}`, "content-type": "application/json" }
  const answer = await fetch(`${broker.url}/v1/queues/${QUEUE}/receive`, { method: "POST", headers, body: "{}" })
  const { messages } = (await answer.json()) as { messages: unknown[] }
  if (messages.length === 0) throw new Error("nothing was received after the restart")
  return { readyMs: readyAt - startedAt, receiveMs: performance.now() - readyAt, messages: messages.length }
}

/** A process that answers nothing but no-ops grows too, so that is what memory is compared with. */
async function peakOfNoops(generator: Generator, requests: number): Promise<number> {
  return withBenchWorker(async ({ url, pid }) => {
    const until = { requests, durationMs: NO_LIMIT }
    const target = { url, token: TOKEN }
    await generator.run(postJob(target, "/bench/call", ACK_BODY, { connections: CONNECTIONS, until }))
    return peakMemoryBytes(pid)
  })
}
