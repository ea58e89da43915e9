import type { Redrive } from "../../../core/queue/operator/commands.ts"
import { err, ok } from "../../../core/result.ts"
import { refuse } from "../../../protocol/sqs/errors.ts"
import { parseTaskHandle, taskIdOf } from "../../../protocol/sqs/move-task.ts"
import type { SqsAction, SqsRequest } from "./action.ts"
import { permitAction } from "./authorize.ts"
import { callSource } from "./move-task-queues.ts"

/** Ends a task at once; what it moved stays moved. */
export const cancelMessageMoveTask: SqsAction<"CancelMessageMoveTask"> = {
  name: "CancelMessageMoveTask",
  async handle(call) {
    const task = parseTaskHandle(call.input.TaskHandle)
    if (!task.ok) return task
    const { source, taskId } = task.value
    const permitted = permitAction(call, source)
    if (!permitted.ok) return permitted
    const found = await findTask(call, source, taskId)
    if (!found.ok) return found
    if (found.value === null) return refuse("ResourceNotFoundException", "Task does not exist.")
    const { no, state } = found.value
    const cancelled = state === "running" ? await cancel(call, source, no) : ok(null)
    if (!cancelled.ok) return cancelled
    if (cancelled.value === null) return refuse("InvalidParameterValue", "Only active tasks can be cancelled.")
    return ok({ ApproximateNumberOfMessagesMoved: cancelled.value.moved })
  },
}

/** Null where it is none of those that are remembered. */
function findTask(call: SqsRequest, source: string, taskId: string) {
  return callSource<Redrive | null>(call, source, "idempotent", async (queue, { version, incarnation }) => {
    const redrives = await queue.redrives(version)
    if (!redrives.ok) return redrives
    return ok(redrives.value.find(({ no }) => taskIdOf({ incarnation, no }) === taskId) ?? null)
  })
}

/** Null where it came to its end in the meantime. */
function cancel(call: SqsRequest, source: string, no: number) {
  return callSource<Redrive | null>(call, source, "once", async (queue, { version }) => {
    const cancelled = await queue.cancelRedrive(version, no)
    if (cancelled.ok) return ok(cancelled.value)
    const { error } = cancelled
    return error.code === "not_found" && error.resource === "redrive" ? ok(null) : err(error)
  })
}
