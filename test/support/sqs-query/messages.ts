import { createHash } from "node:crypto"
import { expect } from "vitest"
import type { SqsKeyScene } from "../sqs-key-scene.ts"
import type { QueryAnswer } from "../sqs-scene.ts"
import { ask, pairs, type QueryCall, refused } from "./call.ts"

const TRICKY_BODY = "a <tag> & \"quotes\" 'n' more: 1 + 1 = 2\r\n\té 🚀"

const sendMessage: QueryCall = async (scene) => {
  const QueueUrl = await scene.standardQueue()
  const attributes = {
    "MessageAttribute.1.Name": "author",
    "MessageAttribute.1.Value.DataType": "String",
    "MessageAttribute.1.Value.StringValue": "Möbius",
    "MessageAttribute.2.Name": "cover",
    "MessageAttribute.2.Value.DataType": "Binary",
    "MessageAttribute.2.Value.BinaryValue": "AP8KgA==",
  }
  const sent = await ask(scene, "SendMessage", { QueueUrl, MessageBody: TRICKY_BODY, ...attributes })
  expect(sent.text("MD5OfMessageBody")).toBe(md5(TRICKY_BODY))
  const asked = { "MessageAttributeName.1": "All", "AttributeName.1": "All" }
  const received = await ask(scene, "ReceiveMessage", { QueueUrl, ...asked })
  expect(received.text("Body")).toBe(TRICKY_BODY)
  expect(received.text("MessageId")).toBe(sent.text("MessageId"))
  expect(received.text("MD5OfMessageAttributes")).toBe(sent.text("MD5OfMessageAttributes"))
  expect(received.text("StringValue")).toBe("Möbius")
  expect(received.text("BinaryValue")).toBe("AP8KgA==")
}

const sendMessageBatch: QueryCall = async (scene) => {
  const QueueUrl = await scene.fifoQueue()
  const entry = "SendMessageBatchRequestEntry"
  const sent = await ask(scene, "SendMessageBatch", {
    QueueUrl,
    [`${entry}.1.Id`]: "one",
    [`${entry}.1.MessageBody`]: "first",
    [`${entry}.1.MessageGroupId`]: "anna",
    [`${entry}.1.MessageDeduplicationId`]: "1",
    [`${entry}.2.Id`]: "two",
    [`${entry}.2.MessageBody`]: "second",
    [`${entry}.2.MessageGroupId`]: "anna",
    [`${entry}.2.MessageDeduplicationId`]: "2",
  })
  expect(sent.texts("Id")).toEqual(["one", "two"])
  expect(sent.texts("SequenceNumber")).toHaveLength(2)
  const received = await receive(scene, QueueUrl)
  expect(received.texts("Body")).toEqual(["first", "second"])
  expect(await refused(scene, "SendMessageBatch", { QueueUrl })).toEqual([
    400,
    "AWS.SimpleQueueService.EmptyBatchRequest",
  ])
}

const receiveMessage: QueryCall = async (scene) => {
  const QueueUrl = await scene.standardQueue()
  const empty = await ask(scene, "ReceiveMessage", { QueueUrl, WaitTimeSeconds: "2" })
  expect(empty.xml).toMatch(/^<\?xml version="1.0"\?>\s+<ReceiveMessageResponse/)
  expect(empty.xml).not.toContain("<Message>")
  const waiting = ask(scene, "ReceiveMessage", { QueueUrl, WaitTimeSeconds: "20", "AttributeName.1": "All" })
  await scene.sqs.sendMessage({ QueueUrl, MessageBody: "at last" })
  const received = await waiting
  expect(received.texts("Body")).toEqual(["at last"])
  expect(pairs(received, "Name")).toMatchObject({ ApproximateReceiveCount: "1", SenderId: scene.key.accountId })
  const tooMany = { QueueUrl, MaxNumberOfMessages: "11" }
  expect(await refused(scene, "ReceiveMessage", tooMany)).toEqual([400, "InvalidParameterValue"])
}

const deleteMessage: QueryCall = async (scene) => {
  const QueueUrl = await scene.standardQueue()
  await scene.sqs.sendMessage({ QueueUrl, MessageBody: "once" })
  const ReceiptHandle = (await receive(scene, QueueUrl)).text("ReceiptHandle")!
  await ask(scene, "DeleteMessage", { QueueUrl, ReceiptHandle })
  expect(await scene.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 0 })
  const garbage = { QueueUrl, ReceiptHandle: "garbage" }
  expect(await refused(scene, "DeleteMessage", garbage)).toEqual([404, "ReceiptHandleIsInvalid"])
}

const deleteMessageBatch: QueryCall = async (scene) => {
  const QueueUrl = await scene.standardQueue()
  await scene.sqs.sendMessage({ QueueUrl, MessageBody: "once" })
  const entry = "DeleteMessageBatchRequestEntry"
  const deleted = await ask(scene, "DeleteMessageBatch", {
    QueueUrl,
    [`${entry}.1.Id`]: "good",
    [`${entry}.1.ReceiptHandle`]: (await receive(scene, QueueUrl)).text("ReceiptHandle")!,
    [`${entry}.2.Id`]: "bad",
    [`${entry}.2.ReceiptHandle`]: "garbage",
  })
  expect(deleted.texts("Id")).toEqual(["good", "bad"])
  expect([deleted.text("Code"), deleted.text("SenderFault")]).toEqual(["ReceiptHandleIsInvalid", "true"])
  expect(await scene.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 0 })
}

const changeMessageVisibility: QueryCall = async (scene) => {
  const QueueUrl = await scene.standardQueue()
  await scene.sqs.sendMessage({ QueueUrl, MessageBody: "back at once" })
  const ReceiptHandle = (await receive(scene, QueueUrl)).text("ReceiptHandle")!
  await ask(scene, "ChangeMessageVisibility", { QueueUrl, ReceiptHandle, VisibilityTimeout: "0" })
  expect((await receive(scene, QueueUrl)).texts("Body")).toEqual(["back at once"])
}

const changeMessageVisibilityBatch: QueryCall = async (scene) => {
  const QueueUrl = await scene.standardQueue()
  await scene.sqs.sendMessage({ QueueUrl, MessageBody: "back at once" })
  const entry = "ChangeMessageVisibilityBatchRequestEntry"
  const changed = await ask(scene, "ChangeMessageVisibilityBatch", {
    QueueUrl,
    [`${entry}.1.Id`]: "good",
    [`${entry}.1.ReceiptHandle`]: (await receive(scene, QueueUrl)).text("ReceiptHandle")!,
    [`${entry}.1.VisibilityTimeout`]: "0",
  })
  expect(changed.texts("Id")).toEqual(["good"])
  expect((await receive(scene, QueueUrl)).texts("Body")).toEqual(["back at once"])
}

function receive(scene: SqsKeyScene, QueueUrl: string): Promise<QueryAnswer> {
  return ask(scene, "ReceiveMessage", { QueueUrl, MaxNumberOfMessages: "10" })
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex")
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
} as const satisfies Record<string, QueryCall>
