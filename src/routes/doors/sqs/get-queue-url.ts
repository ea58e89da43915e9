import { NAME_PATTERN } from "../../../core/limits.ts"
import { ok } from "../../../core/result.ts"
import { refuse } from "../../../protocol/sqs/errors.ts"
import type { SqsAction } from "./action.ts"
import { loadNamedQueue, queueUrl } from "./queue.ts"

/** `QueueOwnerAWSAccountId` is not looked at, as the account in a queue's URL is not. */
export const getQueueUrl: SqsAction<"GetQueueUrl"> = {
  name: "GetQueueUrl",
  async handle(call) {
    const { QueueName: name } = call.input
    if (!NAME_PATTERN.test(name)) return refuse("QueueDoesNotExist", "The specified queue does not exist.")
    const entry = await loadNamedQueue({ ...call, input: { QueueUrl: name } })
    return entry.ok ? ok({ QueueUrl: queueUrl(call, entry.value.name) }) : entry
  },
}
