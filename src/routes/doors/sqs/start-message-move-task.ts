import type { Failure } from "../../../core/errors.ts"
import { ok } from "../../../core/result.ts"
import type { SqsFailure } from "../../../protocol/sqs/errors.ts"
import { sqsFailureOf } from "../../../protocol/sqs/failures.ts"
import { parseMoveTask, taskHandle, taskIdOf } from "../../../protocol/sqs/move-task.ts"
import { filterOf } from "../../queues/message-filter.ts"
import type { SqsAction } from "./action.ts"
import { permitAction, permitTarget } from "./authorize.ts"
import { arnOf } from "./arn-of.ts"
import { callSource, checkMoveTask } from "./move-task-queues.ts"

/** Messages that go back to where they came from may go anywhere. */
const ANY_QUEUE = "*"

/** Begins to move the messages of a dead-letter queue: a redrive, which goes on by itself. */
export const startMessageMoveTask: SqsAction<"StartMessageMoveTask"> = {
  name: "StartMessageMoveTask",
  async handle(call) {
    const task = parseMoveTask(call.input)
    if (!task.ok) return task
    const { source, destination, maxMessagesPerSecond } = task.value
    const permitted = permitAction(call, source)
    if (!permitted.ok) return permitted
    const mayMove = permitTarget(call, destination ?? ANY_QUEUE)
    if (!mayMove.ok) return mayMove
    const checked = await checkMoveTask(call, task.value)
    if (!checked.ok) return checked
    const request = { queue: destination, filter: filterOf({}), maxMessagesPerSecond }
    const started = await callSource(
      call,
      source,
      "once",
      async (queue, { version, incarnation }) => {
        const redrive = await queue.startRedrive(version, request)
        return redrive.ok ? ok(taskIdOf({ incarnation, no: redrive.value.no })) : redrive
      },
      startRefusal,
    )
    return started.ok ? ok({ TaskHandle: taskHandle(started.value, arnOf(call)(source)) }) : started
  },
}

function startRefusal(failure: Failure): SqsFailure {
  if (failure.code !== "conflict") return sqsFailureOf(failure)
  const rule = "Only one active task is allowed for a source queue arn at a given time."
  return { name: "InvalidParameterValue", message: `There is already a task running. ${rule}` }
}
