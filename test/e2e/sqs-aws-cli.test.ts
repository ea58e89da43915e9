import { beforeAll, describe, expect, it, type TestContext } from "vitest"
import { canRun, runProgram } from "../support/programs.ts"
import { nameIn, SqsKeyScene } from "../support/sqs-key-scene.ts"

interface Received {
  readonly Messages: readonly [{ readonly Body: string; readonly ReceiptHandle: string }]
}

const scene = new SqsKeyScene()
let isThere = false

/** Each command starts a Python of its own, which takes seconds on a machine that has much to do. */
const PYTHONS_MS = 180_000

beforeAll(async () => {
  isThere = await canRun("aws", "--version")
})

describe("aws command line", { timeout: PYTHONS_MS }, () => {
  it("[X90] sends, receives and deletes", async (context) => {
    skipWithoutIt(context)
    const queue = await scene.standardQueue()
    await aws("send-message", "--queue-url", queue, "--message-body", "from the shell")
    const polling = ["--attribute-names", "All", "--wait-time-seconds", "20"]
    const received = await aws<Received>("receive-message", "--queue-url", queue, ...polling)
    const [message] = received.Messages
    expect(message.Body).toBe("from the shell")
    await aws("delete-message", "--queue-url", queue, "--receipt-handle", message.ReceiptHandle)
    expect(await scene.counts(queue)).toEqual({ visible: 0, inFlight: 0 })
  })

  it("[X90] makes a queue, and shows its tags", async (context) => {
    skipWithoutIt(context)
    const QueueName = scene.newName()
    const made = await aws<{ QueueUrl: string }>("create-queue", "--queue-name", QueueName, "--tags", "team=mills")
    expect(await scene.sqs.getQueueUrl({ QueueName })).toMatchObject(made)
    expect(await aws("list-queue-tags", "--queue-url", made.QueueUrl)).toEqual({ Tags: { team: "mills" } })
  })

  it("[X90] lists queues, page by page", async (context) => {
    skipWithoutIt(context)
    const { queue, dead } = await scene.queueWithDeadLetters(3)
    const listed = await aws<{ QueueUrls: readonly string[] }>("list-queues", "--page-size", "1")
    expect(listed.QueueUrls).toEqual(expect.arrayContaining([queue, dead]))
    expect(await aws("list-dead-letter-source-queues", "--queue-url", dead)).toEqual({ queueUrls: [queue] })
  })

  it("[X90] says what was refused", async (context) => {
    skipWithoutIt(context)
    const name = nameIn(await scene.standardQueue())
    await expect(aws("create-queue", "--queue-name", name, "--attributes", "VisibilityTimeout=99")).rejects.toThrow(
      "(QueueAlreadyExists) when calling the CreateQueue operation",
    )
  })
})

function skipWithoutIt({ skip }: TestContext): void {
  if (!isThere) skip("there is no aws here")
}

/** One command; answers its JSON, null without any. */
async function aws<T>(...args: readonly string[]): Promise<T> {
  const output = await runProgram("aws", ["--endpoint-url", scene.broker.url, "sqs", ...args, "--output", "json"], {
    AWS_ACCESS_KEY_ID: scene.key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: scene.key.secretAccessKey,
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
  })
  return (output.trim() === "" ? null : JSON.parse(output)) as T
}
