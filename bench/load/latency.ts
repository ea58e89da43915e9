import { setTimeout as sleep } from "node:timers/promises"
import type { WebSocket } from "ws"
import { median } from "../figure.ts"
import { publishMaker, openSocket } from "./frame-socket.ts"
import type { Done, LatencyJob } from "./jobs.ts"

/** More than a run can have unanswered. */
const CREDIT = 10_000
const DELIVERED = /"receipt":"([^"]*)"/g

/** One frame at a time passes through; what is timed is a frame's way to whoever waits for it. */
export async function latency(job: LatencyJob): Promise<Done> {
  const socket = await openSocket(job, job.path)
  const waiting = "queue" in job.frame ? await subscribe(job, job.frame.queue) : socket
  const make = publishMaker(job.frame)
  const sentAt: number[] = []
  const times: number[] = []
  waiting.on("message", (data: Buffer) => {
    for (let arrived = arrivedIn(data, waiting, socket); arrived > 0; arrived--) {
      times.push(performance.now() - sentAt[times.length]!)
    }
  })
  const startedAt = performance.now()
  for (let number = 0; number < (job.durationMs / 1000) * job.perSecond; number++) {
    const dueInMs = startedAt + (number * 1000) / job.perSecond - performance.now()
    if (dueInMs > 0) await sleep(dueInMs)
    sentAt.push(performance.now())
    socket.send(make(number))
  }
  while (times.length < sentAt.length) await sleep(10)
  const durationMs = performance.now() - startedAt
  for (const each of new Set([socket, waiting])) each.close(1000)
  return { requests: times.length, messages: 0, bytes: 0, durationMs, medianMs: median(times) }
}

/** A consumer that acknowledges what it gets. */
async function subscribe(job: LatencyJob, queue: string): Promise<WebSocket> {
  const socket = await openSocket(job, job.path)
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.on("message", (data: Buffer) => {
    if (data.includes('"type":"subscribed"')) resolve()
  })
  socket.send(JSON.stringify({ type: "subscribe", sub: 1, queue, credit: CREDIT }))
  await promise
  return socket
}

/** How many frames have come to where they were to go; messages are acknowledged. */
function arrivedIn(data: Buffer, waiting: WebSocket, sender: WebSocket): number {
  if (waiting === sender) return Number(data.toString("latin1"))
  const receipts = [...data.toString("latin1").matchAll(DELIVERED)].map(([, receipt]) => receipt!)
  if (receipts.length > 0) waiting.send(JSON.stringify({ type: "ack", ref: 1, sub: 1, receipts }))
  return receipts.length
}
