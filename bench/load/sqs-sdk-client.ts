import {
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs"
import { deleteEntries, sendEntries } from "./door-client.ts"
import type { SqsTarget } from "./jobs.ts"
import { BODY } from "./message-body.ts"
import { type QueueClient } from "./queue-client.ts"

const REGION = "us-east-1"

/** AWS's own client as it comes, with its signatures and digests; it keeps its connection. */
export function sqsSdkClient({ url, queueUrl: QueueUrl, ...credentials }: SqsTarget): QueueClient {
  const { accessKeyId, secretAccessKey } = credentials
  const client = new SQSClient({ endpoint: url, region: REGION, credentials: { accessKeyId, secretAccessKey } })
  return {
    send: async (count) => {
      if (count === 1) await client.send(new SendMessageCommand({ QueueUrl, MessageBody: BODY }))
      else checkAll(await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: sendEntries(count) })))
    },
    receive: async (max) => {
      const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: max }))
      return Messages.map(({ ReceiptHandle }) => ReceiptHandle!)
    },
    delete: async (handles) => {
      const [ReceiptHandle, ...more] = handles
      if (more.length === 0) await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
      else checkAll(await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: deleteEntries(handles) })))
    },
    close: () => client.destroy(),
  }
}

function checkAll({ Failed = [] }: { readonly Failed?: readonly object[] | undefined }): void {
  if (Failed.length > 0) throw new Error(`refused: ${JSON.stringify(Failed[0])}`)
}
