import type { WebSocket } from "ws"
import { TOKEN, withBenchWorker } from "../bench-worker.ts"
import type { Figure } from "../figure.ts"
import { openSocket } from "../load/frame-socket.ts"
import type { Target } from "../load/jobs.ts"
import { createQueue, sendBatch } from "./requests.ts"

const CONSUMERS = 8
const MESSAGES = 10_000
const BATCH = 1_000
const PREFETCH = 100
/** Each consumer is done with so many messages at each beat: slower than the broker delivers. */
const PER_BEAT = 10
const BEAT_MS = 10
const RECEIPT = /"receipt":"([^"]*)"/g

/** What each of eight equal consumers gets of a backlog, all of them at work until it is done. */
export async function fair(): Promise<Figure[]> {
  return withBenchWorker(async ({ url }) => {
    const target = { url, token: TOKEN }
    const queue = "fair"
    await createQueue(target, queue)
    const consumers = await Promise.all(Array.from({ length: CONSUMERS }, () => Consumer.begin(target, queue)))
    const filling = fill(target, queue)
    const total = (): number => consumers.reduce((sum, { count }) => sum + count, 0)
    await new Promise<void>((resolve) => {
      const beat = setInterval(() => {
        for (const consumer of consumers) consumer.work()
        if (total() < MESSAGES) return
        clearInterval(beat)
        resolve()
      }, BEAT_MS)
    })
    await filling
    for (const consumer of consumers) consumer.close()
    const share = MESSAGES / CONSUMERS
    const furthest = Math.max(...consumers.map(({ count }) => Math.abs(count - share)))
    const name = `${MESSAGES} messages to ${CONSUMERS} equal consumers: furthest from an equal share`
    return [{ name, value: (100 * furthest) / share, unit: "%", target: { atMost: 5 } }]
  })
}

async function fill(target: Target, queue: string): Promise<void> {
  for (let sent = 0; sent < MESSAGES; sent += BATCH) await sendBatch(target, queue, BATCH)
}

/** A consumer that acknowledges what it is done with, and asks for as much again. */
class Consumer {
  /** Messages that it is done with. */
  count = 0
  readonly #socket: WebSocket
  readonly #held: string[] = []

  private constructor(socket: WebSocket, subscribed: () => void) {
    this.#socket = socket
    socket.on("message", (data: Buffer) => {
      const text = data.toString("latin1")
      if (text.includes('"type":"subscribed"')) subscribed()
      for (const [, receipt] of text.matchAll(RECEIPT)) this.#held.push(receipt!)
    })
  }

  static async begin(target: Target, queue: string): Promise<Consumer> {
    const socket = await openSocket(target, "/v1/connect")
    const { promise, resolve } = Promise.withResolvers<void>()
    const consumer = new Consumer(socket, resolve)
    socket.send(JSON.stringify({ type: "subscribe", sub: 1, queue, credit: PREFETCH }))
    await promise
    return consumer
  }

  /** Is done with some of what it holds. */
  work(): void {
    const receipts = this.#held.splice(0, PER_BEAT)
    if (receipts.length === 0) return
    this.count += receipts.length
    const credit = { type: "credit", sub: 1, credit: this.count + PREFETCH }
    this.#socket.send(JSON.stringify([{ type: "ack", ref: 1, sub: 1, receipts }, credit]))
  }

  close(): void {
    this.#socket.close(1000)
  }
}
