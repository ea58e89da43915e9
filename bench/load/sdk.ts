import { bytes, connect } from "../../src/client/index.ts"
import type { Done, SdkConsumeJob, SdkPublishJob } from "./jobs.ts"

/** Publishes records through a producer until the time is up; what counts is what was confirmed. */
export async function sdkPublish({ url, token, topic, ...job }: SdkPublishJob): Promise<Done> {
  const broker = await connect({ url, token })
  try {
    const producer = broker.topic(topic, { codec: bytes }).producer({ lingerMs: job.lingerMs })
    const value = new Uint8Array(job.bytes).fill(0x6d)
    let requests = 0
    const count = (): void => {
      requests += 1
    }
    const startedAt = performance.now()
    while (performance.now() - startedAt < job.durationMs) {
      await producer.ready()
      producer.send({ value }).then(count, rethrow)
    }
    await producer.flush()
    return { requests, messages: 0, bytes: 0, durationMs: performance.now() - startedAt }
  } finally {
    await broker.close()
  }
}

/** Consumes messages and acknowledges each until so many are done. */
export async function sdkConsume({ url, token, queue, prefetch, messages }: SdkConsumeJob): Promise<Done> {
  const broker = await connect({ url, token })
  try {
    const startedAt = performance.now()
    const { promise: done, resolve } = Promise.withResolvers<void>()
    let handled = 0
    const handle = async (): Promise<void> => {
      if (++handled === messages) resolve()
    }
    const consumer = broker.queue(queue, { codec: bytes }).consume(handle, { prefetch, concurrency: prefetch })
    await done
    await consumer.stop()
    return { requests: handled, messages: handled, bytes: 0, durationMs: performance.now() - startedAt }
  } finally {
    await broker.close()
  }
}

/** A record that is refused makes the whole measurement void. */
function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
