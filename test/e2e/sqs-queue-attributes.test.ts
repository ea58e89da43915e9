import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs"
import { describe, expect, it } from "vitest"
import { nameIn } from "../support/sqs-key-scene.ts"
import { NO_QUEUE, SqsQueueScene } from "../support/sqs-queue-scene.ts"
import { expectError } from "../support/sqs-scene.ts"

const scene = new SqsQueueScene()

describe("GetQueueAttributes", () => {
  it("[X25] answers what is asked for, and nothing of attributes without a value", async () => {
    const url = await scene.create()
    expect(await scene.attributesOf(url, "VisibilityTimeout", "DelaySeconds")).toEqual({
      VisibilityTimeout: "30",
      DelaySeconds: "0",
    })
    expect(await scene.attributesOf(url, "Policy", "RedrivePolicy", "KmsDataKeyReusePeriodSeconds")).toBeUndefined()
    expect(await scene.attributesOf(url)).toBeUndefined()
    expect((await scene.sqs.send(new GetQueueAttributesCommand({ QueueUrl: url }))).Attributes).toBeUndefined()
    await expectError(scene.attributesOf(scene.queueUrl("nowhere"), "All"), NO_QUEUE)
  })

  it("[X25] refuses names that are none of the queue's type", async () => {
    const url = await scene.create()
    for (const name of ["Nothing", "FifoQueue", "ContentBasedDeduplication", "all", ""]) {
      for (const names of [[name], ["All", name]]) {
        await expectError(scene.attributesOf(url, ...names), {
          name: "InvalidAttributeName",
          code: "InvalidAttributeName",
          status: 400,
          message: `Unknown Attribute ${name}.`,
        })
      }
    }
  })

  it("[X25] counts messages, and those that wait for a time of their own as delayed", async () => {
    const queue = await scene.queue()
    await scene.send(queue, 1, 2, 3)
    await scene.receiveOne(queue)
    const later = { messages: [{ body: 4, delayMs: 60_000 }] }
    expect((await scene.post(`${queue}/messages`, later)).status).toBe(200)
    expect(await scene.attributesOf(scene.queueUrl(nameIn(queue)), "All")).toMatchObject({
      ApproximateNumberOfMessages: "2",
      ApproximateNumberOfMessagesNotVisible: "1",
      ApproximateNumberOfMessagesDelayed: "1",
    })
  })
})

describe("SetQueueAttributes", () => {
  it("[X26] changes what is named, and natively the same", async () => {
    const url = await scene.create({ MessageRetentionPeriod: "604800", VisibilityTimeout: "20" })
    await scene.set(url, { MaximumMessageSize: "2048", VisibilityTimeout: "69", DelaySeconds: "420" })
    expect(await scene.attributesOf(url, "All")).toMatchObject({
      MessageRetentionPeriod: "604800",
      MaximumMessageSize: "2048",
      VisibilityTimeout: "69",
      DelaySeconds: "420",
    })
    expect((await scene.get(`/v1/queues/${nameIn(url)}`)).body).toMatchObject({
      settings: { visibilityTimeoutMs: 69_000, retentionMs: 604_800_000, delayMs: 0 },
    })
    await expectError(scene.set(scene.queueUrl("nowhere"), { DelaySeconds: "1" }), NO_QUEUE)
  })

  it("[X26] takes attributes away that are set to nothing", async () => {
    const target = (await scene.attributesOf(await scene.create(), "QueueArn"))!["QueueArn"]!
    const removable = {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: target, maxReceiveCount: 5 }),
      RedriveAllowPolicy: '{"redrivePermission":"allowAll"}',
      KmsMasterKeyId: "alias/test",
    }
    const names = Object.keys(removable)
    const url = await scene.create(removable)
    expect(await scene.attributesOf(url, ...names)).toEqual(removable)
    await scene.set(url, Object.fromEntries(names.map((name) => [name, ""])))
    expect(await scene.attributesOf(url, ...names)).toBeUndefined()
  })

  it("[X26] changes all or nothing", async () => {
    const url = await scene.create()
    await expectError(scene.set(url, { VisibilityTimeout: "5", DelaySeconds: "901" }), {
      name: "InvalidAttributeValue",
      code: "InvalidAttributeValue",
      status: 400,
      message: "Invalid value for the parameter DelaySeconds.",
    })
    expect(await scene.attributesOf(url, "VisibilityTimeout")).toEqual({ VisibilityTimeout: "30" })
  })

  it("[X27] refuses to change a queue's type", async () => {
    const standard = await scene.create()
    const unknown = { name: "InvalidAttributeName", status: 400, message: "Unknown Attribute FifoQueue." }
    for (const value of ["true", "false"]) await expectError(scene.set(standard, { FifoQueue: value }), unknown)
    const fifo = await scene.create({ FifoQueue: "true" })
    await scene.set(fifo, { FifoQueue: "true" })
    await expectError(scene.set(fifo, { FifoQueue: "false" }), {
      name: "InvalidAttributeValue",
      message: "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    })
  })

  it("[X27] high throughput needs deduplication by message group", async () => {
    const refusal = {
      name: "InvalidAttributeValue",
      status: 400,
      message:
        "Invalid value for the parameter FifoThroughputLimit. " +
        "Reason: To set FifoThroughputLimit to perMessageGroupId, the DeduplicationScope must be messageGroup.",
    }
    const perGroup = { FifoThroughputLimit: "perMessageGroupId" }
    await expectError(scene.create({ FifoQueue: "true", ...perGroup }), refusal)
    const url = await scene.create({ FifoQueue: "true" })
    await expectError(scene.set(url, perGroup), refusal)
    await scene.set(url, { ...perGroup, DeduplicationScope: "messageGroup" })
    await expectError(scene.set(url, { DeduplicationScope: "queue" }), refusal)
    await scene.set(url, { FifoThroughputLimit: "perQueue", DeduplicationScope: "queue" })
  })

  it("[X28] encrypts in one way at a time", async () => {
    const names = ["KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"]
    const url = await scene.create()
    const kms = { KmsMasterKeyId: "testKeyId", KmsDataKeyReusePeriodSeconds: "6000", SqsManagedSseEnabled: "false" }
    await scene.set(url, kms)
    expect(await scene.attributesOf(url, ...names)).toEqual(kms)
    await expectError(scene.set(url, { KmsMasterKeyId: "testKeyId", SqsManagedSseEnabled: "true" }), {
      name: "InvalidAttributeName",
      code: "InvalidAttributeName",
      status: 400,
      message:
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
    })
    await scene.set(url, { SqsManagedSseEnabled: "true" })
    expect(await scene.attributesOf(url, ...names)).toEqual({ SqsManagedSseEnabled: "true" })
    await scene.set(url, { KmsMasterKeyId: "testKeyId" })
    expect(await scene.attributesOf(url, ...names)).toEqual({
      KmsMasterKeyId: "testKeyId",
      KmsDataKeyReusePeriodSeconds: "300",
      SqsManagedSseEnabled: "false",
    })
  })

  it("[X29] changes of different attributes at the same time all hold", async () => {
    const url = await scene.create()
    await Promise.all([
      scene.set(url, { ReceiveMessageWaitTimeSeconds: "3" }),
      scene.set(url, { MaximumMessageSize: "4096" }),
      scene.set(url, { VisibilityTimeout: "33" }),
      scene.set(url, { RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' }),
    ])
    expect(await scene.attributesOf(url, "All")).toMatchObject({
      ReceiveMessageWaitTimeSeconds: "3",
      MaximumMessageSize: "4096",
      VisibilityTimeout: "33",
      RedriveAllowPolicy: '{"redrivePermission":"denyAll"}',
    })
  })
})

describe("queues made natively", () => {
  it("[X30] are found and shown, whatever their names", async () => {
    const name = `native.${scene.newName()}`
    await scene.put(`/v1/queues/${name}`, { visibilityTimeoutMs: 1_500, delayMs: 2_000 })
    const { QueueUrl } = await scene.sqs.send(new GetQueueUrlCommand({ QueueName: name }))
    expect(QueueUrl).toBe(scene.queueUrl(name))
    expect(await scene.attributesOf(QueueUrl!, "VisibilityTimeout", "DelaySeconds")).toEqual({
      VisibilityTimeout: "1",
      DelaySeconds: "2",
    })
    await scene.set(QueueUrl!, { DelaySeconds: "0" })
    expect((await scene.get(`/v1/queues/${name}`)).body).toMatchObject({ settings: { delayMs: 0 } })
    await scene.put(`/v1/queues/plain-${name.slice(7)}`, { ordering: "fifo" })
    expect(await scene.attributesOf(scene.queueUrl(`plain-${name.slice(7)}`), "FifoQueue")).toEqual({
      FifoQueue: "true",
    })
    await expectError(scene.create({}, `plain-${name.slice(7)}`), {
      name: "QueueNameExists",
      message: "A queue already exists with the same name and a different value for attribute FifoQueue",
    })
  })
})

describe("PurgeQueue", () => {
  it("[X34] deletes every message before it answers, once a minute", async () => {
    const queue = await scene.queue()
    await scene.send(queue, 1, 2, 3)
    await scene.receiveOne(queue)
    await scene.post(`${queue}/messages`, { messages: [{ body: 4, delayMs: 60_000 }] })
    const purge = new PurgeQueueCommand({ QueueUrl: scene.queueUrl(nameIn(queue)) })
    await scene.sqs.send(purge)
    expect(await scene.statistics(queue)).toMatchObject({ ready: 0, inFlight: 0, delayed: 0, scheduled: 0, removed: 4 })
    await expectError(scene.sqs.send(purge), {
      name: "PurgeQueueInProgress",
      code: "AWS.SimpleQueueService.PurgeQueueInProgress",
      status: 403,
      message: `Only one PurgeQueue operation on ${nameIn(queue)} is allowed every 60 seconds.`,
    })
    const elsewhere = scene.sqs.send(new PurgeQueueCommand({ QueueUrl: scene.queueUrl("nowhere") }))
    await expectError(elsewhere, NO_QUEUE)
  })

  it("[X34] makes what was sent before it no repeat any more", async () => {
    const url = await scene.create({ FifoQueue: "true", ContentBasedDeduplication: "true" })
    const send = () => scene.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "x", MessageGroupId: "g" }))
    const [before, again] = [await send(), await send()]
    await scene.sqs.send(new PurgeQueueCommand({ QueueUrl: url }))
    const after = await send()
    expect(again.MessageId).toBe(before.MessageId)
    expect(after.MessageId).not.toBe(before.MessageId)
    expect((await send()).MessageId).toBe(after.MessageId)
    expect(await scene.statistics(`/v1/queues/${nameIn(url)}`)).toMatchObject({ ready: 1, removed: 1 })
  })

  it("[X34] of purges at the same time lets one through", async () => {
    const url = await scene.create()
    const purges = [1, 2, 3, 4].map(() => scene.sqs.send(new PurgeQueueCommand({ QueueUrl: url })))
    const outcomes = await Promise.allSettled(purges)
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
  })
})
