import { SendMessageBatchCommand, type SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs"
import { describe, expect, it } from "vitest"
import { upTo } from "../support/http.ts"
import { bodiesOf, SqsMessages } from "../support/sqs-messages.ts"
import { expectError } from "../support/sqs-scene.ts"

const scene = new SqsMessages()
const MAX_BYTES = 1_048_576
const TEXT = { DataType: "String", StringValue: "x" }

function batch(url: string, ...Entries: SendMessageBatchRequestEntry[]) {
  return scene.sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))
}

describe.concurrent("a batch", () => {
  it("[X68] keeps its order, and answers each message", async () => {
    const queue = await scene.fifo()
    const entries = upTo(10).map((index) => ({
      Id: `entry-${index}`,
      MessageBody: `body ${index}`,
      MessageGroupId: "g",
      MessageDeduplicationId: `${index}`,
    }))
    const { Successful = [], Failed = [] } = await batch(queue, ...entries)
    expect([Successful.map(({ Id }) => Id), Failed]).toEqual([entries.map(({ Id }) => Id), []])
    const numbers = Successful.map(({ SequenceNumber }) => SequenceNumber!)
    expect(numbers).toEqual(numbers.toSorted())
    const received = await scene.receiveFrom(queue, { MaxNumberOfMessages: 10 })
    expect(received.map(({ MessageId, Body, MD5OfBody }) => [MessageId, Body, MD5OfBody])).toEqual(
      Successful.map(({ MessageId, MD5OfMessageBody }, index) => [MessageId, `body ${index}`, MD5OfMessageBody]),
    )
  })

  it("[X68] what can't be sent spoils no other entry", async () => {
    const queue = await scene.standard({ MaximumMessageSize: "1024" })
    const { Successful = [], Failed = [] } = await batch(
      queue,
      { Id: "ok", MessageBody: "ok" },
      { Id: "large", MessageBody: "x".repeat(1025) },
      { Id: "late", MessageBody: "x", DelaySeconds: 1800 },
      { Id: "empty", MessageBody: "" },
      { Id: "odd", MessageBody: "\u0001" },
      { Id: "also", MessageBody: "also", MessageAttributes: { a: TEXT } },
    )
    expect(Successful.map(({ Id }) => Id)).toEqual(["ok", "also"])
    expect(Failed.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault])).toEqual([
      ["large", "InvalidParameterValue", true],
      ["late", "InvalidParameterValue", true],
      ["empty", "MissingParameter", true],
      ["odd", "InvalidMessageContents", true],
    ])
    expect(Failed[0]?.Message).toBe(
      "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.",
    )
    expect(bodiesOf(await scene.receiveFrom(queue, { MaxNumberOfMessages: 10 }))).toEqual(["ok", "also"])
  })

  it("[X68] of which nothing can be sent is answered all the same", async () => {
    const { Successful = [], Failed = [] } = await batch(await scene.standard(), { Id: "a", MessageBody: "" })
    expect([Successful, Failed.map(({ Id }) => Id)]).toEqual([[], ["a"]])
  })

  it("[X68] that is too long, or lacks what a fifo queue needs, is refused as a whole", async () => {
    const queue = await scene.standard()
    const half = "x".repeat(MAX_BYTES / 2)
    const tooLong = batch(queue, { Id: "a", MessageBody: half }, { Id: "b", MessageBody: `${half}x` })
    await expectError(tooLong, {
      name: "BatchRequestTooLong",
      code: "AWS.SimpleQueueService.BatchRequestTooLong",
      message: "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    })
    const fifo = await scene.fifo()
    const [whole, bare] = [{ MessageGroupId: "g", MessageDeduplicationId: "1" }, { MessageGroupId: "g" }]
    await expectError(batch(fifo, { Id: "a", MessageBody: "x", ...whole }, { Id: "b", MessageBody: "x", ...bare }), {
      code: "InvalidParameterValue",
      message:
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    })
    await expectError(batch(fifo, { Id: "a", MessageBody: "x" }), {
      code: "InvalidParameterValue",
      message: "The request must contain the parameter MessageGroupId.",
    })
    expect([await scene.held(queue), await scene.held(fifo)]).toMatchObject([{ ready: 0 }, { ready: 0 }])
  })

  it("[X66] has one to ten entries with ids of their own", async () => {
    const queue = await scene.standard()
    await expectError(batch(queue), { name: "EmptyBatchRequest", status: 400 })
    const eleven = upTo(11).map((index) => ({ Id: `${index}`, MessageBody: "x" }))
    await expectError(batch(queue, ...eleven), { name: "TooManyEntriesInBatchRequest" })
    await expectError(batch(queue, { Id: "a:b", MessageBody: "x" }), { name: "InvalidBatchEntryId" })
    const twice = batch(queue, { Id: "a", MessageBody: "x" }, { Id: "a", MessageBody: "y" })
    await expectError(twice, { name: "BatchEntryIdsNotDistinct", message: "Id a repeated." })
  })
})
