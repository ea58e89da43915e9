import type { SQSClientConfig } from "@aws-sdk/client-sqs"
import { afterEach, describe, expect, it, vi } from "vitest"
import { presign } from "../support/aws-signer.ts"
import { nameIn, SqsKeyScene } from "../support/sqs-key-scene.ts"
import { queryAnswer } from "../support/sqs-scene.ts"

const scene = new SqsKeyScene()

/** The client warns of what is wanted here. */
const ignore = (): void => {}
const SILENT: NonNullable<SQSClientConfig["logger"]> = { debug: ignore, info: ignore, warn: ignore, error: ignore }

afterEach(() => {
  vi.unstubAllEnvs()
  vi.useRealTimers()
})

describe("addresses", () => {
  it("[X91] a client without an endpoint finds the broker in the URL of a queue", async () => {
    const QueueUrl = await scene.standardQueue()
    const sqs = scene.bareSdk({ credentials: scene.key, logger: SILENT })
    await sqs.sendMessage({ QueueUrl, MessageBody: "found" })
    const { Messages } = await sqs.receiveMessage({ QueueUrl })
    expect(Messages).toMatchObject([{ Body: "found" }])
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle: Messages![0]!.ReceiptHandle })
  })

  it("[X91] AWS_ENDPOINT_URL_SQS is all that a deployment has to say", async () => {
    vi.stubEnv("AWS_ENDPOINT_URL_SQS", scene.broker.url)
    vi.stubEnv("AWS_ACCESS_KEY_ID", scene.key.accessKeyId)
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", scene.key.secretAccessKey)
    const sqs = scene.bareSdk()
    const QueueName = scene.newName()
    const { QueueUrl } = await sqs.createQueue({ QueueName })
    expect(QueueUrl).toBe(`${scene.broker.url}/${scene.key.accountId}/${QueueName}`)
  })

  it("[X91] queue URLs of an account at AWS go on working", async () => {
    const name = nameIn(await scene.standardQueue())
    const QueueUrl = `https://sqs.eu-central-1.amazonaws.com/123456789012/${name}`
    await scene.sqs.sendMessage({ QueueUrl, MessageBody: "hard-coded" })
    const { Messages } = await scene.sqs.receiveMessage({ QueueUrl })
    expect(Messages).toMatchObject([{ Body: "hard-coded" }])
  })

  it("[X91] the URLs that are answered begin as the client reached the broker", async () => {
    const queue = await scene.standardQueue()
    const elsewhere = scene.broker.url.replace("127.0.0.1", "localhost")
    const sqs = scene.sdk({ endpoint: elsewhere })
    const { QueueUrl } = await sqs.getQueueUrl({ QueueName: nameIn(queue) })
    expect(QueueUrl).toBe(queue.replace("127.0.0.1", "localhost"))
  })

  it("[X91] a presigned URL may be got by whoever has it, until it expires", async () => {
    const queue = await scene.standardQueue()
    await scene.sqs.sendMessage({ QueueUrl: queue, MessageBody: "signed & sealed" })
    const url = `${queue}?Action=ReceiveMessage&Version=2012-11-05&MaxNumberOfMessages=10`
    const received = await queryAnswer(await fetch(presign(scene.key, { url }, 300).url))
    expect(received).toMatchObject({ status: 200 })
    expect(received.texts("Body")).toEqual(["signed & sealed"])
    const at = Date.now() - 3_600_000
    const expired = await queryAnswer(await fetch(presign(scene.key, { url, at }, 300).url))
    expect([expired.status, expired.text("Code")]).toEqual([400, "RequestExpired"])
    const forged = new URL(presign(scene.key, { url }, 300).url)
    forged.searchParams.set("Action", "PurgeQueue")
    expect(await queryAnswer(await fetch(forged))).toMatchObject({ status: 403 })
  })

  it("[X91] a client that signs with a wrong secret, or with none, is refused", async () => {
    const credentials = { ...scene.key, secretAccessKey: "not the secret of this key" }
    const wrong = scene.sdk({ credentials }).listQueues({})
    await expect(wrong).rejects.toMatchObject({ name: "SignatureDoesNotMatch", $metadata: { httpStatusCode: 403 } })
    const answer = await fetch(scene.broker.url, {
      method: "POST",
      body: new URLSearchParams({ Action: "ListQueues", Version: "2012-11-05" }),
    })
    const unsigned = await queryAnswer(answer)
    expect([unsigned.status, unsigned.text("Code")]).toEqual([403, "MissingAuthenticationToken"])
  })

  it("[A18] a client whose clock is wrong corrects it by the answer, and repeats", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 })
    const sqs = scene.sdk()
    const corrected = await sqs.listQueues({ QueueNamePrefix: "none" })
    expect(corrected.$metadata).toMatchObject({ httpStatusCode: 200, attempts: 2 })
    const next = await sqs.listQueues({ QueueNamePrefix: "none" })
    expect(next.$metadata).toMatchObject({ httpStatusCode: 200, attempts: 1 })
  })
})
