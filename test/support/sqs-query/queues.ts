import { expect } from "vitest"
import { ask, pairs, type QueryCall, refused } from "./call.ts"

const createQueue: QueryCall = async (scene) => {
  const QueueName = scene.newName()
  const attributes = { "Attribute.1.Name": "VisibilityTimeout", "Attribute.1.Value": "45" }
  const tags = { "Tag.1.Key": "team", "Tag.1.Value": "mills" }
  const made = await ask(scene, "CreateQueue", { QueueName, ...attributes, ...tags })
  expect(made.text("QueueUrl")).toBe(`${scene.broker.url}/${scene.key.accountId}/${QueueName}`)
  const other = { "Attribute.1.Name": "VisibilityTimeout", "Attribute.1.Value": "46" }
  expect(await refused(scene, "CreateQueue", { QueueName, ...other })).toEqual([400, "QueueAlreadyExists"])
}

const getQueueUrl: QueryCall = async (scene) => {
  const QueueUrl = await scene.standardQueue()
  const QueueName = QueueUrl.split("/").at(-1)!
  expect((await ask(scene, "GetQueueUrl", { QueueName })).text("QueueUrl")).toBe(QueueUrl)
  const missing = await scene.query("GetQueueUrl", { QueueName: "no-such-queue" })
  expect([missing.status, missing.text("Code"), missing.text("Message")]).toEqual([
    400,
    "AWS.SimpleQueueService.NonExistentQueue",
    "The specified queue does not exist for this wsdl version.",
  ])
}

const listQueues: QueryCall = async (scene) => {
  const prefix = `${scene.newName()}-asked-`
  const made = ["a", "b", "c"].map(async (letter) => {
    const { QueueUrl } = await scene.sqs.createQueue({ QueueName: `${prefix}${letter}` })
    return QueueUrl!
  })
  const expected = await Promise.all(made)
  const first = await ask(scene, "ListQueues", { QueueNamePrefix: prefix, MaxResults: "2" })
  expect(first.texts("QueueUrl")).toEqual(expected.slice(0, 2))
  const NextToken = first.text("NextToken")!
  const second = await ask(scene, "ListQueues", { QueueNamePrefix: prefix, MaxResults: "2", NextToken })
  expect(second.texts("QueueUrl")).toEqual(expected.slice(2))
  expect(second.text("NextToken")).toBeUndefined()
}

const getQueueAttributes: QueryCall = async (scene) => {
  const QueueUrl = await scene.standardQueue({ VisibilityTimeout: "12" })
  const some = { "AttributeName.1": "VisibilityTimeout", "AttributeName.2": "QueueArn" }
  const answer = await ask(scene, "GetQueueAttributes", { QueueUrl, ...some })
  expect(pairs(answer, "Name")).toEqual({ VisibilityTimeout: "12", QueueArn: await scene.arn(QueueUrl) })
  const unknown = { QueueUrl, "AttributeName.1": "Colour" }
  expect(await refused(scene, "GetQueueAttributes", unknown)).toEqual([400, "InvalidAttributeName"])
}

const setQueueAttributes: QueryCall = async (scene) => {
  const QueueUrl = await scene.standardQueue()
  const two = {
    "Attribute.1.Name": "VisibilityTimeout",
    "Attribute.1.Value": "9",
    "Attribute.2.Name": "DelaySeconds",
    "Attribute.2.Value": "3",
  }
  await ask(scene, "SetQueueAttributes", { QueueUrl, ...two })
  const answer = await ask(scene, "GetQueueAttributes", { QueueUrl, "AttributeName.1": "All" })
  expect(pairs(answer, "Name")).toMatchObject({ VisibilityTimeout: "9", DelaySeconds: "3" })
}

const tags: QueryCall = async (scene) => {
  const QueueUrl = await scene.standardQueue()
  const both = { "Tag.1.Key": "env", "Tag.1.Value": "a <b> & c", "Tag.2.Key": "team", "Tag.2.Value": "mills" }
  await ask(scene, "TagQueue", { QueueUrl, ...both })
  const tagged = await ask(scene, "ListQueueTags", { QueueUrl })
  expect(pairs(tagged, "Key")).toEqual({ env: "a <b> & c", team: "mills" })
  await ask(scene, "UntagQueue", { QueueUrl, "TagKey.1": "env" })
  expect(pairs(await ask(scene, "ListQueueTags", { QueueUrl }), "Key")).toEqual({ team: "mills" })
}

const purgeQueue: QueryCall = async (scene) => {
  const QueueUrl = await scene.standardQueue()
  await scene.sqs.sendMessage({ QueueUrl, MessageBody: "waiting" })
  await ask(scene, "PurgeQueue", { QueueUrl })
  expect(await scene.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 0 })
  const again = await refused(scene, "PurgeQueue", { QueueUrl })
  expect(again).toEqual([403, "AWS.SimpleQueueService.PurgeQueueInProgress"])
}

const deleteQueue: QueryCall = async (scene) => {
  const QueueUrl = await scene.standardQueue()
  await ask(scene, "DeleteQueue", { QueueUrl })
  const again = await refused(scene, "DeleteQueue", { QueueUrl })
  expect(again).toEqual([400, "AWS.SimpleQueueService.NonExistentQueue"])
}

/** What is done to queues. */
export const QUEUE_CALLS = {
  CreateQueue: createQueue,
  DeleteQueue: deleteQueue,
  GetQueueAttributes: getQueueAttributes,
  GetQueueUrl: getQueueUrl,
  ListQueueTags: tags,
  ListQueues: listQueues,
  PurgeQueue: purgeQueue,
  SetQueueAttributes: setQueueAttributes,
  TagQueue: tags,
  UntagQueue: tags,
} as const satisfies Record<string, QueryCall>
