import { SQS } from "@aws-sdk/client-sqs"
import type { Address } from "../http.ts"

/** All that a program for Amazon SQS is told to find a broker instead. */
export type AwsEnvironment = Readonly<
  Record<"AWS_ENDPOINT_URL_SQS" | "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY", string>
>

/** A place in which programs for Amazon SQS run, and a client of the demo's own. */
export interface Account {
  readonly environment: AwsEnvironment
  readonly sqs: SQS
  /** Ends the programs. */
  readonly signal: AbortSignal
}

const REGION = "us-east-1"

/** Has the broker make an access key. */
export async function openAccount({ url, token, signal }: Address): Promise<Account> {
  const response = await fetch(`${url}/v1/tokens`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ kind: "aws", subject: "the demo" }),
    signal,
  })
  if (!response.ok) throw new Error(`the access key was refused: ${response.status} ${await response.text()}`)
  const { accessKeyId, secretAccessKey } = await response.json<{ accessKeyId: string; secretAccessKey: string }>()
  const environment = {
    AWS_ENDPOINT_URL_SQS: url,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  }
  const sqs = new SQS({ endpoint: url, region: REGION, credentials: { accessKeyId, secretAccessKey } })
  return { environment, sqs, signal }
}

/** Makes a queue; answers its URL. */
export async function createQueue(
  { sqs }: Account,
  name: string,
  attributes: Readonly<Record<string, string>>,
): Promise<string> {
  const { QueueUrl } = await sqs.createQueue({ QueueName: name, Attributes: attributes })
  return QueueUrl!
}

/** The ARN of a queue. */
export async function arnOf({ sqs }: Account, queueUrl: string): Promise<string> {
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] })
  return Attributes!["QueueArn"]!
}

/** How many messages a queue holds, those in flight and delayed ones included. */
export async function held({ sqs }: Account, queueUrl: string): Promise<number> {
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl: queueUrl, AttributeNames: ["All"] })
  const counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const
  return counts.reduce((sum, name) => sum + Number(Attributes![name]), 0)
}
