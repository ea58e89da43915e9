import type { Message as SqsMessage } from "@aws-sdk/client-sqs"
import { describe, expect, it } from "vitest"
import { bytes, text } from "../../src/client/index.ts"
import { nameIn, SqsKeyScene } from "../support/sqs-key-scene.ts"

const scene = new SqsKeyScene()

const GZIP = new Uint8Array([0x1f, 0x8b, 0, 255, 10])

describe("one queue, two doors", () => {
  it("[X92] what is sent by SQS is received by the HTTP API and the client, and gone for SQS", async () => {
    const queue = await scene.standardQueue()
    const name = nameIn(queue)
    await sendAll(queue, "one", "two")
    const first = await scene.receiveOne(path(queue))
    expect(first.body).toBe("one")
    expect(await scene.settle("ack", path(queue), { receipts: [first.receipt] })).toEqual(["ok"])
    const client = await scene.connect()
    for await (const message of client.queue(name, { codec: text }).messages()) {
      expect(message.body).toBe("two")
      await message.ack()
      break
    }
    expect(await scene.counts(queue)).toEqual({ visible: 0, inFlight: 0 })
  })

  it("[X92] what is sent by the HTTP API and the client is received by SQS, each message once", async () => {
    const queue = await scene.standardQueue()
    await scene.send(path(queue), "over HTTP")
    const client = await scene.connect()
    await client.queue(nameIn(queue), { codec: text }).send("over a socket")
    const received = await receiveAll(queue)
    expect(received.map(({ Body }) => Body)).toEqual(["over HTTP", "over a socket"])
    expect(await scene.receive(path(queue), { maxMessages: 10 })).toEqual([])
  })

  it("[X92] a consumer that waits at one door gets what comes through the other", async () => {
    const queue = await scene.standardQueue()
    const atSqs = scene.sqs.receiveMessage({ QueueUrl: queue, WaitTimeSeconds: 20 })
    await scene.send(path(queue), "to SQS")
    expect((await atSqs).Messages).toMatchObject([{ Body: "to SQS" }])
    const atHttp = scene.receive(path(queue), { waitMs: 20_000 })
    await sendAll(queue, "to HTTP")
    expect(await atHttp).toMatchObject([{ body: "to HTTP" }])
  })

  it("[X92] queues that were made natively are there whatever their names, and the reverse", async () => {
    const made = `made.natively-${scene.newName()}`
    expect((await scene.put(`/v1/queues/${made}`, { ordering: "fifo" })).status).toBe(201)
    const { QueueUrl } = await scene.sqs.getQueueUrl({ QueueName: made })
    await scene.sqs.sendMessage({
      QueueUrl,
      MessageBody: "x",
      MessageGroupId: "anna",
      MessageDeduplicationId: "1",
    })
    expect(await scene.receive(`/v1/queues/${made}`)).toMatchObject([{ body: "x", groupId: "anna" }])
    const { QueueUrls } = await scene.sqs.listQueues({ QueueNamePrefix: made })
    expect(QueueUrls).toEqual([QueueUrl])
    const listed = await scene.get(`/v1/queues/${nameIn(await scene.standardQueue())}`)
    expect(listed).toMatchObject({ status: 200, body: { settings: { ordering: "standard", fair: true } } })
  })
})

describe("bodies", () => {
  it("[X93] text is the same text at both doors", async () => {
    const queue = await scene.standardQueue()
    const body = 'ünï "quoted" \\ <tag> & 🚀\r\n'
    await sendAll(queue, body)
    await scene.send(path(queue), body)
    const [native] = await scene.receive(path(queue))
    expect(native?.body).toBe(body)
    expect((await receiveAll(queue)).map(({ Body }) => Body)).toEqual([body])
  })

  it("[X93] JSON is its own text, digits and all", async () => {
    const queue = await scene.standardQueue()
    const json = '{ "big": 12345678901234567890, "list": [1,2 ], "text": "é" }'
    const headers = { "content-type": "application/json" }
    const sent = await scene.request("POST", `${path(queue)}/messages`, { headers, body: `{"body":${json}}` })
    expect(sent.status).toBe(200)
    const client = await scene.connect()
    await client.queue(nameIn(queue)).send({ from: "the client" })
    const received = await receiveAll(queue)
    expect(received.map(({ Body }) => Body)).toEqual([json, '{"from":"the client"}'])
    expect(received[0]).not.toHaveProperty("MessageAttributes")
  })

  it("[X93] bytes are base64, with an attribute that says so", async () => {
    const queue = await scene.standardQueue()
    const client = await scene.connect()
    await client.queue(nameIn(queue), { codec: bytes }).send(GZIP)
    const [message] = await receiveAll(queue)
    expect(message).toMatchObject({
      Body: "H4sA/wo=",
      MessageAttributes: { "millrace-body": { DataType: "String", StringValue: "base64" } },
    })
  })
})

describe("headers and attributes", () => {
  it("[X94] attributes are headers: text and numbers as they stand, bytes as base64", async () => {
    const queue = await scene.standardQueue()
    await scene.sqs.sendMessage({
      QueueUrl: queue,
      MessageBody: "attributed",
      MessageAttributes: {
        author: { DataType: "String", StringValue: "Möbius" },
        pages: { DataType: "Number.int", StringValue: "0017" },
        cover: { DataType: "Binary", BinaryValue: GZIP },
      },
    })
    const message = await scene.receiveOne(path(queue), { visibilityTimeoutMs: 0 })
    expect(message.headers).toMatchObject({ author: "Möbius", pages: "0017", cover: "H4sA/wo=" })
    const [again] = await receiveAll(queue)
    expect(again?.MessageAttributes).toEqual({
      author: { DataType: "String", StringValue: "Möbius" },
      pages: { DataType: "Number.int", StringValue: "0017" },
      cover: { DataType: "Binary", BinaryValue: GZIP },
    })
  })

  it("[X94] headers are String attributes", async () => {
    const queue = await scene.standardQueue()
    const headers = { traceparent: "00-4bf9-00f0-01", "any name at all": "ü" }
    await scene.post(`${path(queue)}/messages`, { body: "with headers", headers })
    const [message] = await receiveAll(queue)
    expect(message?.MessageAttributes).toEqual({
      traceparent: { DataType: "String", StringValue: "00-4bf9-00f0-01" },
      "any name at all": { DataType: "String", StringValue: "ü" },
    })
  })

  it("[X94] a message without attributes has no headers", async () => {
    const queue = await scene.standardQueue()
    await sendAll(queue, "bare")
    expect(await scene.receiveOne(path(queue))).not.toHaveProperty("headers")
  })
})

describe("groups", () => {
  it("[X95] a fifo queue keeps one order for both doors", async () => {
    const queue = await scene.fifoQueue({ ContentBasedDeduplication: "true" })
    const send = (MessageBody: string) =>
      scene.sqs.sendMessage({ QueueUrl: queue, MessageBody, MessageGroupId: "anna" })
    await send("first")
    await scene.post(`${path(queue)}/messages`, { body: "second", groupId: "anna" })
    await send("third")
    const [first] = await receiveAll(queue, 1)
    expect(first).toMatchObject({ Body: "first", Attributes: { MessageGroupId: "anna" } })
    expect(await scene.receive(path(queue))).toEqual([])
    await scene.sqs.deleteMessage({ QueueUrl: queue, ReceiptHandle: first!.ReceiptHandle })
    const second = await scene.receiveOne(path(queue))
    expect(second).toMatchObject({ body: "second", groupId: "anna" })
    expect(await receiveAll(queue)).toEqual([])
    await scene.settle("ack", path(queue), { receipts: [second.receipt] })
    expect(await receiveAll(queue)).toMatchObject([{ Body: "third" }])
  })

  it("[X95] the group of a standard queue is its tenant at both doors", async () => {
    const queue = await scene.standardQueue()
    await scene.sqs.sendMessage({ QueueUrl: queue, MessageBody: "by SQS", MessageGroupId: "tenant-1" })
    await scene.post(`${path(queue)}/messages`, { body: "natively", groupId: "tenant-2" })
    expect(await scene.receiveOne(path(queue), { visibilityTimeoutMs: 0 })).toMatchObject({ groupId: "tenant-1" })
    const received = await receiveAll(queue)
    const tenants = received.map(({ Attributes, Body }) => [Body, Attributes?.["MessageGroupId"]])
    expect(new Map(tenants as [string, string][])).toEqual(
      new Map([
        ["by SQS", "tenant-1"],
        ["natively", "tenant-2"],
      ]),
    )
  })

  it("[X95] a queue without tenants keeps the group for SQS", async () => {
    const made = await scene.queue()
    const QueueUrl = urlOf(made)
    await scene.sqs.sendMessage({ QueueUrl, MessageBody: "x", MessageGroupId: "tenant-1" })
    expect(await receiveAll(QueueUrl)).toMatchObject([{ Attributes: { MessageGroupId: "tenant-1" } }])
  })
})

function path(queueUrl: string): string {
  return `/v1/queues/${nameIn(queueUrl)}`
}

function urlOf(made: string): string {
  return `${scene.broker.url}/${scene.key.accountId}/${nameIn(made)}`
}

async function sendAll(QueueUrl: string, ...bodies: readonly string[]): Promise<void> {
  for (const MessageBody of bodies) await scene.sqs.sendMessage({ QueueUrl, MessageBody })
}

async function receiveAll(QueueUrl: string, MaxNumberOfMessages = 10): Promise<SqsMessage[]> {
  const names = { MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All" as const] }
  return (await scene.sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages, ...names })).Messages ?? []
}
