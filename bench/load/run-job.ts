import { HttpSocket, postBytes } from "./http-socket.ts"
import { frames } from "./frames.ts"
import { type Done, type DrainJob, type Job, POISON, type PostJob } from "./jobs.ts"
import { latency } from "./latency.ts"
import { push } from "./push.ts"
import { queueWork } from "./queue-work.ts"
import { read } from "./read.ts"
import { sdkConsume, sdkPublish } from "./sdk.ts"

const RECEIPT = /"receipt":"([^"]*)"/g
const POISON_BODY = `"body":"${POISON}`
/** Long enough that the poison message is no request of its own in every round. */
const NACK_DELAY_MS = 200

/** Carries out a job; throws at the first answer that is not 200. */
export async function runJob(job: Job): Promise<Done> {
  switch (job.kind) {
    case "read":
      return read(job)
    case "frames":
      return frames(job)
    case "latency":
      return latency(job)
    case "push":
      return push(job)
    case "sdk-publish":
      return sdkPublish(job)
    case "sdk-consume":
      return sdkConsume(job)
    case "queue":
      return queueWork(job)
    case "post":
    case "drain":
      return overHttp(job)
  }
}

async function overHttp(job: PostJob | DrainJob): Promise<Done> {
  const sockets = await Promise.all(Array.from({ length: job.connections }, () => HttpSocket.open(job.url)))
  try {
    return await (job.kind === "post" ? post(job, sockets) : drain(job, sockets))
  } finally {
    for (const socket of sockets) socket.close()
  }
}

async function post(job: PostJob, sockets: readonly HttpSocket[]): Promise<Done> {
  const request = postBytes(job.url, job.token, job.path, job.body)
  const { requests: limit, durationMs: limitMs } = job.until
  const startedAt = performance.now()
  let requests = 0
  await Promise.all(
    sockets.map(async (socket) => {
      while (requests < limit && performance.now() - startedAt < limitMs) {
        requests++
        await ask(socket, request)
      }
    }),
  )
  return { requests, messages: 0, bytes: 0, durationMs: performance.now() - startedAt }
}

async function drain(job: DrainJob, sockets: readonly HttpSocket[]): Promise<Done> {
  const path = `/v1/queues/${job.queue}`
  const receive = postBytes(job.url, job.token, `${path}/receive`, JSON.stringify({ maxMessages: job.batch }))
  const startedAt = performance.now()
  let [requests, messages] = [0, 0]
  const settle = async (socket: HttpSocket, kind: "ack" | "nack", settlement: object): Promise<void> => {
    requests++
    await ask(socket, postBytes(job.url, job.token, `${path}/${kind}`, JSON.stringify(settlement)))
  }
  await Promise.all(
    sockets.map(async (socket) => {
      while (messages < job.messages) {
        requests++
        const { receipts, poison } = receiptsIn(await ask(socket, receive))
        if (poison !== null) {
          await settle(socket, "nack", { entries: [{ receipt: poison, delayMs: NACK_DELAY_MS }] })
        }
        messages += receipts.length
        if (receipts.length > 0) await settle(socket, "ack", { receipts })
        // another connection may hold the last ones: whether all came is counted at the end
        else if (poison === null) return
      }
    }),
  )
  if (messages < job.messages)
    throw new Error(`queue ${job.queue} was empty after ${messages} of ${job.messages} messages`)
  return { requests, messages, bytes: 0, durationMs: performance.now() - startedAt }
}

function receiptsIn(answer: string): { receipts: string[]; poison: string | null } {
  const receipts = [...answer.matchAll(RECEIPT)].map(([, receipt]) => receipt!)
  if (!answer.includes(POISON_BODY)) return { receipts, poison: null }
  const { messages } = JSON.parse(answer) as { messages: { body: string; receipt: string }[] }
  const poison = messages.find(({ body }) => body.startsWith(POISON))?.receipt ?? null
  return { receipts: receipts.filter((receipt) => receipt !== poison), poison }
}

async function ask(socket: HttpSocket, request: Buffer): Promise<string> {
  const { status, body } = await socket.send(request)
  if (status !== 200) throw new Error(`answered ${status}: ${body.toString()}`)
  return body.toString("latin1")
}
