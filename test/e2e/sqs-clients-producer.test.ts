import type { Message } from "@aws-sdk/client-sqs"
import { Producer } from "sqs-producer"
import { describe, expect, it } from "vitest"
import { upTo } from "../support/http.ts"
import { SqsKeyScene } from "../support/sqs-key-scene.ts"

const scene = new SqsKeyScene()

describe("sqs-producer", () => {
  it("[X90] sends more messages than a batch holds, and counts them", async () => {
    const queueUrl = await scene.standardQueue()
    const producer = Producer.create({ queueUrl, sqs: scene.sqs })
    const bodies = upTo(25).map((index) => `message-${index}`)
    const sent = await producer.send(bodies)
    expect(sent.map(({ Id }) => Id)).toEqual(bodies)
    expect(new Set(sent.map(({ MessageId }) => MessageId)).size).toBe(25)
    expect(await producer.queueSize()).toBe(25)
    expect((await receiveAll(queueUrl, 25)).map(({ Body }) => Body)).toEqual(bodies)
  })

  it("[X90] sends attributes and delays", async () => {
    const queueUrl = await scene.standardQueue()
    const producer = Producer.create({ queueUrl, sqs: scene.sqs })
    const messageAttributes = { kind: { DataType: "String", StringValue: "now" } }
    await producer.send([
      { id: "later", body: "later", delaySeconds: 900 },
      { id: "now", body: "now", messageAttributes },
    ])
    expect(await receiveAll(queueUrl, 1)).toMatchObject([{ Body: "now", MessageAttributes: messageAttributes }])
    const { Attributes } = await scene.sqs.getQueueAttributes({ QueueUrl: queueUrl, AttributeNames: ["All"] })
    expect(Attributes).toMatchObject({ ApproximateNumberOfMessagesDelayed: "1" })
  })

  it("[X90] sends to a fifo queue, and what it repeats is stored once", async () => {
    const queueUrl = await scene.fifoQueue()
    const producer = Producer.create({ queueUrl, sqs: scene.sqs })
    const messages = upTo(12).map((index) => {
      return { id: `m${index}`, body: `body ${index}`, groupId: "anna", deduplicationId: `d${index}` }
    })
    const sent = await producer.send(messages)
    const repeated = await producer.send(messages)
    expect(repeated.map(({ MessageId }) => MessageId)).toEqual(sent.map(({ MessageId }) => MessageId))
    expect(await producer.queueSize()).toBe(12)
    expect((await receiveAll(queueUrl, 12)).map(({ Body }) => Body)).toEqual(messages.map(({ body }) => body))
  })

  it("[X90] is told which messages were refused", async () => {
    const queueUrl = await scene.standardQueue({ MaximumMessageSize: "1024" })
    const producer = Producer.create({ queueUrl, sqs: scene.sqs })
    const sending = producer.send([
      { id: "small", body: "small" },
      { id: "large", body: "x".repeat(1025) },
    ])
    await expect(sending).rejects.toMatchObject({ message: "Failed to send messages: large" })
    expect(await producer.queueSize()).toBe(1)
  })
})

/** Receives and deletes until there are as many as expected, and sees that there are no more. */
async function receiveAll(QueueUrl: string, expected: number): Promise<Message[]> {
  const received: Message[] = []
  while (received.length < expected) {
    const options = { MaxNumberOfMessages: 10, WaitTimeSeconds: 20, MessageAttributeNames: ["All"] }
    const { Messages } = await scene.sqs.receiveMessage({ QueueUrl, ...options })
    const Entries = (Messages ?? []).map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
    await scene.sqs.deleteMessageBatch({ QueueUrl, Entries })
    received.push(...(Messages ?? []))
  }
  expect(await scene.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 0 })
  return received
}
