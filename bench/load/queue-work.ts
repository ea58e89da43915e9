import { performance } from "node:perf_hooks"
import { doorClient } from "./door-client.ts"
import type { Done, QueueJob, QueueWay } from "./jobs.ts"
import { nativeClient } from "./native-client.ts"
import type { QueueClient } from "./queue-client.ts"

/** Sends or receives and deletes so many messages; whatever the way, the loop is the same. */
export async function queueWork(job: QueueJob): Promise<Done> {
  const clients = await Promise.all(Array.from({ length: job.clients }, () => openClient(job.way)))
  const startedAt = performance.now()
  const before = performance.eventLoopUtilization()
  try {
    const messages = await (job.step === "send" ? send(job, clients) : receive(job, clients))
    const { utilization } = performance.eventLoopUtilization(before)
    return { requests: 0, messages, bytes: 0, durationMs: performance.now() - startedAt, busyShare: utilization }
  } finally {
    for (const client of clients) client.close()
  }
}

async function openClient(way: QueueWay): Promise<QueueClient> {
  switch (way.api) {
    case "native":
      return nativeClient(way)
    case "sqs":
      return doorClient(way)
    case "sqs-sdk":
      // AWS's client takes a while to load, and no other job needs it
      return (await import("./sqs-sdk-client.ts")).sqsSdkClient(way)
  }
}

async function send({ batch, messages }: QueueJob, clients: readonly QueueClient[]): Promise<number> {
  let left = messages
  await Promise.all(
    clients.map(async (client) => {
      while (left > 0) {
        left -= batch
        await client.send(batch)
      }
    }),
  )
  return messages
}

async function receive({ batch, messages }: QueueJob, clients: readonly QueueClient[]): Promise<number> {
  let deleted = 0
  await Promise.all(
    clients.map(async (client) => {
      // the last ones may be with other connections: whether all came is counted at the end
      for (let got = await client.receive(batch); got.length > 0; got = await client.receive(batch)) {
        await client.delete(got)
        deleted += got.length
      }
    }),
  )
  if (deleted !== messages) throw new Error(`${deleted} messages of ${messages} came`)
  return deleted
}
