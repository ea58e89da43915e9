import { describe, expect, it, vi } from "vitest"
import { nameIn, PATIENCE, SqsKeyScene } from "../support/sqs-key-scene.ts"
import { expectError } from "../support/sqs-scene.ts"

const scene = new SqsKeyScene()
const NOWHERE = "arn:aws:sqs:us-east-1:000000000000:nowhere"
const MISSING = { name: "ResourceNotFoundException", status: 404 }
const INVALID = { name: "InvalidParameterValue", status: 400 }

describe("starting a task", () => {
  it("[X51] takes a source that is a dead-letter queue", async () => {
    const SourceArn = await scene.arn(await scene.standardQueue())
    const DestinationArn = await scene.arn(await scene.standardQueue())
    await expectError(scene.sqs.startMessageMoveTask({ SourceArn, DestinationArn }), {
      ...INVALID,
      message: "Source queue must be configured as a Dead Letter Queue.",
    })
    await expectError(scene.sqs.startMessageMoveTask({ SourceArn: NOWHERE }), {
      ...MISSING,
      message: "The resource that you specified for the SourceArn parameter doesn't exist.",
    })
    await expectError(scene.sqs.startMessageMoveTask({ SourceArn: "nowhere" }), {
      ...INVALID,
      message:
        "You must use this format to specify the SourceArn: arn:<partition>:<service>:<region>:<account-id>:<resource-id>",
    })
  })

  it("[X51] takes a destination of the same type that is there", async () => {
    const { deadArn: SourceArn } = await scene.deadLetters(1)
    const start = (DestinationArn: string) => scene.sqs.startMessageMoveTask({ SourceArn, DestinationArn })
    await expectError(start(NOWHERE), {
      ...MISSING,
      message: "The resource that you specified for the DestinationArn parameter doesn't exist.",
    })
    await expectError(start(SourceArn), {
      ...INVALID,
      message: "Source queue arn and destination queue arn cannot be the same.",
    })
    await expectError(start(await scene.arn(await scene.fifoQueue())), {
      ...INVALID,
      message: "The source queue and destination queue must be of the same queue type.",
    })
    await expectError(start(""), { ...INVALID, message: /^You must use this format to specify the DestinationArn: / })
  })

  it.each([0, 501, -1])("[X51] takes no rate of %i", async (rate) => {
    const { deadArn: SourceArn } = await scene.deadLetters(1)
    await expectError(scene.sqs.startMessageMoveTask({ SourceArn, MaxNumberOfMessagesPerSecond: rate }), {
      ...INVALID,
      message:
        "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's between 1 and 500.",
    })
  })

  it("[X51] of a source one at a time", async () => {
    const { deadArn: SourceArn } = await scene.deadLetters(10)
    await scene.sqs.startMessageMoveTask({ SourceArn, MaxNumberOfMessagesPerSecond: 1 })
    await expectError(scene.sqs.startMessageMoveTask({ SourceArn }), {
      ...INVALID,
      message:
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    })
  })
})

describe("a task", () => {
  it("[X52] [X53] moves what is there to its destination, with its attributes", async () => {
    const { queue, dead } = await scene.queueWithDeadLetters(1)
    const MessageAttributes = { color: { DataType: "String", StringValue: "red" } }
    await scene.sqs.sendMessage({ QueueUrl: queue, MessageBody: "one", MessageAttributes })
    await untilDead(queue, dead, 1)
    const QueueUrl = await scene.standardQueue()
    const [SourceArn, DestinationArn] = [await scene.arn(dead), await scene.arn(QueueUrl)]
    const before = Date.now()
    const { TaskHandle } = await scene.sqs.startMessageMoveTask({ SourceArn, DestinationArn })
    const handle = JSON.parse(atob(TaskHandle!)) as { taskId: string; sourceArn: string }
    expect(handle.sourceArn).toBe(SourceArn)
    expect(handle.taskId).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/)
    const task = await untilEnded(SourceArn)
    expect(task).toEqual({
      Status: "COMPLETED",
      SourceArn,
      DestinationArn,
      ApproximateNumberOfMessagesMoved: 1,
      ApproximateNumberOfMessagesToMove: 1,
      StartedTimestamp: expect.any(Number) as number,
    })
    expect(task.StartedTimestamp).toBeGreaterThanOrEqual(before - 1000)
    const message = await receiveOne(QueueUrl)
    expect(message).toMatchObject({ Body: "one", MessageAttributes })
    expect((await scene.counts(dead)).visible).toBe(0)
  })

  it("[X52] moves each message back to where it came from", async () => {
    const { queue: first, dead, deadArn: SourceArn } = await scene.deadLetters(2)
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: SourceArn, maxReceiveCount: 1 })
    const second = await scene.standardQueue({ RedrivePolicy })
    await scene.sqs.sendMessage({ QueueUrl: second, MessageBody: "another" })
    await untilDead(second, dead, 3)
    await scene.sqs.startMessageMoveTask({ SourceArn })
    const task = await untilEnded(SourceArn)
    expect(task).toMatchObject({ Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 3 })
    expect(task).not.toHaveProperty("DestinationArn")
    await vi.waitFor(async () => {
      expect([(await scene.counts(first)).visible, (await scene.counts(second)).visible]).toEqual([2, 1])
    }, PATIENCE)
  })

  it("[X52] of a fifo queue keeps its groups and their order", async () => {
    const dead = await scene.fifoQueue()
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await scene.arn(dead), maxReceiveCount: 1 })
    const QueueUrl = await scene.fifoQueue({ RedrivePolicy, ContentBasedDeduplication: "true" })
    for (const MessageBody of ["a", "b", "c"]) {
      await scene.sqs.sendMessage({ QueueUrl, MessageBody, MessageGroupId: "group" })
    }
    await untilDead(QueueUrl, dead, 3)
    const SourceArn = await scene.arn(dead)
    await scene.sqs.startMessageMoveTask({ SourceArn })
    expect(await untilEnded(SourceArn)).toMatchObject({ Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 3 })
    await vi.waitFor(async () => expect((await scene.counts(QueueUrl)).visible).toBe(3), PATIENCE)
    const { Messages } = await scene.sqs.receiveMessage({
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ["MessageGroupId"],
    })
    expect(Messages!.map(({ Body }) => Body)).toEqual(["a", "b", "c"])
    expect(Messages![0]!.Attributes).toEqual({ MessageGroupId: "group" })
  })

  it("[X55] fails over messages that came from nowhere, and moves the others", async () => {
    const { queue, dead, deadArn: SourceArn } = await scene.deadLetters(2)
    await scene.sqs.sendMessage({ QueueUrl: dead, MessageBody: "sent here" })
    await scene.sqs.startMessageMoveTask({ SourceArn, MaxNumberOfMessagesPerSecond: 93 })
    const task = await untilEnded(SourceArn)
    expect(task).toMatchObject({
      Status: "FAILED",
      FailureReason: "CouldNotDetermineMessageSource",
      ApproximateNumberOfMessagesMoved: 2,
      ApproximateNumberOfMessagesToMove: 3,
      MaxNumberOfMessagesPerSecond: 93,
    })
    expect(task).not.toHaveProperty("TaskHandle")
    await vi.waitFor(async () => {
      expect([(await scene.counts(queue)).visible, (await scene.counts(dead)).visible]).toEqual([2, 1])
    }, PATIENCE)
    const DestinationArn = await scene.arn(queue)
    await scene.sqs.startMessageMoveTask({ SourceArn, DestinationArn })
    expect(await untilEnded(SourceArn)).toMatchObject({ Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 1 })
  })

  it("[X54] [X53] is cancelled by its handle, once", async () => {
    const { dead, deadArn: SourceArn } = await scene.deadLetters(10)
    const { TaskHandle } = await scene.sqs.startMessageMoveTask({ SourceArn, MaxNumberOfMessagesPerSecond: 1 })
    const running = (await scene.sqs.listMessageMoveTasks({ SourceArn })).Results
    expect(running).toMatchObject([{ Status: "RUNNING", TaskHandle, ApproximateNumberOfMessagesToMove: 10 }])
    const { ApproximateNumberOfMessagesMoved: moved } = await scene.sqs.cancelMessageMoveTask({ TaskHandle })
    const [task] = (await scene.sqs.listMessageMoveTasks({ SourceArn })).Results!
    expect(task).toMatchObject({ Status: "CANCELLED", ApproximateNumberOfMessagesMoved: moved })
    expect(task).not.toHaveProperty("TaskHandle")
    expect((await scene.counts(dead)).visible).toBe(10 - moved!)
    await expectError(scene.sqs.cancelMessageMoveTask({ TaskHandle }), {
      ...INVALID,
      message: "Only active tasks can be cancelled.",
    })
  })

  it("[X54] is not cancelled by the handle of another one", async () => {
    const { deadArn: SourceArn } = await scene.deadLetters(10)
    const { TaskHandle } = await scene.sqs.startMessageMoveTask({ SourceArn, MaxNumberOfMessagesPerSecond: 1 })
    await scene.sqs.cancelMessageMoveTask({ TaskHandle })
    await scene.sqs.startMessageMoveTask({ SourceArn, MaxNumberOfMessagesPerSecond: 1 })
    await expectError(scene.sqs.cancelMessageMoveTask({ TaskHandle }), {
      message: "Only active tasks can be cancelled.",
    })
    const { Results } = await scene.sqs.listMessageMoveTasks({ SourceArn, MaxResults: 10 })
    expect(Results!.map(({ Status }) => Status)).toEqual(["RUNNING", "CANCELLED"])
  })

  it.each([
    ["no handle", "foobared", { ...INVALID, message: "Value for parameter TaskHandle is invalid." }],
    ["text that is none", btoa("null"), { ...INVALID, message: "Value for parameter TaskHandle is invalid." }],
    [
      "of a queue that is not there",
      btoa(JSON.stringify({ taskId: "10f57157-fc38-4da9-a113-4de7e12d05dd", sourceArn: NOWHERE })),
      { ...MISSING, message: "The resource that you specified for the SourceArn parameter doesn't exist." },
    ],
  ])("[X54] %s cancels nothing", async (_, TaskHandle, expected) => {
    await expectError(scene.sqs.cancelMessageMoveTask({ TaskHandle }), expected)
  })

  it("[X54] one that is not known is told so", async () => {
    const sourceArn = await scene.arn(await scene.standardQueue())
    const TaskHandle = btoa(JSON.stringify({ taskId: "10f57157-fc38-4da9-a113-4de7e12d05aa", sourceArn }))
    await expectError(scene.sqs.cancelMessageMoveTask({ TaskHandle }), { ...MISSING, message: "Task does not exist." })
  })
})

describe("a list of tasks", () => {
  it("[X53] has one unless more are asked for, up to ten, and those that were begun natively", async () => {
    const { queue, dead, deadArn: SourceArn } = await scene.deadLetters(1)
    for (let at = 0; at < 10; at++) {
      const started = await scene.post(`/v1/queues/${nameIn(dead)}/redrive`, { queue: nameIn(queue) })
      expect(started.status).toBe(202)
      await untilEnded(SourceArn)
    }
    const { TaskHandle } = await scene.sqs.startMessageMoveTask({ SourceArn })
    expect(TaskHandle).toBeDefined()
    await untilEnded(SourceArn)
    expect((await scene.sqs.listMessageMoveTasks({ SourceArn })).Results).toHaveLength(1)
    const { Results } = await scene.sqs.listMessageMoveTasks({ SourceArn, MaxResults: 10 })
    expect(Results!.map(({ DestinationArn }) => DestinationArn)).toEqual([
      undefined,
      ...Array.from({ length: 9 }, () => `arn:aws:sqs:us-east-1:000000000000:${nameIn(queue)}`),
    ])
  })

  it("[X53] is refused of what is no queue, and with another number", async () => {
    await expectError(scene.sqs.listMessageMoveTasks({ SourceArn: NOWHERE }), MISSING)
    await expectError(scene.sqs.listMessageMoveTasks({ SourceArn: "a" }), INVALID)
    const SourceArn = await scene.arn(await scene.standardQueue())
    for (const MaxResults of [0, 11]) {
      const message =
        "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 10."
      await expectError(scene.sqs.listMessageMoveTasks({ SourceArn, MaxResults }), { ...INVALID, message })
    }
    expect((await scene.sqs.listMessageMoveTasks({ SourceArn })).Results ?? []).toEqual([])
  })
})

async function untilDead(QueueUrl: string, dead: string, count: number): Promise<void> {
  await vi.waitFor(async () => {
    await scene.sqs.receiveMessage({ QueueUrl, VisibilityTimeout: 0, MaxNumberOfMessages: 10 })
    expect((await scene.counts(dead)).visible).toBe(count)
  }, PATIENCE)
}

async function untilEnded(SourceArn: string) {
  return vi.waitFor(async () => {
    const [task] = (await scene.sqs.listMessageMoveTasks({ SourceArn })).Results!
    expect(task!.Status).not.toBe("RUNNING")
    return task!
  }, PATIENCE)
}

async function receiveOne(QueueUrl: string) {
  const { Messages } = await scene.sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20, MessageAttributeNames: ["All"] })
  return Messages?.[0]
}
