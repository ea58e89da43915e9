import { ok } from "../../../core/result.ts"
import { moveTaskOf, parseMoveTaskList } from "../../../protocol/sqs/move-task.ts"
import type { SqsAction } from "./action.ts"
import { permitAction } from "./authorize.ts"
import { arnOf } from "./arn-of.ts"
import { callSource } from "./move-task-queues.ts"

/** Lists the last redrives of a queue, the newest first, through whichever door they were begun. */
export const listMessageMoveTasks: SqsAction<"ListMessageMoveTasks"> = {
  name: "ListMessageMoveTasks",
  async handle(call) {
    const asked = parseMoveTaskList(call.input)
    if (!asked.ok) return asked
    const { source, limit } = asked.value
    const permitted = permitAction(call, source)
    if (!permitted.ok) return permitted
    const listed = await callSource(call, source, "idempotent", async (queue, entry) => {
      const redrives = await queue.redrives(entry.version)
      if (!redrives.ok) return redrives
      return ok(redrives.value.slice(0, limit).map((redrive) => moveTaskOf(redrive, entry, arnOf(call))))
    })
    return listed.ok ? ok({ Results: listed.value }) : listed
  },
}
