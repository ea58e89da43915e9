import { HttpSocket, postBytes } from "./http-socket.ts"
import type { QueueWay } from "./jobs.ts"
import { BODY } from "./message-body.ts"
import { kept, type QueueClient } from "./queue-client.ts"

const RECEIPT = /"receipt":"([^"]*)"/g

/** The native HTTP API on one connection. */
export async function nativeClient(way: Extract<QueueWay, { api: "native" }>): Promise<QueueClient> {
  const path = `/v1/queues/${way.queue}`
  const socket = await HttpSocket.open(way.url)
  const request = (operation: string, body: object): Buffer =>
    postBytes(way.url, way.token, `${path}/${operation}`, JSON.stringify(body))
  const sends = new Map<number, Buffer>()
  const receives = new Map<number, Buffer>()
  const ask = async (bytes: Buffer): Promise<string> => {
    const { status, body } = await socket.send(bytes)
    if (status !== 200) throw new Error(`answered ${status}: ${body.toString()}`)
    return body.toString("latin1")
  }
  return {
    send: async (count) => {
      await ask(kept(sends, count, () => request("messages", sendBody(count))))
    },
    receive: async (max) => {
      const answer = await ask(kept(receives, max, () => request("receive", { maxMessages: max })))
      return [...answer.matchAll(RECEIPT)].map(([, receipt]) => receipt!)
    },
    delete: async (receipts) => {
      await ask(request("ack", { receipts }))
    },
    close: () => socket.close(),
  }
}

function sendBody(count: number): object {
  if (count === 1) return { body: BODY }
  return { messages: Array.from({ length: count }, () => ({ body: BODY })) }
}
