import { err, ok } from "../../../core/result.ts"
import { sqsFailureOf } from "../../../protocol/sqs/failures.ts"
import { callCatalog, queueMetadata } from "../../objects.ts"
import type { SqsAction } from "./action.ts"
import { permitAction } from "./authorize.ts"
import { queueNameOf } from "./queue.ts"

/** Deletes a queue and its messages, at once. */
export const deleteQueue: SqsAction<"DeleteQueue"> = {
  name: "DeleteQueue",
  async handle(call) {
    const name = queueNameOf(call.input.QueueUrl)
    if (!name.ok) return name
    const permitted = permitAction(call, name.value)
    if (!permitted.ok) return permitted
    queueMetadata.forget(call, name.value)
    const deleted = await callCatalog(call, "once", (catalog) => catalog.deleteQueue(name.value))
    queueMetadata.forget(call, name.value)
    return deleted.ok ? ok(null) : err(sqsFailureOf(deleted.error))
  },
}
