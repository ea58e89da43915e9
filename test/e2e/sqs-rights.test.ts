import type { SQS } from "@aws-sdk/client-sqs"
import { describe, expect, it } from "vitest"
import type { Action } from "../../src/core/access/rights.ts"
import type { ActionName } from "../../src/protocol/sqs/actions.ts"
import { SqsKeyScene } from "../support/sqs-key-scene.ts"

const scene = new SqsKeyScene()
/** A queue that there is not: that it is missing must be told only to those who may ask. */
const NAME = "not-there"
const ARN = `arn:aws:sqs:us-east-1:000000000000:${NAME}`
const HANDLE = btoa(JSON.stringify({ taskId: "0", sourceArn: ARN }))
const RECEIPT = { Id: "a", ReceiptHandle: "a" }

type Ask = (sqs: SQS, QueueUrl: string) => Promise<unknown>

const ACTIONS: Readonly<Record<ActionName, readonly [Ask, readonly Action[]]>> = {
  SendMessage: [(sqs, QueueUrl) => sqs.sendMessage({ QueueUrl, MessageBody: "a" }), ["produce"]],
  SendMessageBatch: [
    (sqs, QueueUrl) => sqs.sendMessageBatch({ QueueUrl, Entries: [{ Id: "a", MessageBody: "a" }] }),
    ["produce"],
  ],
  ReceiveMessage: [(sqs, QueueUrl) => sqs.receiveMessage({ QueueUrl }), ["consume"]],
  DeleteMessage: [(sqs, QueueUrl) => sqs.deleteMessage({ QueueUrl, ReceiptHandle: "a" }), ["consume"]],
  DeleteMessageBatch: [(sqs, QueueUrl) => sqs.deleteMessageBatch({ QueueUrl, Entries: [RECEIPT] }), ["consume"]],
  ChangeMessageVisibility: [
    (sqs, QueueUrl) => sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle: "a", VisibilityTimeout: 1 }),
    ["consume"],
  ],
  ChangeMessageVisibilityBatch: [
    (sqs, QueueUrl) => sqs.changeMessageVisibilityBatch({ QueueUrl, Entries: [{ ...RECEIPT, VisibilityTimeout: 1 }] }),
    ["consume"],
  ],
  GetQueueUrl: [(sqs) => sqs.getQueueUrl({ QueueName: NAME }), ["read", "produce", "consume", "manage"]],
  GetQueueAttributes: [(sqs, QueueUrl) => sqs.getQueueAttributes({ QueueUrl }), ["read"]],
  ListQueueTags: [(sqs, QueueUrl) => sqs.listQueueTags({ QueueUrl }), ["read"]],
  ListDeadLetterSourceQueues: [(sqs, QueueUrl) => sqs.listDeadLetterSourceQueues({ QueueUrl }), ["read"]],
  ListMessageMoveTasks: [(sqs) => sqs.listMessageMoveTasks({ SourceArn: ARN }), ["read"]],
  ListQueues: [(sqs) => sqs.listQueues({}), ["read"]],
  AddPermission: [
    (sqs, QueueUrl) => sqs.addPermission({ QueueUrl, Label: "a", AWSAccountIds: ["1"], Actions: ["*"] }),
    ["manage"],
  ],
  RemovePermission: [(sqs, QueueUrl) => sqs.removePermission({ QueueUrl, Label: "a" }), ["manage"]],
  // with an attribute that no queue has, so that none comes of it
  CreateQueue: [(sqs) => sqs.createQueue({ QueueName: NAME, Attributes: { Any: "1" } as object }), ["manage"]],
  SetQueueAttributes: [(sqs, QueueUrl) => sqs.setQueueAttributes({ QueueUrl, Attributes: {} }), ["manage"]],
  DeleteQueue: [(sqs, QueueUrl) => sqs.deleteQueue({ QueueUrl }), ["manage"]],
  PurgeQueue: [(sqs, QueueUrl) => sqs.purgeQueue({ QueueUrl }), ["manage"]],
  TagQueue: [(sqs, QueueUrl) => sqs.tagQueue({ QueueUrl, Tags: { a: "b" } }), ["manage"]],
  UntagQueue: [(sqs, QueueUrl) => sqs.untagQueue({ QueueUrl, TagKeys: ["a"] }), ["manage"]],
  CancelMessageMoveTask: [(sqs) => sqs.cancelMessageMoveTask({ TaskHandle: HANDLE }), ["manage"]],
  StartMessageMoveTask: [(sqs) => sqs.startMessageMoveTask({ SourceArn: ARN, DestinationArn: `${ARN}-2` }), ["manage"]],
}

const RIGHTS = ["read", "produce", "consume", "manage"] as const

describe("rights of a key", () => {
  it.each(Object.entries(ACTIONS))("[X56] %s", async (_, [ask, needed]) => {
    const queueUrl = `${scene.broker.url}/000000000000/${NAME}`
    const enough = new Set<Action>()
    for (const action of RIGHTS) {
      const client = await clientWith([{ actions: [action], queues: [NAME] }, OTHER_QUEUE])
      if (!(await isDenied(ask(client, queueUrl)))) enough.add(action)
    }
    expect([...enough]).toEqual(needed)
  })

  it("[X56] where messages go to, sending takes a right too", async () => {
    const manager = await clientWith([{ actions: ["manage"], queues: ["*"] }])
    const { dead, deadArn } = await scene.deadLetters(1)
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: deadArn, maxReceiveCount: 1 })
    expect(await isDenied(manager.setQueueAttributes({ QueueUrl: dead, Attributes: { RedrivePolicy } }))).toBe(true)
    expect(await isDenied(manager.createQueue({ QueueName: "new", Attributes: { RedrivePolicy } }))).toBe(true)
    expect(await isDenied(manager.startMessageMoveTask({ SourceArn: deadArn, DestinationArn: ARN }))).toBe(true)
    const some = await clientWith([
      { actions: ["manage"], queues: ["*"] },
      { actions: ["produce"], queues: ["name-*"] },
    ])
    expect(await isDenied(some.startMessageMoveTask({ SourceArn: deadArn }))).toBe(true)
    const all = await clientWith([{ actions: ["manage", "produce"], queues: ["*"] }])
    expect(await isDenied(all.startMessageMoveTask({ SourceArn: deadArn }))).toBe(false)
  })
})

/** So that the right to some other queue does not count for this one. */
const OTHER_QUEUE = { actions: ["produce"], queues: [`${NAME}-2`] }

async function clientWith(rights: readonly object[]): Promise<SQS> {
  return scene.sdk({ credentials: await scene.newKey({ rights }) })
}

async function isDenied(asked: Promise<unknown>): Promise<boolean> {
  try {
    await asked
    return false
  } catch (error) {
    const { name, $fault } = error as { name: string; $fault: string }
    expect($fault).toBe("client")
    return name === "AccessDenied"
  }
}
