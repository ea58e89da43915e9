import { decodeMessages } from "../../src/protocol/native/wire-deliver-decode.ts"
import { decodeWireMessage } from "../../src/protocol/native/wire-message.ts"
import type { Done, PushJob } from "./jobs.ts"
import { clientFrame, RawSocket } from "./raw-socket.ts"

/** What the broker takes in one frame. */
const MAX_RECEIPTS = 1_000
const TEXT_BEGINS = "[{"
const ERROR = '"type":"error"'
const PING_ID = /"type":"ping","id":(\d+)/g
const SUB = 1

/** Takes what is pushed and acknowledges it, what came in one message with one frame, until `messages` are done. */
export async function push(job: PushJob): Promise<Done> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let [messages, refs] = [0, 0]
  const say = (frame: object): Buffer => clientFrame(Buffer.from(JSON.stringify(frame)), "text")
  const startedAt = performance.now()
  const socket = await RawSocket.open(job, "/v1/connect", "millrace.v1", (message) => {
    const { json: text, batches } = TEXT_BEGINS.includes(String.fromCharCode(message[0]!))
      ? { json: message.toString("latin1"), batches: [] }
      : decodeWireMessage(message)
    if (text.includes(ERROR)) return reject(new Error(text.slice(0, 500)))
    const frames = [...text.matchAll(PING_ID)].map(([, id]) => say({ type: "pong", id: Number(id) }))
    const receipts = batches.flatMap((batch) => decodeMessages(batch).map(({ receipt }) => receipt))
    messages += receipts.length
    for (let at = 0; at < receipts.length; at += MAX_RECEIPTS) {
      frames.push(say({ type: "ack", ref: ++refs, sub: SUB, receipts: receipts.slice(at, at + MAX_RECEIPTS) }))
    }
    if (receipts.length > 0) frames.push(say({ type: "credit", sub: SUB, credit: messages + job.prefetch }))
    if (frames.length > 0) socket.write(frames)
    if (messages >= job.messages && text.includes('"type":"settled"')) resolve()
  })
  socket.write([say({ type: "subscribe", sub: SUB, queue: job.queue, credit: job.prefetch, binary: true })])
  try {
    await promise
    return { requests: messages, messages, bytes: 0, durationMs: performance.now() - startedAt }
  } finally {
    socket.close()
  }
}
