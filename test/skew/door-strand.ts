import { expect } from "vitest"
import { newAccessKey } from "../support/access-keys.ts"
import { sign, type SigningKey } from "../support/aws-signer.ts"
import type { SkewScene, Strand } from "./skew-scene.ts"

const QUEUE = "door"
const LEASE_SECONDS = 600

interface Received {
  readonly Messages?: readonly { readonly Body: string; readonly ReceiptHandle: string }[]
}

/** What a client of SQS does. Its Worker has to have the door. */
export function doorStrand(scene: SkewScene): Strand {
  let key: SigningKey | null = null
  let held: string | null = null
  let step = 0

  const ask = async <T>(action: string, input: object): Promise<T> => {
    const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` }
    const unsigned = { url: `${scene.broker.url}/`, headers, body: JSON.stringify(input), region: "us-east-1" }
    const { url, ...signed } = sign(key!, { ...unsigned, service: "sqs" })
    const response = await fetch(url, signed)
    const text = await response.text()
    expect(response.status, `${action}: ${text}`).toBe(200)
    return (text === "" ? null : JSON.parse(text)) as T
  }
  return {
    name: "door",
    async step() {
      key ??= await newAccessKey(scene)
      await ask("CreateQueue", { QueueName: QUEUE, Attributes: { VisibilityTimeout: String(LEASE_SECONDS) } })
      const QueueUrl = `${scene.broker.url}/000000000000/${QUEUE}`
      if (held !== null) await ask("DeleteMessage", { QueueUrl, ReceiptHandle: held })
      await ask("SendMessage", { QueueUrl, MessageBody: `${step} done` })
      await ask("SendMessage", { QueueUrl, MessageBody: `${step} held`, MessageAttributes: ATTRIBUTES })
      const received = await ask<Received>("ReceiveMessage", {
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ["All"],
      })
      expect(received.Messages).toMatchObject([
        { Body: `${step} done` },
        { Body: `${step} held`, MessageAttributes: ATTRIBUTES },
      ])
      const [done, kept] = received.Messages!.map(({ ReceiptHandle }) => ReceiptHandle)
      await ask("DeleteMessage", { QueueUrl, ReceiptHandle: done })
      await ask("ChangeMessageVisibility", { QueueUrl, ReceiptHandle: kept, VisibilityTimeout: LEASE_SECONDS })
      held = kept!
      await ask("TagQueue", { QueueUrl, Tags: { step: String(step) } })
      expect(await ask("ListQueueTags", { QueueUrl })).toMatchObject({ Tags: { step: String(step) } })
      expect(await ask("GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] })).toMatchObject({
        Attributes: {
          ApproximateNumberOfMessages: "0",
          ApproximateNumberOfMessagesNotVisible: "1",
          VisibilityTimeout: String(LEASE_SECONDS),
        },
      })
      step++
    },
  }
}

const ATTRIBUTES = { kind: { DataType: "String", StringValue: "door" } }
