/** Sends the lines of its input to a queue: a program for Amazon SQS, which knows of nothing else. */
import { createInterface } from "node:readline"
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, SQSClient } from "@aws-sdk/client-sqs"

const client = new SQSClient({})
const isFifo = process.env["QUEUE_URL"]!.endsWith(".fifo")
const BATCH = 10

let entries: SendMessageBatchRequestEntry[] = []
let number = 0
for await (const line of createInterface({ input: process.stdin })) {
  const { event, payload } = JSON.parse(line) as { event: string; payload: { repository?: { full_name?: string } } }
  const repository = payload.repository?.full_name ?? "none"
  entries.push({
    Id: String(number),
    MessageBody: JSON.stringify(payload),
    MessageAttributes: {
      event: { DataType: "String", StringValue: event },
      number: { DataType: "Number", StringValue: String(number) },
      repository: { DataType: "String", StringValue: repository },
    },
    ...(isFifo ? { MessageGroupId: repository, MessageDeduplicationId: String(number) } : {}),
  })
  number++
  if (entries.length === BATCH) await send()
}
if (entries.length > 0) await send()

async function send(): Promise<void> {
  const command = new SendMessageBatchCommand({ QueueUrl: process.env["QUEUE_URL"], Entries: entries })
  const { Successful = [], Failed = [] } = await client.send(command)
  for (const { Id, MessageId } of Successful) console.log(`sent ${Id} ${MessageId}`)
  for (const { Id, Message } of Failed) console.log(`refused ${Id} ${Message}`)
  entries = []
}
