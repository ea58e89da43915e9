import { describe, expect, it } from "vitest"
import { nameIn, SqsKeyScene } from "../support/sqs-key-scene.ts"
import { expectError } from "../support/sqs-scene.ts"

const scene = new SqsKeyScene()
const INVALID = { name: "InvalidParameterValue", status: 400 }

describe("a redrive policy", () => {
  it.each([
    [
      "is not there",
      () => Promise.resolve("arn:aws:sqs:us-east-1:000000000000:nowhere"),
      "Dead letter target does not exist.",
    ],
    [
      "is of the other type",
      async () => scene.arn(await scene.fifoQueue()),
      "Dead-letter queue must be same type of queue as the source..",
    ],
    [
      "is closed",
      async () => scene.arn(await scene.standardQueue({ RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' })),
      /does not allow .* to redrive to it\.$/,
    ],
  ])("[X48] takes no target that %s", async (_, target, reason) => {
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await target(), maxReceiveCount: 3 })
    const message = typeof reason === "string" ? `${invalid(RedrivePolicy)}${reason}` : reason
    const QueueUrl = await scene.standardQueue()
    await expectError(scene.sqs.setQueueAttributes({ QueueUrl, Attributes: { RedrivePolicy } }), {
      ...INVALID,
      message,
    })
    const created = scene.sqs.createQueue({ QueueName: scene.newName(), Attributes: { RedrivePolicy } })
    await expectError(created, { ...INVALID, message })
  })

  it("[X48] [X49] takes neither the queue itself nor what would come back to it", async () => {
    const QueueUrl = await scene.standardQueue()
    const to = (arn: string) => JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 3 })
    const self = scene.sqs.setQueueAttributes({
      QueueUrl,
      Attributes: { RedrivePolicy: to(await scene.arn(QueueUrl)) },
    })
    await expectError(self, { ...INVALID, message: /Dead-letter queue can't be the source queue itself\.$/ })
    const other = await scene.standardQueue({ RedrivePolicy: to(await scene.arn(QueueUrl)) })
    const back = scene.sqs.setQueueAttributes({ QueueUrl, Attributes: { RedrivePolicy: to(await scene.arn(other)) } })
    await expectError(back, INVALID)
  })

  it("[X49] is taken from those that the target names", async () => {
    const source = scene.newName()
    const sourceQueueArns = [`arn:aws:sqs:us-east-1:000000000000:${source}`]
    const dead = await scene.standardQueue({
      RedriveAllowPolicy: JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns }),
    })
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await scene.arn(dead), maxReceiveCount: 3 })
    await scene.sqs.createQueue({ QueueName: source, Attributes: { RedrivePolicy } })
    const other = scene.sqs.createQueue({ QueueName: scene.newName(), Attributes: { RedrivePolicy } })
    await expectError(other, INVALID)
  })
})

describe("sources of dead letters", () => {
  it("[X50] are listed by whichever door they were made, in pages", async () => {
    const dead = await scene.standardQueue()
    const QueueUrl = dead
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await scene.arn(dead), maxReceiveCount: 3 })
    const one = await scene.standardQueue({ RedrivePolicy })
    const path = await scene.queue({ deadLetterQueue: nameIn(dead) })
    const two = `${scene.broker.url}/000000000000/${nameIn(path)}`
    const sources = [one, two].toSorted()
    expect((await scene.sqs.listDeadLetterSourceQueues({ QueueUrl })).queueUrls).toEqual(sources)
    const first = await scene.sqs.listDeadLetterSourceQueues({ QueueUrl, MaxResults: 1 })
    expect(first.queueUrls).toEqual(sources.slice(0, 1))
    const NextToken = first.NextToken!
    const last = await scene.sqs.listDeadLetterSourceQueues({ QueueUrl, MaxResults: 1, NextToken })
    expect([last.queueUrls, last.NextToken]).toEqual([sources.slice(1), undefined])
    expect((await scene.sqs.listDeadLetterSourceQueues({ QueueUrl: one })).queueUrls).toEqual([])
  })

  it("[X50] are those that the caller may read", async () => {
    const dead = await scene.standardQueue()
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await scene.arn(dead), maxReceiveCount: 3 })
    const one = await scene.standardQueue({ RedrivePolicy })
    await scene.standardQueue({ RedrivePolicy })
    const rights = [{ actions: ["read"], queues: [nameIn(dead), nameIn(one)] }]
    const sqs = scene.sdk({ credentials: await scene.newKey({ rights }) })
    expect((await sqs.listDeadLetterSourceQueues({ QueueUrl: dead })).queueUrls).toEqual([one])
  })

  it("[X50] of no queue, and in pages of another size, there are none", async () => {
    const QueueUrl = await scene.standardQueue()
    for (const MaxResults of [0, 1001]) {
      const message =
        "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000."
      await expectError(scene.sqs.listDeadLetterSourceQueues({ QueueUrl, MaxResults }), { ...INVALID, message })
    }
    await expectError(scene.sqs.listDeadLetterSourceQueues({ QueueUrl, NextToken: "?" }), INVALID)
    const missing = scene.sqs.listDeadLetterSourceQueues({ QueueUrl: `${QueueUrl}-2` })
    await expectError(missing, { name: "QueueDoesNotExist" })
  })
})

function invalid(text: string): string {
  return `Value ${text} for parameter RedrivePolicy is invalid. Reason: `
}
