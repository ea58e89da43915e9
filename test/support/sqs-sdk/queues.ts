import {
  paginateListQueues,
  PurgeQueueInProgress,
  QueueDeletedRecently,
  QueueDoesNotExist,
  QueueNameExists,
} from "@aws-sdk/client-sqs"
import { expect } from "vitest"
import type { SdkCall } from "./call.ts"

const createQueue: SdkCall = async (sqs, scene) => {
  const QueueName = scene.newName()
  const Attributes = { VisibilityTimeout: "45", MessageRetentionPeriod: "3600" }
  const made = await sqs.createQueue({ QueueName, Attributes, tags: { team: "mills" } })
  expect(made.QueueUrl).toBe(`${scene.broker.url}/${scene.key.accountId}/${QueueName}`)
  expect(made.$metadata.requestId).toMatch(/./)
  expect(await sqs.createQueue({ QueueName, Attributes })).toMatchObject({ QueueUrl: made.QueueUrl })
  await expect(sqs.createQueue({ QueueName, Attributes: { VisibilityTimeout: "46" } })).rejects.toBeInstanceOf(
    QueueNameExists,
  )
}

const getQueueUrl: SdkCall = async (sqs, scene) => {
  const QueueName = scene.newName()
  await expect(sqs.getQueueUrl({ QueueName })).rejects.toBeInstanceOf(QueueDoesNotExist)
  const { QueueUrl } = await sqs.createQueue({ QueueName })
  expect(await sqs.getQueueUrl({ QueueName, QueueOwnerAWSAccountId: scene.key.accountId })).toMatchObject({ QueueUrl })
}

const listQueues: SdkCall = async (sqs, scene) => {
  const QueueNamePrefix = `${scene.newName()}-listed-`
  const made = await Promise.all(
    ["a", "b", "c"].map((letter) => sqs.createQueue({ QueueName: `${QueueNamePrefix}${letter}` })),
  )
  const expected = made.map(({ QueueUrl }) => QueueUrl)
  expect((await sqs.listQueues({ QueueNamePrefix })).QueueUrls).toEqual(expected)
  const pages: (readonly string[])[] = []
  for await (const page of paginateListQueues({ client: sqs }, { QueueNamePrefix, MaxResults: 2 })) {
    pages.push(page.QueueUrls ?? [])
  }
  expect(pages[0]).toHaveLength(2)
  expect(pages.flat()).toEqual(expected)
}

const getQueueAttributes: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.fifoQueue({ ContentBasedDeduplication: "true", DelaySeconds: "7" })
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] })
  expect(Attributes).toMatchObject({
    QueueArn: expect.stringMatching(/^arn:aws:sqs:us-east-1:\d{12}:.+\.fifo$/) as string,
    FifoQueue: "true",
    ContentBasedDeduplication: "true",
    DeduplicationScope: "queue",
    FifoThroughputLimit: "perQueue",
    DelaySeconds: "7",
    VisibilityTimeout: "30",
    MessageRetentionPeriod: "345600",
    MaximumMessageSize: "1048576",
    ReceiveMessageWaitTimeSeconds: "0",
    SqsManagedSseEnabled: "true",
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesDelayed: "0",
    ApproximateNumberOfMessagesNotVisible: "0",
    CreatedTimestamp: expect.stringMatching(/^\d{10}$/) as string,
    LastModifiedTimestamp: expect.stringMatching(/^\d{10}$/) as string,
  })
}

const setQueueAttributes: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.standardQueue()
  await sqs.setQueueAttributes({ QueueUrl, Attributes: { VisibilityTimeout: "7", ReceiveMessageWaitTimeSeconds: "3" } })
  const names = ["VisibilityTimeout", "ReceiveMessageWaitTimeSeconds"] as const
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: [...names] })
  expect(Attributes).toEqual({ VisibilityTimeout: "7", ReceiveMessageWaitTimeSeconds: "3" })
  await expect(sqs.setQueueAttributes({ QueueUrl, Attributes: { VisibilityTimeout: "43201" } })).rejects.toMatchObject({
    name: "InvalidAttributeValue",
  })
}

const tagQueue: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.standardQueue()
  await sqs.tagQueue({ QueueUrl, Tags: { env: "test", team: "mills" } })
  await sqs.tagQueue({ QueueUrl, Tags: { env: "live", "ключ & co": "" } })
  expect((await sqs.listQueueTags({ QueueUrl })).Tags).toEqual({ env: "live", team: "mills", "ключ & co": "" })
}

const listQueueTags: SdkCall = async (sqs, scene) => {
  const { QueueUrl } = await sqs.createQueue({ QueueName: scene.newName(), tags: { since: "creation" } })
  expect((await sqs.listQueueTags({ QueueUrl })).Tags).toEqual({ since: "creation" })
}

const untagQueue: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.standardQueue()
  await sqs.tagQueue({ QueueUrl, Tags: { env: "test", team: "mills" } })
  await sqs.untagQueue({ QueueUrl, TagKeys: ["env", "never-set"] })
  expect((await sqs.listQueueTags({ QueueUrl })).Tags).toEqual({ team: "mills" })
}

const purgeQueue: SdkCall = async (sqs, scene) => {
  const QueueUrl = await scene.standardQueue()
  await sqs.sendMessage({ QueueUrl, MessageBody: "in flight" })
  await sqs.receiveMessage({ QueueUrl })
  await sqs.sendMessage({ QueueUrl, MessageBody: "waiting" })
  await sqs.purgeQueue({ QueueUrl })
  expect(await scene.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 0 })
  await expect(sqs.purgeQueue({ QueueUrl })).rejects.toBeInstanceOf(PurgeQueueInProgress)
}

const deleteQueue: SdkCall = async (sqs, scene) => {
  const QueueName = scene.newName()
  const { QueueUrl } = await sqs.createQueue({ QueueName })
  await sqs.deleteQueue({ QueueUrl })
  await expect(sqs.deleteQueue({ QueueUrl })).rejects.toBeInstanceOf(QueueDoesNotExist)
  await expect(sqs.sendMessage({ QueueUrl, MessageBody: "late" })).rejects.toBeInstanceOf(QueueDoesNotExist)
  await expect(sqs.createQueue({ QueueName })).rejects.toBeInstanceOf(QueueDeletedRecently)
}

/** What is done to queues. */
export const QUEUE_CALLS = {
  CreateQueue: createQueue,
  DeleteQueue: deleteQueue,
  GetQueueAttributes: getQueueAttributes,
  GetQueueUrl: getQueueUrl,
  ListQueueTags: listQueueTags,
  ListQueues: listQueues,
  PurgeQueue: purgeQueue,
  SetQueueAttributes: setQueueAttributes,
  TagQueue: tagQueue,
  UntagQueue: untagQueue,
} as const satisfies Record<string, SdkCall>
