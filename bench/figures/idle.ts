import { setTimeout as sleep } from "node:timers/promises"
import type { WebSocket } from "ws"
import { MAX_SUBSCRIPTIONS_PER_OBJECT } from "../../src/core/limits.ts"
import { TOKEN, withBenchWorker } from "../bench-worker.ts"
import type { Figure } from "../figure.ts"
import { openSocket } from "../load/frame-socket.ts"
import type { Target } from "../load/jobs.ts"
import { createQueue, sendBatch } from "./requests.ts"

const QUEUE = "idle"
const SUBSCRIPTIONS = 10_000
const SOCKETS = Math.ceil(SUBSCRIPTIONS / MAX_SUBSCRIPTIONS_PER_OBJECT)
/** The runtime evicts an object that nobody has called for ten seconds. */
const EVICTED_AFTER_MS = 13_000
/** Longer than the broker leaves a silent client without a ping. */
const ASLEEP_MS = 30_000
const SUBSCRIBED = /"type":"subscribed"/g

/** Ten thousand subscriptions that wait, and what they cost their queue. */
export async function idle(): Promise<Figure[]> {
  return withBenchWorker(async ({ url }) => {
    const target = { url, token: TOKEN }
    await createQueue(target, QUEUE)
    const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => openSocket(target, "/v1/connect")))
    await subscribeAll(sockets)
    await sleep(EVICTED_AFTER_MS)
    const asleepFrom = await loads(target)
    await sleep(ASLEEP_MS)
    const asleepUntil = await loads(target)
    const wakeMs = await deliveryMs(target, sockets)
    const awake = await loads(target)
    const awakeMs = await deliveryMs(target, sockets)
    for (const socket of sockets) socket.terminate()
    const name = `${SUBSCRIPTIONS} idle subscriptions on ${SOCKETS} sockets`
    return [
      {
        name: `${name}: loads in ${ASLEEP_MS / 1000} s`,
        value: asleepUntil - asleepFrom,
        unit: "",
        target: { atMost: 0 },
      },
      { name: `${name}: loads by the next message`, value: awake - asleepUntil, unit: "", target: { atLeast: 1 } },
      { name: "the message that wakes, from send to delivery", value: wakeMs, unit: "ms", target: { atMost: 1_000 } },
      { name: "the message behind it", value: awakeMs, unit: "ms", target: null },
    ]
  })
}

/** Begins the subscriptions, as many on each socket as one queue may have there. */
async function subscribeAll(sockets: readonly WebSocket[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = sockets.length * MAX_SUBSCRIPTIONS_PER_OBJECT
  for (const socket of sockets) {
    socket.on("message", (data: Buffer) => {
      left -= [...data.toString("latin1").matchAll(SUBSCRIBED)].length
      if (left === 0) resolve()
    })
    const subs = Array.from({ length: MAX_SUBSCRIPTIONS_PER_OBJECT }, (_, sub) => sub)
    socket.send(JSON.stringify(subs.map((sub) => ({ type: "subscribe", sub, queue: QUEUE, credit: 10 }))))
  }
  await promise
}

/** Sends a message; the time until one of the sockets has it. */
async function deliveryMs(target: Target, sockets: readonly WebSocket[]): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const look = (data: Buffer): void => {
    if (data.includes('"type":"deliver"')) resolve(performance.now())
  }
  for (const socket of sockets) socket.on("message", look)
  const sentAt = performance.now()
  const [deliveredAt] = await Promise.all([promise, sendBatch(target, QUEUE, 1)])
  for (const socket of sockets) socket.off("message", look)
  return deliveredAt - sentAt
}

/** How many queues were loaded so far; wakes none. */
async function loads({ url }: Target): Promise<number> {
  return (await (await fetch(`${url}/bench/loads`)).json()) as number
}
