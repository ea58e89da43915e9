import { setTimeout as sleep } from "node:timers/promises"
import { DeleteMessageCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs"
import { describe, expect, it } from "vitest"
import { upTo } from "../support/http.ts"
import { bodiesOf, nameOf, SqsMessages } from "../support/sqs-messages.ts"
import { expectError } from "../support/sqs-scene.ts"

const scene = new SqsMessages()
/** Long enough for a receive to have begun to wait. */
const SETTLED_MS = 300
/** Of 20 seconds, the longest wait: whatever ends sooner did not wait for its end. */
const FAR_BELOW_WAIT_MS = 10_000
const SOURCE_ARN = "arn:aws:sqs:us-east-1:000000000000:"

async function timed<T>(asked: () => Promise<T>): Promise<{ readonly answer: T; readonly tookMs: number }> {
  const askedAt = performance.now()
  const answer = await asked()
  return { answer, tookMs: performance.now() - askedAt }
}

describe.concurrent("a receive", () => {
  it("[X74] answers the oldest messages, one unless told otherwise, and no list without any", async () => {
    const queue = await scene.standard()
    await scene.send(`/v1/queues/${nameOf(queue)}`, ...upTo(13).map(String))
    expect(bodiesOf(await scene.receiveFrom(queue))).toEqual(["0"])
    const ten = await scene.receiveFrom(queue, { MaxNumberOfMessages: 10 })
    expect(bodiesOf(ten)).toEqual(upTo(10).map((index) => `${index + 1}`))
    expect(await scene.receiveFrom(queue, { MaxNumberOfMessages: 10 })).toHaveLength(2)
    expect((await scene.json("ReceiveMessage", { QueueUrl: queue })).body).toEqual({})
    expect(await scene.held(queue)).toMatchObject({ ready: 0, inFlight: 13 })
  })

  it("[X74] hides what it answers for as long as it says, or the queue; or not at all", async () => {
    const queue = await scene.standard({ VisibilityTimeout: "0" })
    await scene.sendTo(queue, "x")
    const handles: (string | undefined)[] = []
    for (const count of ["1", "2", "3"]) {
      const message = await scene.receiveWhole(queue)
      expect(message.Attributes?.ApproximateReceiveCount).toBe(count)
      handles.push(message.ReceiptHandle)
    }
    expect(new Set(handles).size).toBe(3)
    await scene.receiveWhole(queue, { VisibilityTimeout: 1 })
    const again = await scene.receiveWhole(queue, { VisibilityTimeout: 43_200 })
    expect(again.Attributes?.ApproximateReceiveCount).toBe("5")
    expect(await scene.receiveFrom(queue)).toEqual([])
  })

  it.each([
    [
      { MaxNumberOfMessages: 11 },
      "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
    ],
    [
      { MaxNumberOfMessages: 0 },
      "Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
    ],
    [
      { WaitTimeSeconds: 21 },
      "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
    ],
    [
      { VisibilityTimeout: -1 },
      "Value -1 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
    ],
  ])("[X74] [X76] of %j is refused, and nothing is received", async (options, message) => {
    const queue = await scene.standard()
    await scene.sendTo(queue, "x")
    await expectError(scene.receiveFrom(queue, options), { code: "InvalidParameterValue", status: 400, message })
    expect(await scene.held(queue)).toMatchObject({ ready: 1, inFlight: 0 })
  })

  it("[X71] [X75] answers the attributes that it names, and no others", async () => {
    const queue = await scene.standard({ VisibilityTimeout: "0" })
    const attribute = { DataType: "String", StringValue: "x" }
    const MessageAttributes = { General: attribute, Hello: attribute, "Help.Me": attribute }
    await scene.sendTo(queue, { MessageBody: "x", MessageAttributes })
    const [bare] = await scene.receiveFrom(queue)
    expect(Object.keys(bare!).toSorted()).toEqual(["Body", "MD5OfBody", "MessageId", "ReceiptHandle"])
    const [some] = await scene.receiveFrom(queue, {
      MessageAttributeNames: ["Hel.*", "Nothing"],
      AttributeNames: ["ApproximateReceiveCount" as never],
      MessageSystemAttributeNames: ["SenderId", "SequenceNumber"],
    })
    expect(some).toMatchObject({ Attributes: { ApproximateReceiveCount: "2", SenderId: "000000000000" } })
    expect(Object.keys(some!.MessageAttributes!)).toEqual(["Hello", "Help.Me"])
    expect(some!.Attributes).not.toHaveProperty("SequenceNumber")
    const all = await scene.receiveWhole(queue)
    expect(all.MessageAttributes).toEqual(MessageAttributes)
    expect(all.MD5OfMessageAttributes).not.toBe(some!.MD5OfMessageAttributes)
    await expectError(scene.receiveFrom(queue, { AttributeNames: ["Sender" as never] }), {
      code: "InvalidAttributeName",
      message: "Unknown Attribute Sender.",
    })
  })

  it("[X77] beyond the messages that may be in flight is OverLimit, and nothing on a fifo queue", async () => {
    const standard = await scene.native({ maxInFlight: 1 })
    const fifo = await scene.native({ maxInFlight: 1, ordering: "fifo" })
    for (const [{ path, url }, groups] of [
      [standard, [{}, {}]],
      [fifo, [{ groupId: "g" }, { groupId: "h" }]],
    ] as const) {
      await scene.post(`${path}/messages`, { messages: groups.map((group) => ({ body: "x", ...group })) })
      expect(await scene.receiveFrom(url, { MaxNumberOfMessages: 10 })).toHaveLength(1)
    }
    await expectError(scene.receiveFrom(standard.url), { name: "OverLimit", status: 403 })
    await expectError(scene.receiveFrom(standard.url, { WaitTimeSeconds: 20 }), { name: "OverLimit" })
    expect(await scene.receiveFrom(fifo.url)).toEqual([])
  })
})

describe.concurrent("from the other door", () => {
  it("[X70] bodies and headers of native messages", async () => {
    const queue = await scene.standard()
    const path = `/v1/queues/${nameOf(queue)}`
    await scene.post(`${path}/messages`, {
      messages: [
        { body: { a: [1, 2.5] }, headers: { city: "Zürich", empty: "" }, groupId: "anna" },
        { bodyBase64: "AP8=" },
        { body: "a\u0000b" },
      ],
    })
    const received = await scene.receiveFrom(queue, {
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["MessageGroupId"],
    })
    const base64 = { "millrace-body": { DataType: "String", StringValue: "base64" } }
    expect(received).toMatchObject([
      {
        Body: '{"a":[1,2.5]}',
        Attributes: { MessageGroupId: "anna" },
        MessageAttributes: {
          city: { DataType: "String", StringValue: "Zürich" },
          empty: { DataType: "String", StringValue: "" },
        },
      },
      { Body: "AP8=", MessageAttributes: base64 },
      { Body: "YQBi", MessageAttributes: base64 },
    ])
  })

  it("[X60] [X72] a message that was sent here, natively", async () => {
    const queue = await scene.standard()
    const { MessageId } = await scene.sendTo(queue, {
      MessageBody: "x",
      MessageGroupId: "anna",
      MessageAttributes: {
        city: { DataType: "String", StringValue: "Zürich" },
        count: { DataType: "Number", StringValue: "5" },
        blob: { DataType: "Binary", BinaryValue: Uint8Array.of(0, 255) },
      },
    })
    const message = await scene.receiveOne(`/v1/queues/${nameOf(queue)}`)
    expect(message).toMatchObject({ body: "x", groupId: "anna", headers: { city: "Zürich", count: "5", blob: "AP8=" } })
    expect(JSON.parse(message.headers!["millrace-sqs"]!)).toEqual({ types: { count: "Number", blob: "Binary" } })
    const counter = message.id.split("-")[2]
    expect(Number.parseInt(MessageId!.slice(-12), 16)).toBe(Number(counter))
  })
})

describe.concurrent("waiting", () => {
  it("[X76] takes as long as the queue says, or as it says itself", async () => {
    const queue = await scene.standard({ ReceiveMessageWaitTimeSeconds: "20" })
    const none = await timed(() => scene.receiveFrom(queue, { WaitTimeSeconds: 0 }))
    const short = await timed(() => scene.receiveFrom(queue, { WaitTimeSeconds: 1 }))
    expect([none.answer, short.answer]).toEqual([[], []])
    expect(short.tookMs).toBeGreaterThanOrEqual(999)
    expect(none.tookMs + short.tookMs).toBeLessThan(FAR_BELOW_WAIT_MS)
    const waiting = timed(() => scene.receiveFrom(queue, { MaxNumberOfMessages: 10 }))
    await sleep(SETTLED_MS)
    await scene.sendTo(queue, "late")
    const { answer, tookMs } = await waiting
    expect(bodiesOf(answer)).toEqual(["late"])
    expect(tookMs).toBeLessThan(FAR_BELOW_WAIT_MS)
  })

  it("[X76] a client that goes away takes no message along", async () => {
    const queue = await scene.standard({ VisibilityTimeout: "43200" })
    for (const round of ["0", "1", "2"]) {
      const client = new AbortController()
      const command = new ReceiveMessageCommand({ QueueUrl: queue, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 })
      const gone = scene.sqs.send(command, { abortSignal: client.signal }).catch(() => null)
      await sleep(SETTLED_MS)
      client.abort()
      await gone
      // what comes at once may be given to it before the broker hears that it is gone
      await scene.sendTo(queue, round)
      const message = await scene.receiveWhole(queue)
      expect(message).toMatchObject({ Body: round, Attributes: { ApproximateReceiveCount: "1" } })
    }
  })
})

describe.concurrent("from a fifo queue", () => {
  async function fifoOf(...messages: readonly [group: string, body: string][]): Promise<string> {
    const queue = await scene.fifo({ ContentBasedDeduplication: "true" })
    for (const [MessageGroupId, MessageBody] of messages) await scene.sendTo(queue, { MessageBody, MessageGroupId })
    return queue
  }

  it("[X79] a group comes in order, and no more of it while one is in flight", async () => {
    const queue = await fifoOf(["a", "a1"], ["b", "b1"], ["a", "a2"], ["a", "a3"], ["b", "b2"])
    const first = await scene.receiveFrom(queue, { MaxNumberOfMessages: 2 })
    expect(bodiesOf(first)).toEqual(["a1", "a2"])
    expect(bodiesOf(await scene.receiveFrom(queue, { MaxNumberOfMessages: 10 }))).toEqual(["b1", "b2"])
    expect(await scene.receiveFrom(queue, { MaxNumberOfMessages: 10 })).toEqual([])
  })

  it("[X78] an attempt that is made again gets the same messages and handles", async () => {
    const queue = await fifoOf(["a", "a1"], ["b", "b1"])
    const attempt = { ReceiveRequestAttemptId: "attempt-1", MaxNumberOfMessages: 10 }
    const [first, again] = [await scene.receiveFrom(queue, attempt), await scene.receiveFrom(queue, attempt)]
    expect(first).toHaveLength(2)
    expect(again).toEqual(first)
    expect(await scene.receiveFrom(queue, { ...attempt, ReceiveRequestAttemptId: "attempt-2" })).toEqual([])
    await expectError(scene.receiveFrom(await scene.standard(), attempt), { code: "InvalidParameterValue" })
  })

  it("[X78] what an attempt got whose client was gone stays for who makes it again", async () => {
    const queue = await fifoOf()
    for (const round of ["0", "1", "2", "3", "4"]) {
      const client = new AbortController()
      const attempt = { ReceiveRequestAttemptId: `attempt-${round}`, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 }
      const command = new ReceiveMessageCommand({ QueueUrl: queue, ...attempt })
      const gone = scene.sqs.send(command, { abortSignal: client.signal }).catch(() => null)
      await sleep(SETTLED_MS)
      // the message is on its way to the first while that goes
      const sent = scene.sendTo(queue, { MessageBody: round, MessageGroupId: "a" })
      client.abort()
      await Promise.all([gone, sent])
      expect(bodiesOf(await scene.receiveFrom(queue, attempt))).toEqual([round])
      await sleep(SETTLED_MS)
      expect(await scene.receiveFrom(queue, { MaxNumberOfMessages: 10 })).toEqual([])
      const [held] = await scene.receiveFrom(queue, attempt)
      await scene.sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: held!.ReceiptHandle }))
    }
  })

  it("[X75] sequence numbers grow", async () => {
    const queue = await fifoOf(["a", "a1"], ["b", "b1"], ["a", "a2"])
    const received = await scene.receiveFrom(queue, {
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ["SequenceNumber"],
    })
    const byNumber = received.toSorted((one, other) =>
      one.Attributes!.SequenceNumber! < other.Attributes!.SequenceNumber! ? -1 : 1,
    )
    expect(bodiesOf(byNumber)).toEqual(["a1", "b1", "a2"])
  })
})

describe("dead letters", () => {
  it("[X86] have the id, body, attributes and group that they had, and name their source", async () => {
    const letters = await scene.standard()
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: SOURCE_ARN + nameOf(letters), maxReceiveCount: 2 })
    const queue = await scene.standard({ RedrivePolicy, VisibilityTimeout: "0" })
    const sent = await scene.sendTo(queue, {
      MessageBody: "x",
      MessageGroupId: "anna",
      MessageAttributes: { count: { DataType: "Number", StringValue: "5" } },
    })
    const [first] = [await scene.receiveWhole(queue), await scene.receiveWhole(queue)]
    expect(await scene.receiveFrom(queue)).toEqual([])
    const letter = await scene.receiveWhole(letters)
    expect(letter).toMatchObject({
      MessageId: sent.MessageId,
      Body: "x",
      MessageAttributes: first.MessageAttributes,
      MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
      Attributes: {
        MessageGroupId: "anna",
        SentTimestamp: first.Attributes!.SentTimestamp,
        ApproximateReceiveCount: "3",
        DeadLetterQueueSourceArn: SOURCE_ARN + nameOf(queue),
      },
    })
  })

  it("[X86] that went back where they came from have their id, and count anew", async () => {
    const letters = await scene.native()
    const queue = await scene.native({
      deadLetterQueue: nameOf(letters.path),
      maxDeliveries: 1,
      visibilityTimeoutMs: 0,
    })
    const { MessageId } = await scene.sendTo(queue.url, "x")
    await scene.receiveWhole(queue.url)
    expect(await scene.receiveFrom(queue.url)).toEqual([])
    const letter = await scene.receiveOne(letters.path, { waitMs: 20_000 })
    await scene.settle("nack", letters.path, { receipts: [letter.receipt] })
    expect((await scene.post(`${letters.path}/redrive`, {})).status).toBe(202)
    const back = await scene.receiveWhole(queue.url)
    expect(back).toMatchObject({ MessageId, Attributes: { ApproximateReceiveCount: "1" } })
    expect(back.Attributes).not.toHaveProperty("DeadLetterQueueSourceArn")
  })
})
