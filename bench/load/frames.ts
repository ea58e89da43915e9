import type { Done, FramesJob } from "./jobs.ts"
import { clientFrame, RawSocket } from "./raw-socket.ts"

/** Refs of one width, so that a frame is made by writing digits into another. */
const FIRST_REF = 100_000_000
const CONFIRM = '"type":"confirm"'
const ERROR = '"type":"error"'
const PING = '"type":"ping"'
const PING_ID = /"type":"ping","id":(\d+)/g

/** Sends frames as fast as they are confirmed; what counts is what was confirmed. */
export async function frames(job: FramesJob): Promise<Done> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const make = frameMaker(job.frame)
  let [sent, confirmed] = [0, 0]
  const startedAt = performance.now()
  const protocol = job.path.startsWith("/v1/") ? "millrace.v1" : null
  const socket = await RawSocket.open(job, job.path, protocol, (message) => {
    if (message.includes(ERROR)) reject(new Error(message.toString("latin1").slice(0, 500)))
    if (message.includes(PING)) socket.write(pongs(message))
    confirmed += confirmedIn(message)
    const durationMs = performance.now() - startedAt
    if (durationMs >= job.durationMs) resolve(durationMs)
    else fill()
  })
  const fill = (): void => {
    const batch: Buffer[] = []
    while (sent - confirmed < job.window) batch.push(make(sent++))
    if (batch.length > 0) socket.write(batch)
  }
  fill()
  try {
    const durationMs = await promise
    return { requests: confirmed, messages: 0, bytes: 0, durationMs }
  } finally {
    socket.close()
  }
}

/** Makes frame `number` of a job. */
function frameMaker(frame: FramesJob["frame"]): (number: number) => Buffer {
  if ("bytes" in frame) {
    const bytes = clientFrame(Buffer.alloc(frame.bytes, "m"), "binary")
    return () => bytes
  }
  const { queue, body } = frame
  const publish = JSON.stringify({ type: "publish", ref: FIRST_REF, queue, messages: [{ body }] })
  const template = clientFrame(Buffer.from(publish), "text")
  const refAt = template.indexOf(String(FIRST_REF))
  return (number) => {
    const made = Buffer.from(template)
    made.write(String(FIRST_REF + number), refAt, "latin1")
    return made
  }
}

/** How many frames an answer confirms: each has a `confirm`, and bytes that are no frame are answered by a number. */
function confirmedIn(message: Buffer): number {
  return message.includes(CONFIRM) ? countOf(message, CONFIRM) : Number(message.toString("latin1")) || 0
}

function countOf(message: Buffer, text: string): number {
  let count = 0
  for (let at = message.indexOf(text); at !== -1; at = message.indexOf(text, at + text.length)) count++
  return count
}

function pongs(message: Buffer): Buffer[] {
  const ids = [...message.toString("latin1").matchAll(PING_ID)]
  return ids.map(([, id]) => clientFrame(Buffer.from(`{"type":"pong","id":${id}}`), "text"))
}
