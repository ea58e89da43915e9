import { describe, expect, it } from "vitest"
import type { Frame, SocketClient } from "../support/socket-client.ts"
import { numbered, receipts, SocketScene } from "../support/socket-scene.ts"

const CONSUMERS = 8
const PREFETCH = 100
const MESSAGES = 10_000
const BATCH = 1_000
const SHARE = MESSAGES / CONSUMERS

const scene = new SocketScene()

/** A consumer that acknowledges what it has when it is told to, and asks for as much again. */
class Consumer {
  count = 0
  readonly #client: SocketClient
  #held: unknown[] = []

  private constructor(client: SocketClient, delivered: () => void) {
    this.#client = client
    client.handleFrames((frame) => {
      if (frame["type"] !== "deliver") return true
      const messages = frame["messages"] as Frame[]
      this.count += messages.length
      this.#held.push(...receipts(messages))
      delivered()
      return true
    })
  }

  static async begin(queue: string, credit: number, delivered: () => void): Promise<Consumer> {
    const client = await scene.connect()
    client.send({ type: "subscribe", sub: 1, queue, credit })
    await client.takeType("subscribed")
    return new Consumer(client, delivered)
  }

  /** Settles what it has. */
  ack(): void {
    if (this.#held.length > 0) this.#client.send({ type: "ack", ref: 1, sub: 1, receipts: this.#held })
    this.#held = []
  }

  ask(): void {
    this.#client.send({ type: "credit", sub: 1, credit: this.count + PREFETCH })
  }
}

/** Has eight consumers that begin with this credit take all messages; each `step` brings on so many deliveries in all. */
async function consumeAll(
  credit: number,
  step: (queue: string, consumers: readonly Consumer[], done: number) => Promise<number>,
) {
  const queue = await scene.queue({})
  let arrived = (): void => {}
  const consumers: Consumer[] = []
  for (let at = 0; at < CONSUMERS; at++) {
    consumers.push(await Consumer.begin(queue, credit, () => arrived()))
  }
  const total = (): number => consumers.reduce((sum, { count }) => sum + count, 0)
  for (let done = 0; done < MESSAGES;) {
    done += await step(queue, consumers, done)
    while (total() < done) await new Promise<void>((resolve) => (arrived = resolve))
    for (const consumer of consumers) consumer.ack()
  }
  return consumers.map(({ count }) => count)
}

describe("fair shares", () => {
  it("[W66] of what comes, each of eight that have credit gets the same", async () => {
    const portion = 80
    const counts = await consumeAll(PREFETCH, async (queue, consumers) => {
      for (const consumer of consumers) consumer.ask()
      await scene.send(queue, numbered(portion))
      return portion
    })
    for (const count of counts) expect(Math.abs(count - SHARE)).toBeLessThanOrEqual(SHARE * 0.05)
  })

  it("[W66] of a backlog, each of eight that ask alike gets its share", async () => {
    const counts = await consumeAll(0, async (queue, consumers, done) => {
      if (done === 0) for (let at = 0; at < MESSAGES; at += BATCH) await scene.send(queue, numbered(BATCH, at))
      for (const consumer of consumers) consumer.ask()
      return Math.min(CONSUMERS * PREFETCH, MESSAGES - done)
    })
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(MESSAGES)
    for (const count of counts) expect(Math.abs(count - SHARE)).toBeLessThanOrEqual(SHARE * 0.05)
  })
})
