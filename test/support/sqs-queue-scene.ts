import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type QueueAttributeName,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs"
import { expect } from "vitest"
import { SqsScene } from "./sqs-scene.ts"

/** Attributes of a queue, by their names. */
export type QueueAttributes = Readonly<Record<string, string>>

/** What is answered of a queue that there is not. */
export const NO_QUEUE = {
  name: "QueueDoesNotExist",
  code: "AWS.SimpleQueueService.NonExistentQueue",
  status: 400,
  message: "The specified queue does not exist.",
}

/** A scene of queues and what they are set to. */
export class SqsQueueScene extends SqsScene {
  /** The URL of a queue that was created, or found as it was asked for; by default of a new name. */
  async create(
    attributes: QueueAttributes = {},
    name = this.newName() + (attributes["FifoQueue"] === "true" ? ".fifo" : ""),
  ): Promise<string> {
    const { QueueUrl } = await this.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }))
    expect(QueueUrl).toBe(this.queueUrl(name))
    return QueueUrl!
  }

  /** The attributes of these names, or `All`; undefined for none. */
  async attributesOf(url: string, ...names: readonly string[]): Promise<Record<string, string> | undefined> {
    const asked = { QueueUrl: url, AttributeNames: names as QueueAttributeName[] }
    return (await this.sqs.send(new GetQueueAttributesCommand(asked))).Attributes
  }

  set(url: string, attributes: QueueAttributes): Promise<unknown> {
    return this.sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: attributes }))
  }
}
