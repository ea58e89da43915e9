import { describe, expect, it } from "vitest"
import { upTo } from "../support/http.ts"
import { bodiesOf, nameOf, SqsMessages } from "../support/sqs-messages.ts"
import { expectError } from "../support/sqs-scene.ts"

const scene = new SqsMessages()
const MAX_BYTES = 1_048_576
const TEXT = { DataType: "String", StringValue: "x" }
const ATTRIBUTES = {
  city: { DataType: "String", StringValue: "Zürich" },
  population: { DataType: "Number", StringValue: "443037" },
  id: { DataType: "Number.java.lang.Long", StringValue: "12345678901234567890123456789012345678" },
  icon: { DataType: "Binary.png", BinaryValue: Uint8Array.from(upTo(256)) },
}

describe.concurrent("a message", () => {
  it("[X60] [X61] is received as it was sent, with the same id and digests", async () => {
    const queue = await scene.standard()
    const before = Date.now()
    const sent = await scene.sendTo(queue, { MessageBody: "Grüße 😀\r\n<&>", MessageAttributes: ATTRIBUTES })
    const received = await scene.receiveWhole(queue)
    expect(received).toMatchObject({
      MessageId: sent.MessageId,
      Body: "Grüße 😀\r\n<&>",
      MD5OfBody: sent.MD5OfMessageBody,
      MessageAttributes: ATTRIBUTES,
      MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
    })
    expect(sent).not.toHaveProperty("SequenceNumber")
    expect(Number(received.Attributes?.SentTimestamp)).toBeGreaterThanOrEqual(before)
    expect(Number(received.Attributes?.SentTimestamp)).toBeLessThanOrEqual(Date.now())
  })

  it("[X61] has the digests that the real service answers", async () => {
    const queue = await scene.standard()
    const sent = await scene.sendTo(queue, {
      MessageBody: "msg",
      MessageAttributes: {
        Hello: { DataType: "String", StringValue: "There" },
        General: { DataType: "String", StringValue: "Kenobi" },
        "Help.Me": { DataType: "String", StringValue: "Me" },
      },
    })
    expect(sent).toMatchObject({
      MD5OfMessageBody: "6e2baaf3b97dbeef01c0043275f9a0e7",
      MD5OfMessageAttributes: "4c360f3fdafd970e05fae2f149d997f5",
    })
  })

  it("[X65] has a trace header of its own, or that of its request", async () => {
    const queue = await scene.standard()
    const own = { AWSTraceHeader: { DataType: "String", StringValue: "Root=1-own" } }
    const sent = await scene.sendTo(queue, { MessageBody: "own", MessageSystemAttributes: own })
    expect(sent.MD5OfMessageSystemAttributes).toMatch(/^[0-9a-f]{32}$/)
    expect((await scene.receiveWhole(queue)).Attributes?.AWSTraceHeader).toBe("Root=1-own")
    const QueueUrl = queue
    await scene.json("SendMessage", { QueueUrl, MessageBody: "x" }, { "x-amzn-trace-id": "Root=1-request" })
    expect((await scene.receiveWhole(queue)).Attributes?.AWSTraceHeader).toBe("Root=1-request")
  })

  it("[X62] needs a body that XML can say", async () => {
    const queue = await scene.standard()
    await expectError(scene.sendTo(queue, ""), {
      code: "MissingParameter",
      message: "The request must contain the parameter MessageBody.",
    })
    await expectError(scene.sendTo(queue, "a\u0000"), { name: "InvalidMessageContents", status: 400 })
    const lone = await scene.json("SendMessage", `{"QueueUrl":"${queue}","MessageBody":"\\ud83d"}`)
    expect(lone).toMatchObject({ status: 400, body: { __type: "com.amazonaws.sqs#InvalidMessageContents" } })
    expect(await scene.held(queue)).toMatchObject({ ready: 0 })
  })

  it("[X64] with attributes that can't be is refused", async () => {
    const queue = await scene.standard()
    const eleven = Object.fromEntries(upTo(11).map((index) => [`name${index}`, TEXT]))
    await expectError(scene.sendTo(queue, { MessageBody: "x", MessageAttributes: eleven }), {
      code: "InvalidParameterValue",
      message: "Number of message attributes [11] exceeds the allowed maximum [10].",
    })
    const reserved = { "millrace-x": TEXT }
    await expectError(scene.sendTo(queue, { MessageBody: "x", MessageAttributes: reserved }), {
      code: "InvalidParameterValue",
    })
    const named = Object.fromEntries(["__proto__", "constructor", "hasOwnProperty"].map((name) => [name, TEXT]))
    await scene.sendTo(queue, { MessageBody: "x", MessageAttributes: named })
    const { MessageAttributes } = await scene.receiveWhole(queue)
    expect(Object.keys(MessageAttributes ?? {}).toSorted()).toEqual(Object.keys(named).toSorted())
  })

  it("[X72] may name a tenant on a standard queue, and is kept with the name where there are none", async () => {
    const plain = await scene.native()
    for (const queue of [await scene.standard(), plain.url]) {
      await scene.sendTo(queue, { MessageBody: "x", MessageGroupId: "anna" })
      expect((await scene.receiveWhole(queue)).Attributes).toMatchObject({ MessageGroupId: "anna" })
    }
    await expectError(scene.sendTo(plain.url, { MessageBody: "x", MessageGroupId: "group 123" }), {
      code: "InvalidParameterValue",
    })
  })
})

describe("sizes", () => {
  it("[X63] body and attributes together have at most MaximumMessageSize bytes", async () => {
    const queue = await scene.standard({ MaximumMessageSize: "1024" })
    const largest = { MessageBody: "ü".repeat(508), MessageAttributes: { a: TEXT } }
    await scene.sendTo(queue, largest)
    await expectError(scene.sendTo(queue, { ...largest, MessageBody: `${largest.MessageBody}x` }), {
      code: "InvalidParameterValue",
      message: "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
    })
  })

  it("[X63] the largest are stored, received at once and by a receive that waits, and dead-lettered", async () => {
    const letters = await scene.standard()
    const deadLetterTargetArn = `arn:aws:sqs:us-east-1:000000000000:${nameOf(letters)}`
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 })
    const queue = await scene.standard({ RedrivePolicy, VisibilityTimeout: "0" })
    const blob = new Uint8Array(MAX_BYTES - "x".length - "b".length - "Binary".length).fill(7)
    const binary = { MessageBody: "x", MessageAttributes: { b: { DataType: "Binary", BinaryValue: blob } } }
    const waiting = scene.receiveWhole(queue)
    await scene.sendTo(queue, binary)
    expect((await waiting).MessageAttributes?.["b"]?.BinaryValue).toEqual(blob)
    await expectError(scene.sendTo(queue, { ...binary, MessageBody: "xy" }), { code: "InvalidParameterValue" })
    const body = "y".repeat(MAX_BYTES)
    await scene.sendTo(queue, body)
    expect((await scene.receiveWhole(queue)).Body).toBe(body)
    expect((await scene.receiveWhole(letters)).MessageAttributes?.["b"]?.BinaryValue).toEqual(blob)
    expect(await scene.receiveFrom(queue)).toEqual([])
    expect((await scene.receiveWhole(letters)).Body).toBe(body)
  })
})

describe.concurrent("a delay", () => {
  it("[X69] of a message counts instead of its queue's, also where it is shorter", async () => {
    const queue = await scene.standard({ DelaySeconds: "900" })
    await scene.sendTo(queue, "held back")
    await scene.sendTo(queue, { MessageBody: "at once", DelaySeconds: 0 })
    expect((await scene.receiveWhole(queue)).Body).toBe("at once")
    expect(await scene.held(queue)).toEqual({ ready: 0, inFlight: 1, delayed: 1 })
    await scene.sendTo(queue, { MessageBody: "soon", DelaySeconds: 1 })
    expect((await scene.receiveWhole(queue)).Body).toBe("soon")
  })

  it("[X69] of a fifo queue, or one that was set natively, holds all messages back", async () => {
    const fifo = await scene.fifo({ DelaySeconds: "900" })
    await scene.sendTo(fifo, { MessageBody: "x", MessageGroupId: "g", MessageDeduplicationId: "1", DelaySeconds: 0 })
    const { url } = await scene.native({ delayMs: 900_000 })
    await scene.sendTo(url, { MessageBody: "x", DelaySeconds: 0 })
    expect(await Promise.all([fifo, url].map((queue) => scene.receiveFrom(queue)))).toEqual([[], []])
  })

  it("[X69] has 0 to 900 seconds", async () => {
    const queue = await scene.standard()
    await expectError(scene.sendTo(queue, { MessageBody: "x", DelaySeconds: 901 }), {
      code: "InvalidParameterValue",
      message: "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    })
  })
})

describe.concurrent("to a fifo queue", () => {
  const grouped = { MessageBody: "x", MessageGroupId: "g" }

  it("[X67] a message needs a group, and an id or a queue that does without", async () => {
    const queue = await scene.fifo()
    await expectError(scene.sendTo(queue, "x"), {
      code: "MissingParameter",
      message: "The request must contain the parameter MessageGroupId.",
    })
    await expectError(scene.sendTo(queue, grouped), {
      code: "InvalidParameterValue",
      message:
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    })
    const sent = await scene.sendTo(queue, { ...grouped, MessageDeduplicationId: "1" })
    const received = await scene.receiveWhole(queue)
    expect(sent.SequenceNumber).toMatch(/^\d{20}$/)
    expect(received.Attributes).toMatchObject({
      MessageGroupId: "g",
      MessageDeduplicationId: "1",
      SequenceNumber: sent.SequenceNumber,
    })
  })

  it("[X67] none has a delay of its own; standard queues take no deduplication id", async () => {
    const queue = await scene.fifo()
    await expectError(scene.sendTo(queue, { ...grouped, MessageDeduplicationId: "1", DelaySeconds: 2 }), {
      code: "InvalidParameterValue",
      message:
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.",
    })
    await expectError(scene.sendTo(await scene.standard(), { MessageBody: "x", MessageDeduplicationId: "1" }), {
      code: "InvalidParameterValue",
      message:
        "Value 1 for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.",
    })
  })

  it("[X73] the same id again is the same message", async () => {
    const queue = await scene.fifo()
    const first = await scene.sendTo(queue, { ...grouped, MessageDeduplicationId: "1" })
    const again = await scene.sendTo(queue, { MessageBody: "y", MessageGroupId: "h", MessageDeduplicationId: "1" })
    expect(again).toMatchObject({ MessageId: first.MessageId, SequenceNumber: first.SequenceNumber })
    expect(bodiesOf(await scene.receiveFrom(queue, { MaxNumberOfMessages: 10 }))).toEqual(["x"])
  })

  it("[X73] the same content is the same message, at either door", async () => {
    const queue = await scene.fifo({ ContentBasedDeduplication: "true" })
    await scene.sendTo(queue, { ...grouped, MessageAttributes: { a: TEXT } })
    await scene.sendTo(queue, grouped)
    await scene.post(`/v1/queues/${nameOf(queue)}/messages`, { body: "x", groupId: "g" })
    await scene.sendTo(queue, { ...grouped, MessageDeduplicationId: "another" })
    const received = await scene.receiveFrom(queue, {
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ["MessageDeduplicationId"],
    })
    expect(received.map(({ Attributes }) => Attributes?.MessageDeduplicationId)).toEqual([
      "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
      "another",
    ])
  })

  it("[X73] with the scope messageGroup an id counts within its group", async () => {
    const queue = await scene.fifo({ DeduplicationScope: "messageGroup" })
    for (const MessageGroupId of ["g", "h", "g"]) {
      await scene.sendTo(queue, { MessageBody: MessageGroupId, MessageGroupId, MessageDeduplicationId: "1" })
    }
    const received = await scene.receiveFrom(queue, { MaxNumberOfMessages: 10 })
    expect(new Set(bodiesOf(received))).toEqual(new Set(["g", "h"]))
    expect(received).toHaveLength(2)
  })
})
