import type { Failure } from "../../../core/errors.ts"
import type { QueueSettings } from "../../../core/queue/settings.ts"
import { err, ok, type Result } from "../../../core/result.ts"
import type { CatalogEntry } from "../../../objects/contract.ts"
import { refuse, type SqsFailure, type SqsResult } from "../../../protocol/sqs/errors.ts"
import { isMissingQueue, sqsFailureOf } from "../../../protocol/sqs/failures.ts"
import { missingQueue, type MoveTaskRequest } from "../../../protocol/sqs/move-task.ts"
import type { QueueStub } from "../../env.ts"
import { callCatalog, callQueue, queueMetadata } from "../../objects.ts"
import type { SqsRequest } from "./action.ts"

type Parameter = "SourceArn" | "DestinationArn"

/** Calls the object of the queue `name`, the source of a task. What it answers but `not_found` is for `refuse` to say. */
export async function callSource<T>(
  call: SqsRequest,
  name: string,
  repeat: "once" | "idempotent",
  run: (queue: QueueStub, entry: CatalogEntry<QueueSettings>) => Promise<Result<T, Failure>>,
  refusalOf: (failure: Failure) => SqsFailure = sqsFailureOf,
): Promise<SqsResult<T>> {
  const called = await callQueue(call, name, repeat, run)
  if (called.ok) return called
  return isMissingQueue(called.error) ? missingQueue("SourceArn") : err(refusalOf(called.error))
}

/** Whether a task can move messages from the one queue to the other. */
export async function checkMoveTask(
  call: SqsRequest,
  { source, destination }: MoveTaskRequest,
): Promise<SqsResult<null>> {
  const from = await load(call, "SourceArn", source)
  if (!from.ok) return from
  const isTarget = await isDeadLetterQueue(call, source)
  if (!isTarget.ok) return isTarget
  if (!isTarget.value) {
    return refuse("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
  }
  if (destination === null) return ok(null)
  const to = await load(call, "DestinationArn", destination)
  if (!to.ok) return to
  if (to.value.settings.ordering === from.value.settings.ordering) return ok(null)
  return refuse("InvalidParameterValue", "The source queue and destination queue must be of the same queue type.")
}

async function load(
  call: SqsRequest,
  parameter: Parameter,
  name: string,
): Promise<SqsResult<CatalogEntry<QueueSettings>>> {
  const loaded = await queueMetadata.reload(call, name)
  if (loaded.ok) return loaded
  return isMissingQueue(loaded.error) ? missingQueue(parameter) : err(sqsFailureOf(loaded.error))
}

/** Whether some queue has `name` for its dead-letter queue: at the time of the call, and seen by nobody. */
async function isDeadLetterQueue(call: SqsRequest, name: string): Promise<SqsResult<boolean>> {
  const request = { prefix: "", limit: 1, cursor: null, deadLetterQueue: name }
  const page = await callCatalog(call, "idempotent", async (catalog) => ok(await catalog.listQueues(request)))
  return page.ok ? ok(page.value.items.length > 0) : err(sqsFailureOf(page.error))
}
