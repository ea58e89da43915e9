import { SQS, type SQSClientConfig } from "@aws-sdk/client-sqs"
import { afterAll, beforeAll, expect, vi } from "vitest"
import { type SigningKey, sign } from "./aws-signer.ts"
import type { TestBrokerOptions } from "./broker.ts"
import { ClientScene } from "./client-scene.ts"
import { upTo } from "./http.ts"
import { queryAnswer, type QueryAnswer } from "./sqs-scene.ts"

/** An access key as the broker made it. */
export interface AccessKey extends SigningKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly accountId: string
}

/** Parameters of the query protocol, beside its action. */
export type QueryParameters = Readonly<Record<string, string>>

/** What may take the broker a moment, on a machine that has much to do. */
export const PATIENCE = { timeout: 20_000, interval: 100 }

/** A broker that wants signatures, an access key of its own queues, and clients that sign with it. */
export class SqsKeyScene extends ClientScene {
  readonly #sdks = new Set<SQS>()
  #key: AccessKey | null = null
  #sqs: SQS | null = null

  /** As for an HttpScene. */
  constructor(options: TestBrokerOptions = {}) {
    super(options)
    beforeAll(async () => {
      this.#key = await this.newKey()
      this.#sqs = this.sdk()
    })
    afterAll(() => {
      for (const sdk of this.#sdks) sdk.destroy()
    })
  }

  /** The key of the owner of the queues. */
  get key(): AccessKey {
    if (this.#key === null) throw new Error("the key is there while tests run")
    return this.#key
  }

  /** AWS's client, with the owner's key. */
  get sqs(): SQS {
    if (this.#sqs === null) throw new Error("the client is there while tests run")
    return this.#sqs
  }

  /** A key of this broker; `settings` may say of which account, or what it may do. */
  async newKey(settings: object = {}): Promise<AccessKey> {
    const made = await this.post("/v1/tokens", { kind: "aws", ...settings })
    expect(made.status).toBe(201)
    return made.body as AccessKey
  }

  /** AWS's client as a program has it, but for its endpoint and credentials; closed with the file. */
  sdk(config: SQSClientConfig = {}): SQS {
    const { accessKeyId, secretAccessKey } = this.key
    return this.bareSdk({ endpoint: this.broker.url, credentials: { accessKeyId, secretAccessKey }, ...config })
  }

  /** AWS's client with nothing but its region and what it is given. */
  bareSdk(config: SQSClientConfig = {}): SQS {
    const sdk = new SQS({ region: "us-east-1", ...config })
    this.#sdks.add(sdk)
    return sdk
  }

  /** The URL of a new standard queue. */
  async standardQueue(attributes: Readonly<Record<string, string>> = {}): Promise<string> {
    const { QueueUrl } = await this.sqs.createQueue({ QueueName: this.newName(), Attributes: attributes })
    return QueueUrl!
  }

  /** The URL of a new fifo queue. */
  async fifoQueue(attributes: Readonly<Record<string, string>> = {}): Promise<string> {
    const { QueueUrl } = await this.sqs.createQueue({
      QueueName: `${this.newName()}.fifo`,
      Attributes: { FifoQueue: "true", ...attributes },
    })
    return QueueUrl!
  }

  /** The ARN of a queue. */
  async arn(queueUrl: string): Promise<string> {
    const { Attributes } = await this.sqs.getQueueAttributes({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] })
    return Attributes!["QueueArn"]!
  }

  /** A queue and its dead-letter queue, where messages go after `maxReceiveCount` receives. */
  async queueWithDeadLetters(maxReceiveCount: number): Promise<{ queue: string; dead: string }> {
    const dead = await this.standardQueue()
    const policy = JSON.stringify({ deadLetterTargetArn: await this.arn(dead), maxReceiveCount })
    return { queue: await this.standardQueue({ RedrivePolicy: policy }), dead }
  }

  /** A queue whose `count` messages have all become dead letters. */
  async deadLetters(count: number): Promise<{ queue: string; dead: string; deadArn: string }> {
    const { queue, dead } = await this.queueWithDeadLetters(1)
    const Entries = upTo(count).map((index) => ({ Id: String(index), MessageBody: `poison ${index}` }))
    await this.sqs.sendMessageBatch({ QueueUrl: queue, Entries })
    await vi.waitFor(async () => {
      await this.sqs.receiveMessage({ QueueUrl: queue, VisibilityTimeout: 0, MaxNumberOfMessages: 10 })
      expect((await this.counts(dead)).visible).toBe(count)
    }, PATIENCE)
    return { queue, dead, deadArn: await this.arn(dead) }
  }

  /** How many messages a queue holds: to be had, and in flight. */
  async counts(queueUrl: string): Promise<{ visible: number; inFlight: number }> {
    const { Attributes } = await this.sqs.getQueueAttributes({ QueueUrl: queueUrl, AttributeNames: ["All"] })
    const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = Attributes!
    return {
      visible: Number(ApproximateNumberOfMessages),
      inFlight: Number(ApproximateNumberOfMessagesNotVisible),
    }
  }

  /** A request of the query protocol, signed; to `path` by POST. */
  async query(
    action: string,
    parameters: QueryParameters = {},
    { path = "/", key = this.key }: { readonly path?: string; readonly key?: SigningKey } = {},
  ): Promise<QueryAnswer> {
    const { href } = new URL(path, this.broker.url)
    const body = new URLSearchParams({ Action: action, Version: "2012-11-05", ...parameters }).toString()
    const { url, ...request } = sign(key, { url: href, body, headers: { "content-type": FORM }, region: "us-east-1" })
    return queryAnswer(await fetch(url, request))
  }
}

const FORM = "application/x-www-form-urlencoded; charset=utf-8"

/** The name of a queue, out of its URL. */
export function nameIn(queueUrl: string): string {
  return queueUrl.slice(queueUrl.lastIndexOf("/") + 1)
}
