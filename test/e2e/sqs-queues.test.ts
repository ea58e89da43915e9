import { DeleteQueueCommand, GetQueueUrlCommand, ListQueuesCommand } from "@aws-sdk/client-sqs"
import { describe, expect, it } from "vitest"
import { nameIn } from "../support/sqs-key-scene.ts"
import { NO_QUEUE, SqsQueueScene } from "../support/sqs-queue-scene.ts"
import { expectError } from "../support/sqs-scene.ts"

const scene = new SqsQueueScene()

const STANDARD_DEFAULTS = {
  ApproximateNumberOfMessages: "0",
  ApproximateNumberOfMessagesDelayed: "0",
  ApproximateNumberOfMessagesNotVisible: "0",
  DelaySeconds: "0",
  MaximumMessageSize: "1048576",
  MessageRetentionPeriod: "345600",
  ReceiveMessageWaitTimeSeconds: "0",
  SqsManagedSseEnabled: "true",
  VisibilityTimeout: "30",
}
const FIFO_DEFAULTS = {
  ...STANDARD_DEFAULTS,
  ContentBasedDeduplication: "false",
  DeduplicationScope: "queue",
  FifoQueue: "true",
  FifoThroughputLimit: "perQueue",
}

describe("CreateQueue", () => {
  it("[X20] makes a standard queue with the defaults of the real service", async () => {
    const askedAt = Math.floor(Date.now() / 1000)
    const url = await scene.create()
    const shown = await scene.attributesOf(url, "All")
    const { CreatedTimestamp, LastModifiedTimestamp, ...rest } = shown!
    const arn = `arn:aws:sqs:us-east-1:000000000000:${nameIn(url)}`
    expect(rest).toEqual({ ...STANDARD_DEFAULTS, QueueArn: arn })
    expect(Number(CreatedTimestamp)).toBeGreaterThanOrEqual(askedAt - 1)
    expect(Number(CreatedTimestamp)).toBeLessThanOrEqual(Date.now() / 1000 + 1)
    expect(LastModifiedTimestamp).toBe(CreatedTimestamp)
    const native = await scene.get(`/v1/queues/${nameIn(url)}`)
    expect(native.body).toMatchObject({ settings: { ordering: "standard", fair: true } })
  })

  it("[X20] makes a fifo queue with the defaults of the real service", async () => {
    const url = await scene.create({ FifoQueue: "true" })
    const { CreatedTimestamp, LastModifiedTimestamp, QueueArn, ...rest } = (await scene.attributesOf(url, "All"))!
    expect([CreatedTimestamp, LastModifiedTimestamp, QueueArn].every((text) => text !== undefined)).toBe(true)
    expect(rest).toEqual(FIFO_DEFAULTS)
    const native = await scene.get(`/v1/queues/${nameIn(url)}`)
    expect(native.body).toMatchObject({ settings: { ordering: "fifo", fair: false } })
  })

  it("[X21] keeps every attribute that it is given", async () => {
    const deadLetters = await scene.attributesOf(await scene.create({ FifoQueue: "true" }), "QueueArn")
    const arn = deadLetters!["QueueArn"]!
    const given = {
      FifoQueue: "true",
      ContentBasedDeduplication: "true",
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
      DelaySeconds: "5",
      MaximumMessageSize: "2048",
      MessageRetentionPeriod: "604800",
      ReceiveMessageWaitTimeSeconds: "10",
      VisibilityTimeout: "20",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 3 }),
      RedriveAllowPolicy: '{"redrivePermission":"denyAll"}',
      KmsMasterKeyId: "alias/test",
      KmsDataKeyReusePeriodSeconds: "600",
    }
    const url = await scene.create(given)
    expect(await scene.attributesOf(url, ...Object.keys(given))).toEqual(given)
    expect(await scene.create(given, nameIn(url))).toBe(url)
  })

  it("[X22] answers the queue that is there, whatever became of it, where nothing else is asked for", async () => {
    const url = await scene.create({ VisibilityTimeout: "45" })
    await scene.set(url, { ReceiveMessageWaitTimeSeconds: "2" })
    expect(await scene.create({}, nameIn(url))).toBe(url)
    expect(await scene.create({ VisibilityTimeout: "045" }, nameIn(url))).toBe(url)
    expect(await scene.create({ ReceiveMessageWaitTimeSeconds: "2", DelaySeconds: "0" }, nameIn(url))).toBe(url)
  })

  it("[X22] refuses attributes other than those of the queue that is there", async () => {
    const name = nameIn(await scene.create({ ReceiveMessageWaitTimeSeconds: "1", DelaySeconds: "1" }))
    const refusal = {
      name: "QueueNameExists",
      code: "QueueAlreadyExists",
      status: 400,
      message: "A queue already exists with the same name and a different value for attribute DelaySeconds",
    }
    await expectError(scene.create({ ReceiveMessageWaitTimeSeconds: "1", DelaySeconds: "2" }, name), refusal)
    await scene.set(scene.queueUrl(name), { DelaySeconds: "2" })
    await scene.create({ ReceiveMessageWaitTimeSeconds: "1", DelaySeconds: "2" }, name)
    await expectError(scene.create({ ReceiveMessageWaitTimeSeconds: "1", DelaySeconds: "1" }, name), refusal)
  })

  it("[X22] of creations at the same time makes one queue, and refuses those that differ", async () => {
    const name = scene.newName()
    const timeouts = ["10", "20", "10", "20", "10", "20"]
    const made = await Promise.allSettled(timeouts.map((timeout) => scene.create({ VisibilityTimeout: timeout }, name)))
    const { VisibilityTimeout: kept } = (await scene.attributesOf(scene.queueUrl(name), "VisibilityTimeout"))!
    expect(made.map(({ status }) => status === "fulfilled")).toEqual(timeouts.map((timeout) => timeout === kept))
  })

  it("[X23] holds names to the rules of the real service", async () => {
    const standard = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    const fifo =
      "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, " +
      "must end with .fifo suffix and be 1 to 80 in length."
    const refusal = { name: "InvalidParameterValue", code: "InvalidParameterValue", status: 400 }
    for (const name of ["a.b", "a b", "x".repeat(81), "queue.fifo", "", "ä"]) {
      await expectError(scene.create({}, name), { ...refusal, message: standard })
    }
    for (const name of ["plain", "a.b.fifo", ".fifo", `${"x".repeat(76)}.fifo`]) {
      await expectError(scene.create({ FifoQueue: "true" }, name), { ...refusal, message: fifo })
    }
    await expectError(scene.create({}, "-dash"), {
      ...refusal,
      message: "Value -dash for parameter QueueName is invalid. Reason: Must begin with a letter or a digit.",
    })
    await scene.create({}, "x".repeat(80))
    await scene.create({ FifoQueue: "true" }, `${"x".repeat(75)}.fifo`)
  })

  it("[X24] lets the name of a deleted queue rest for a minute", async () => {
    const url = await scene.create()
    await scene.sqs.send(new DeleteQueueCommand({ QueueUrl: url }))
    await expectError(scene.create({}, nameIn(url)), {
      name: "QueueDeletedRecently",
      code: "AWS.SimpleQueueService.QueueDeletedRecently",
      status: 400,
      message: "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    })
    const native = await scene.queue()
    await scene.delete(native)
    await expectError(scene.create({}, nameIn(native)), { name: "QueueDeletedRecently" })
  })
})

describe("the query protocol", () => {
  it("[X21] creates, shows and changes queues as the JSON protocol does", async () => {
    const name = `${scene.newName()}.fifo`
    const made = await scene.query("CreateQueue", {
      QueueName: name,
      "Attribute.1.Name": "FifoQueue",
      "Attribute.1.Value": "true",
      "Attribute.2.Name": "VisibilityTimeout",
      "Attribute.2.Value": "12",
      "Tag.1.Key": "env",
      "Tag.1.Value": "<test>",
    })
    expect([made.status, made.text("QueueUrl")]).toEqual([200, scene.queueUrl(name)])
    const path = `/000000000000/${name}`
    const shown = await scene.query("GetQueueAttributes", { "AttributeName.1": "VisibilityTimeout" }, path)
    expect([shown.texts("Name"), shown.texts("Value")]).toEqual([["VisibilityTimeout"], ["12"]])
    const tags = await scene.query("ListQueueTags", {}, path)
    expect([tags.texts("Key"), tags.texts("Value")]).toEqual([["env"], ["<test>"]])
    const changed = { "Attribute.Name": "VisibilityTimeout", "Attribute.Value": "13" }
    expect((await scene.query("SetQueueAttributes", changed, path)).status).toBe(200)
    expect(await scene.attributesOf(scene.queueUrl(name), "VisibilityTimeout")).toEqual({ VisibilityTimeout: "13" })
    const missing = await scene.query("GetQueueUrl", { QueueName: "nowhere" })
    expect([missing.status, missing.text("Code"), missing.text("Message")]).toEqual([
      400,
      "AWS.SimpleQueueService.NonExistentQueue",
      "The specified queue does not exist for this wsdl version.",
    ])
  })
})

describe("GetQueueUrl", () => {
  it("[X31] answers the URL, under whatever host the client came", async () => {
    const url = await scene.create()
    const named = new GetQueueUrlCommand({ QueueName: nameIn(url), QueueOwnerAWSAccountId: "123456789012" })
    expect((await scene.sqs.send(named)).QueueUrl).toBe(url)
    const elsewhere = scene.client({ endpoint: scene.broker.url.replace("127.0.0.1", "localhost") })
    const { QueueUrl } = await elsewhere.send(new GetQueueUrlCommand({ QueueName: nameIn(url) }))
    expect(QueueUrl).toBe(url.replace("127.0.0.1", "localhost"))
    for (const name of ["nowhere", `x/${nameIn(url)}`]) {
      await expectError(scene.sqs.send(new GetQueueUrlCommand({ QueueName: name })), NO_QUEUE)
    }
  })
})

describe("ListQueues", () => {
  it("[X32] lists by prefix, and in pages where their size is given", async () => {
    const prefix = `${scene.newName()}-page-`
    const names = ["a", "b", "c", "d", "e"].map((letter) => prefix + letter)
    for (const name of names) await scene.create({}, name)
    const listed = await scene.sqs.send(new ListQueuesCommand({ QueueNamePrefix: prefix }))
    expect(listed.QueueUrls).toEqual(names.map((name) => scene.queueUrl(name)))
    expect(listed.NextToken).toBeUndefined()
    const pages: (string[] | undefined)[] = []
    let token: string | undefined
    do {
      const page = { QueueNamePrefix: prefix, MaxResults: 2, ...(token === undefined ? {} : { NextToken: token }) }
      const { QueueUrls, NextToken } = await scene.sqs.send(new ListQueuesCommand(page))
      pages.push(QueueUrls?.map(nameIn))
      token = NextToken
    } while (token !== undefined)
    expect(pages).toEqual([names.slice(0, 2), names.slice(2, 4), names.slice(4)])
    expect((await scene.sqs.send(new ListQueuesCommand({ QueueNamePrefix: "none-" }))).QueueUrls).toBeUndefined()
  })

  it("[X32] refuses pages that are none", async () => {
    for (const size of [0, 1001, -1]) {
      await expectError(scene.sqs.send(new ListQueuesCommand({ MaxResults: size })), {
        name: "InvalidParameterValue",
        status: 400,
        message: "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.",
      })
    }
    for (const token of ["???", "", btoa("no/name")]) {
      const asked = scene.sqs.send(new ListQueuesCommand({ MaxResults: 1, NextToken: token }))
      await expectError(asked, { name: "InvalidParameterValue", message: "Invalid NextToken value." })
    }
  })
})

describe("DeleteQueue", () => {
  it("[X33] deletes the queue with its messages, at once", async () => {
    const queue = await scene.queue()
    await scene.send(queue, "gone")
    const url = scene.queueUrl(nameIn(queue))
    await scene.sqs.send(new DeleteQueueCommand({ QueueUrl: url }))
    expect((await scene.get(queue)).status).toBe(404)
    await expectError(scene.sqs.send(new DeleteQueueCommand({ QueueUrl: url })), NO_QUEUE)
    expect((await scene.put(queue)).status).toBe(201)
    expect(await scene.receive(queue)).toEqual([])
  })
})
