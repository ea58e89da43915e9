import { AwsSigner } from "./aws-signer.ts"
import { HttpSocket } from "./http-socket.ts"
import type { SqsTarget } from "./jobs.ts"
import { BODY } from "./message-body.ts"
import { kept, type QueueClient } from "./queue-client.ts"

const HANDLE = /"ReceiptHandle":"([^"]*)"/g
const FAILED = /"Failed":\s*\[\s*\{/

/** The SQS API in JSON on one connection, signed; what is sent again and again is signed once. */
export async function doorClient(target: SqsTarget): Promise<QueueClient> {
  const { url, queueUrl: QueueUrl } = target
  const signer = new AwsSigner(target)
  const socket = await HttpSocket.open(url)
  const request = (action: string, input: object): Buffer => signer.request(action, { QueueUrl, ...input })
  const sends = new Map<number, Buffer>()
  const receives = new Map<number, Buffer>()
  const ask = async (bytes: Buffer): Promise<string> => {
    const { status, body } = await socket.send(bytes)
    const answer = body.toString("latin1")
    if (status !== 200 || FAILED.test(answer)) throw new Error(`answered ${status}: ${answer}`)
    return answer
  }
  return {
    send: async (count) => {
      await ask(kept(sends, count, () => sendRequest(request, count)))
    },
    receive: async (max) => {
      const answer = await ask(kept(receives, max, () => request("ReceiveMessage", { MaxNumberOfMessages: max })))
      return [...answer.matchAll(HANDLE)].map(([, handle]) => handle!)
    },
    delete: async (handles) => {
      const [ReceiptHandle, ...more] = handles
      if (more.length === 0) await ask(request("DeleteMessage", { ReceiptHandle }))
      else await ask(request("DeleteMessageBatch", { Entries: deleteEntries(handles) }))
    },
    close: () => socket.close(),
  }
}

function sendRequest(request: (action: string, input: object) => Buffer, count: number): Buffer {
  if (count === 1) return request("SendMessage", { MessageBody: BODY })
  return request("SendMessageBatch", { Entries: sendEntries(count) })
}

export function sendEntries(count: number): { readonly Id: string; readonly MessageBody: string }[] {
  return Array.from({ length: count }, (_, index) => ({ Id: String(index), MessageBody: BODY }))
}

export function deleteEntries(handles: readonly string[]): { readonly Id: string; readonly ReceiptHandle: string }[] {
  return handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }))
}
