import { describe, expect, it, vi } from "vitest"
import { problem } from "../support/http.ts"
import { nameIn, PATIENCE, SqsKeyScene } from "../support/sqs-key-scene.ts"

const scene = new SqsKeyScene()

describe("dead letters", () => {
  it("[X96] a dead letter of a consumer at SQS says natively whence and why", async () => {
    const { queue, dead } = await scene.queueWithDeadLetters(1)
    const { MessageId } = await scene.sqs.sendMessage({ QueueUrl: queue, MessageBody: "poison" })
    await scene.sqs.receiveMessage({ QueueUrl: queue, VisibilityTimeout: 0 })
    const letter = await vi.waitFor(() => scene.receiveOne(path(dead), { visibilityTimeoutMs: 0 }), PATIENCE)
    expect(letter).toMatchObject({
      body: "poison",
      headers: {
        "millrace-dead-letter-source": nameIn(queue),
        "millrace-dead-letter-reason": "max_deliveries",
        "millrace-dead-letter-delivery-count": "1",
      },
    })
    const names = ["DeadLetterQueueSourceArn" as const]
    const { Messages } = await scene.sqs.receiveMessage({ QueueUrl: dead, MessageSystemAttributeNames: names })
    expect(Messages).toMatchObject([
      { MessageId, Body: "poison", Attributes: { DeadLetterQueueSourceArn: await scene.arn(queue) } },
    ])
  })

  it("[X96] what is rejected natively is a dead letter at SQS, and may be moved back there", async () => {
    const { queue, dead } = await scene.queueWithDeadLetters(5)
    await scene.send(path(queue), "rejected")
    const { receipt } = await scene.receiveOne(path(queue))
    await scene.settle("nack", path(queue), { receipts: [receipt], reject: true })
    await vi.waitFor(async () => expect((await scene.counts(dead)).visible).toBe(1), PATIENCE)
    const SourceArn = await scene.arn(dead)
    await scene.sqs.startMessageMoveTask({ SourceArn })
    await vi.waitFor(async () => expect((await scene.counts(queue)).visible).toBe(1), PATIENCE)
    const { body } = await scene.get(`${path(dead)}/redrive`)
    expect(body).toMatchObject({ redrives: [{ state: "done", moved: 1 }] })
  })
})

describe("settings", () => {
  it("[X97] what is set at one door is seen at the other", async () => {
    const dead = await scene.standardQueue()
    const queue = await scene.standardQueue({ VisibilityTimeout: "45", MessageRetentionPeriod: "3600" })
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await scene.arn(dead), maxReceiveCount: "7" })
    await scene.sqs.setQueueAttributes({ QueueUrl: queue, Attributes: { RedrivePolicy } })
    const { body } = await scene.get(path(queue))
    expect(body).toMatchObject({
      settings: {
        visibilityTimeoutMs: 45_000,
        retentionMs: 3_600_000,
        deadLetterQueue: nameIn(dead),
        maxDeliveries: 7,
      },
    })
    await scene.put(path(queue), { visibilityTimeoutMs: 60_500, maxDeliveries: 3 })
    const { Attributes } = await scene.sqs.getQueueAttributes({ QueueUrl: queue, AttributeNames: ["All"] })
    expect(Attributes).toMatchObject({ VisibilityTimeout: "60", MessageRetentionPeriod: "3600" })
    expect(JSON.parse(Attributes!["RedrivePolicy"]!)).toMatchObject({ maxReceiveCount: 3 })
  })

  it("[X97] what only SQS knows of a queue outlives a native change", async () => {
    const queue = await scene.standardQueue({ ReceiveMessageWaitTimeSeconds: "3", DelaySeconds: "1" })
    await scene.sqs.tagQueue({ QueueUrl: queue, Tags: { team: "mills" } })
    const changed = await scene.put(path(queue), { retentionMs: 7_200_000, annotations: { "our:note": "kept" } })
    expect(changed.status).toBe(200)
    expect((await scene.sqs.listQueueTags({ QueueUrl: queue })).Tags).toEqual({ team: "mills" })
    const { Attributes } = await scene.sqs.getQueueAttributes({ QueueUrl: queue, AttributeNames: ["All"] })
    expect(Attributes).toMatchObject({
      ReceiveMessageWaitTimeSeconds: "3",
      DelaySeconds: "1",
      MessageRetentionPeriod: "7200",
    })
    await scene.sqs.untagQueue({ QueueUrl: queue, TagKeys: ["team"] })
    const { body } = await scene.get(path(queue))
    expect(body).toMatchObject({ settings: { annotations: { "our:note": "kept" } } })
  })

  it("[X97] a queue that is purged or deleted at one door is so at the other", async () => {
    const queue = await scene.standardQueue()
    await scene.send(path(queue), "gone")
    await scene.sqs.purgeQueue({ QueueUrl: queue })
    expect(await scene.statistics(path(queue))).toMatchObject({ ready: 0, removed: 1 })
    await scene.sqs.deleteQueue({ QueueUrl: queue })
    expect(await scene.get(path(queue))).toMatchObject(problem(404, "not_found"))
    const other = await scene.standardQueue()
    expect((await scene.delete(path(other))).status).toBe(204)
    const late = scene.sqs.sendMessage({ QueueUrl: other, MessageBody: "late" })
    await expect(late).rejects.toMatchObject({ name: "QueueDoesNotExist" })
  })

  it("[X97] a queue that is full natively is throttling at SQS, which clients repeat, and one that is paused is not", async () => {
    const queue = await scene.standardQueue()
    const send = () => scene.sdk({ maxAttempts: 1 }).sendMessage({ QueueUrl: queue, MessageBody: "one more" })
    await scene.put(path(queue), { maxMessages: 1 })
    await send()
    await expect(send()).rejects.toMatchObject({ name: "RequestThrottled", $metadata: { httpStatusCode: 403 } })
    await scene.put(path(queue), { maxMessages: null, sendingPaused: true })
    await expect(send()).rejects.toMatchObject({ name: "UnsupportedOperation" })
  })
})

describe("receipts and ids", () => {
  it("[X98] a native receipt is a receipt handle", async () => {
    const queue = await scene.standardQueue()
    await scene.send(path(queue), "settled elsewhere")
    const { receipt } = await scene.receiveOne(path(queue))
    await scene.sqs.changeMessageVisibility({ QueueUrl: queue, ReceiptHandle: receipt, VisibilityTimeout: 600 })
    await scene.sqs.deleteMessage({ QueueUrl: queue, ReceiptHandle: receipt })
    expect(await scene.statistics(path(queue))).toMatchObject({ inFlight: 0, acknowledged: 1 })
  })

  it("[X98] a message has one id at SQS, whichever door it came through and however often it is received", async () => {
    const queue = await scene.standardQueue()
    await scene.send(path(queue), "native")
    const ids: (string | undefined)[] = []
    for (let count = 0; count < 2; count++) {
      const { Messages } = await scene.sqs.receiveMessage({ QueueUrl: queue, VisibilityTimeout: 0 })
      ids.push(Messages?.[0]?.MessageId)
    }
    expect(ids[0]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(ids[1]).toBe(ids[0])
  })
})

describe("deduplication", () => {
  it("[X99] an id that one door has taken is a repeat at the other", async () => {
    const queue = await scene.fifoQueue()
    const order = { MessageBody: "x", MessageGroupId: "anna" }
    await scene.sqs.sendMessage({ QueueUrl: queue, ...order, MessageDeduplicationId: "17" })
    await scene.post(`${path(queue)}/messages`, { body: "x", groupId: "anna", dedupId: "17" })
    await scene.post(`${path(queue)}/messages`, { body: "y", groupId: "anna", dedupId: "18" })
    const { MessageId } = await scene.sqs.sendMessage({ QueueUrl: queue, ...order, MessageDeduplicationId: "18" })
    expect(await scene.statistics(path(queue))).toMatchObject({ sent: 2, deduplicated: 2 })
    const { Messages } = await scene.sqs.receiveMessage({ QueueUrl: queue, MaxNumberOfMessages: 10 })
    expect(Messages).toMatchObject([{ Body: "x" }, { Body: "y", MessageId }])
  })

  it("[X99] so is a body, where ids are made of bodies", async () => {
    const queue = await scene.fifoQueue({ ContentBasedDeduplication: "true" })
    await scene.sqs.sendMessage({ QueueUrl: queue, MessageBody: "same", MessageGroupId: "anna" })
    await scene.post(`${path(queue)}/messages`, { body: "same", groupId: "anna" })
    expect(await scene.statistics(path(queue))).toMatchObject({ sent: 1, deduplicated: 1 })
  })
})

function path(queueUrl: string): string {
  return `/v1/queues/${nameIn(queueUrl)}`
}
