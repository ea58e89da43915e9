import { createHash } from "node:crypto"
import { type Message, ReceiptHandleIsInvalid, type SQS } from "@aws-sdk/client-sqs"
import { expect } from "vitest"
import { upTo } from "../http.ts"
import type { SdkCall } from "./call.ts"

const BYTES = new Uint8Array([0, 255, 10, 128])

const ATTRIBUTES = {
  author: { DataType: "String", StringValue: "Möbius & <sons>" },
  pages: { DataType: "Number", StringValue: "17.5" },
  cover: { DataType: "Binary.png", BinaryValue: BYTES },
}

const sendMessage: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.fifoQueue()
  const order = { QueueUrl, MessageBody: "order 17", MessageGroupId: "anna", MessageDeduplicationId: "17" }
  const sent = await sqs.sendMessage({ ...order, MessageAttributes: ATTRIBUTES })
  expect(sent).toMatchObject({
    MessageId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    MD5OfMessageBody: createHash("md5").update("order 17").digest("hex"),
    SequenceNumber: expect.stringMatching(/^\d{20}$/) as string,
  })
  expect(await sqs.sendMessage(order)).toMatchObject({
    MessageId: sent.MessageId,
    SequenceNumber: sent.SequenceNumber,
  })
  const message = await receiveOne(sqs, QueueUrl)
  expect(message).toMatchObject({ MessageId: sent.MessageId, Body: "order 17", MessageAttributes: ATTRIBUTES })
  expect(message.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes)
  expect(message.Attributes).toMatchObject({
    MessageGroupId: "anna",
    MessageDeduplicationId: "17",
    SequenceNumber: sent.SequenceNumber,
    SenderId: scene.key.accountId,
    ApproximateReceiveCount: "1",
  })
}

const sendMessageBatch: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.standardQueue()
  const entries = upTo(8).map((index) => ({ Id: `entry-${index}`, MessageBody: `body ${index}` }))
  const traced = {
    Id: "traced",
    MessageBody: "with a trace",
    MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1-5759e988-bd862e3f" } },
  } as const
  const sent = await sqs.sendMessageBatch({
    QueueUrl,
    Entries: [...entries, traced, { Id: "long", MessageBody: "too late", DelaySeconds: 901 }],
  })
  expect(sent.Successful?.map(({ Id }) => Id)).toEqual([...entries.map(({ Id }) => Id), "traced"])
  expect(sent.Successful?.at(-1)?.MD5OfMessageSystemAttributes).toMatch(/^[0-9a-f]{32}$/)
  expect(sent.Failed).toMatchObject([{ Id: "long", SenderFault: true, Code: "InvalidParameterValue" }])
  const received = await receiveAll(sqs, QueueUrl)
  expect(received.map(({ Body }) => Body)).toEqual([...entries.map(({ MessageBody }) => MessageBody), "with a trace"])
  expect(received.at(-1)?.Attributes?.["AWSTraceHeader"]).toBe("Root=1-5759e988-bd862e3f")
}

const receiveMessage: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.standardQueue()
  const waiting = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 })
  await sqs.sendMessage({ QueueUrl, MessageBody: "one", MessageAttributes: ATTRIBUTES })
  const [first] = (await waiting).Messages ?? []
  expect(first).toMatchObject({ Body: "one" })
  expect(first).not.toHaveProperty("MessageAttributes")
  expect((await sqs.receiveMessage({ QueueUrl })).Messages).toBeUndefined()
  await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle: first!.ReceiptHandle, VisibilityTimeout: 0 })
  const named = { MessageAttributeNames: ["author"], MessageSystemAttributeNames: ["ApproximateReceiveCount" as const] }
  const [again] = (await sqs.receiveMessage({ QueueUrl, ...named })).Messages ?? []
  expect(again?.MessageAttributes).toEqual({ author: ATTRIBUTES.author })
  expect(again?.Attributes).toEqual({ ApproximateReceiveCount: "2" })
}

const deleteMessage: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.standardQueue()
  await sqs.sendMessage({ QueueUrl, MessageBody: "once" })
  const { ReceiptHandle } = await receiveOne(sqs, QueueUrl)
  await sqs.deleteMessage({ QueueUrl, ReceiptHandle })
  expect(await scene.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 0 })
  await sqs.deleteMessage({ QueueUrl, ReceiptHandle })
  await expect(sqs.deleteMessage({ QueueUrl, ReceiptHandle: "garbage" })).rejects.toBeInstanceOf(ReceiptHandleIsInvalid)
}

const deleteMessageBatch: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.standardQueue()
  const [one, two] = await sendAndReceive(sqs, QueueUrl, ["one", "two"])
  const deleted = await sqs.deleteMessageBatch({
    QueueUrl,
    Entries: [
      { Id: "one", ReceiptHandle: one!.ReceiptHandle },
      { Id: "bad", ReceiptHandle: "garbage" },
      { Id: "two", ReceiptHandle: two!.ReceiptHandle },
    ],
  })
  expect(deleted.Successful).toEqual([{ Id: "one" }, { Id: "two" }])
  expect(deleted.Failed).toMatchObject([{ Id: "bad", SenderFault: true, Code: "ReceiptHandleIsInvalid" }])
  expect(await scene.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 0 })
}

const changeMessageVisibility: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.standardQueue()
  const [message] = await sendAndReceive(sqs, QueueUrl, ["back at once"])
  const { ReceiptHandle } = message!
  await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 600 })
  expect(await scene.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 1 })
  await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 })
  expect(await receiveOne(sqs, QueueUrl)).toMatchObject({
    MessageId: message!.MessageId,
    Attributes: { ApproximateReceiveCount: "2" },
  })
}

const changeMessageVisibilityBatch: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.standardQueue()
  const [one, two] = await sendAndReceive(sqs, QueueUrl, ["one", "two"])
  const changed = await sqs.changeMessageVisibilityBatch({
    QueueUrl,
    Entries: [
      { Id: "one", ReceiptHandle: one!.ReceiptHandle, VisibilityTimeout: 0 },
      { Id: "bad", ReceiptHandle: "garbage", VisibilityTimeout: 0 },
      { Id: "two", ReceiptHandle: two!.ReceiptHandle, VisibilityTimeout: 600 },
    ],
  })
  expect(changed.Successful).toEqual([{ Id: "one" }, { Id: "two" }])
  expect(changed.Failed).toMatchObject([{ Id: "bad", SenderFault: true, Code: "ReceiptHandleIsInvalid" }])
  expect(await scene.counts(QueueUrl)).toEqual({ visible: 1, inFlight: 1 })
}

async function sendAndReceive(sqs: SQS, QueueUrl: string, bodies: readonly string[]): Promise<Message[]> {
  const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }))
  await sqs.sendMessageBatch({ QueueUrl, Entries })
  const received = await receiveAll(sqs, QueueUrl)
  expect(received.map(({ Body }) => Body)).toEqual(bodies)
  return received
}

async function receiveOne(sqs: SQS, QueueUrl: string): Promise<Message> {
  const received = await receiveAll(sqs, QueueUrl)
  expect(received).toHaveLength(1)
  return received[0]!
}

async function receiveAll(sqs: SQS, QueueUrl: string): Promise<Message[]> {
  const { Messages } = await sqs.receiveMessage({
    QueueUrl,
    MaxNumberOfMessages: 10,
    MessageAttributeNames: ["All"],
    MessageSystemAttributeNames: ["All"],
  })
  return Messages ?? []
}

/** What is done with messages. */
export const MESSAGE_CALLS = {
  ChangeMessageVisibility: changeMessageVisibility,
  ChangeMessageVisibilityBatch: changeMessageVisibilityBatch,
  DeleteMessage: deleteMessage,
  DeleteMessageBatch: deleteMessageBatch,
  ReceiveMessage: receiveMessage,
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
} as const satisfies Record<string, SdkCall>
