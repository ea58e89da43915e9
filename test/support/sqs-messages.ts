import {
  CreateQueueCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  type SendMessageCommandInput,
  type SendMessageCommandOutput,
} from "@aws-sdk/client-sqs"
import { expect } from "vitest"
import { SqsScene } from "./sqs-scene.ts"

type Without<Input> = Omit<Input, "QueueUrl">

/** A queue that was made natively: its path there, and its URL here. */
export interface NativeQueue {
  readonly path: string
  readonly url: string
}

/** A scene in which messages are sent and received by SQS. */
export class SqsMessages extends SqsScene {
  /** A new standard queue; answers its URL. */
  async standard(attributes: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.#create(this.newName(), attributes)
  }

  /** A new fifo queue; answers its URL. */
  async fifo(attributes: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.#create(`${this.newName()}.fifo`, { FifoQueue: "true", ...attributes })
  }

  /** A new queue with settings that only the native door has. */
  async native(settings: object = {}): Promise<NativeQueue> {
    const path = await this.queue(settings)
    return { path, url: this.queueUrl(nameOf(path)) }
  }

  sendTo(QueueUrl: string, message: string | Without<SendMessageCommandInput>): Promise<SendMessageCommandOutput> {
    const input = typeof message === "string" ? { MessageBody: message } : message
    return this.sqs.send(new SendMessageCommand({ QueueUrl, ...input }))
  }

  async receiveFrom(QueueUrl: string, options: Without<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
    const { Messages } = await this.sqs.send(new ReceiveMessageCommand({ QueueUrl, ...options }))
    return Messages ?? []
  }

  /** Receives exactly one message, waiting for it, with all that there is to know of it. */
  async receiveWhole(QueueUrl: string, options: Without<ReceiveMessageCommandInput> = {}): Promise<Message> {
    const messages = await this.receiveFrom(QueueUrl, {
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["All"],
      WaitTimeSeconds: 20,
      ...options,
    })
    expect(messages).toHaveLength(1)
    return messages[0]!
  }

  /** What the queue holds: ready, in flight, delayed or scheduled. */
  async held(url: string): Promise<object> {
    const { ready, inFlight, delayed, scheduled } = await this.statistics(`/v1/queues/${nameOf(url)}`)
    return { ready, inFlight, delayed: Number(delayed) + Number(scheduled) }
  }

  async #create(QueueName: string, Attributes: Readonly<Record<string, string>>): Promise<string> {
    const { QueueUrl } = await this.sqs.send(new CreateQueueCommand({ QueueName, Attributes }))
    return QueueUrl!
  }
}

/** The name in a queue's URL or path. */
export function nameOf(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1)
}

/** The bodies of `messages`. */
export function bodiesOf(messages: readonly Message[]): (string | undefined)[] {
  return messages.map(({ Body }) => Body)
}
