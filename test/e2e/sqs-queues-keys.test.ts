import { CreateQueueCommand, ListQueuesCommand, type SQS } from "@aws-sdk/client-sqs"
import { describe, expect, it } from "vitest"
import { nameIn, SqsKeyScene } from "../support/sqs-key-scene.ts"
import { expectError } from "../support/sqs-scene.ts"

const scene = new SqsKeyScene()

async function clientWith(actions: readonly string[], queues: readonly string[]): Promise<SQS> {
  return scene.sdk({ credentials: await scene.newKey({ rights: [{ actions, queues }] }) })
}

describe("a key with rights of its own", () => {
  it("[X32] lists the queues that it may read, in pages of them", async () => {
    const prefix = scene.newName()
    const names = ["open-1", "secret-1", "open-2", "secret-2", "open-3"].map((name) => `${prefix}-${name}`)
    for (const QueueName of names) await scene.sqs.createQueue({ QueueName })
    const open = names.filter((name) => name.includes("open"))
    const reader = await clientWith(["read"], [`${prefix}-open-*`])
    const first = await reader.send(new ListQueuesCommand({ MaxResults: 2 }))
    expect(first.QueueUrls?.map(nameIn)).toEqual(open.slice(0, 2))
    const second = await reader.send(new ListQueuesCommand({ MaxResults: 2, NextToken: first.NextToken }))
    expect([second.QueueUrls?.map(nameIn), second.NextToken]).toEqual([open.slice(2), undefined])
    const hidden = await reader.send(new ListQueuesCommand({ QueueNamePrefix: `${prefix}-secret` }))
    expect(hidden.QueueUrls).toBeUndefined()
    const sender = await clientWith(["produce"], ["*"])
    await expectError(sender.send(new ListQueuesCommand({})), { name: "AccessDenied", status: 403 })
  })

  it("[X20] creates queues that it may manage, with dead letters to where it may send", async () => {
    const prefix = scene.newName()
    const dead = await scene.standardQueue()
    const policy = JSON.stringify({ deadLetterTargetArn: await scene.arn(dead), maxReceiveCount: 2 })
    const manager = await clientWith(["manage"], [`${prefix}-*`])
    const create = (name: string, attributes = {}): Promise<unknown> =>
      manager.send(new CreateQueueCommand({ QueueName: `${prefix}-${name}`, Attributes: attributes }))
    await create("plain")
    const denied = { name: "AccessDenied", status: 403 }
    await expectError(create("redriven", { RedrivePolicy: policy }), denied)
    await expectError(manager.send(new CreateQueueCommand({ QueueName: scene.newName() })), denied)
    const unread = manager.getQueueAttributes({ QueueUrl: dead, AttributeNames: ["All"] })
    await expectError(unread, denied)
  })
})
