import { err, ok } from "../../../core/result.ts"
import { sqsFailureOf } from "../../../protocol/sqs/failures.ts"
import { notePurge } from "../../../protocol/sqs/purge-interval.ts"
import { filterOf } from "../../queues/message-filter.ts"
import { STATES } from "../../queues/operator-schemas.ts"
import { purgeQueue as purgeMessages } from "../../queues/purge-queue.ts"
import type { SqsAction } from "./action.ts"
import { changeQueue, loadNamedQueue } from "./queue.ts"
import { hasWaits } from "./waits.ts"

/** Deletes all messages of a queue, in flight or not, before it answers. */
export const purgeQueue: SqsAction<"PurgeQueue"> = {
  name: "PurgeQueue",
  async handle(call) {
    const [now, id] = [Date.now(), crypto.randomUUID()]
    const entry = hasWaits(call)
      ? await changeQueue(call, (queue) => notePurge(queue, now, id))
      : await loadNamedQueue(call)
    if (!entry.ok) return entry
    const everything = { states: STATES, filter: filterOf({}), forgetsDedup: true }
    const purged = await purgeMessages(call, entry.value.name, everything)
    return purged.ok ? ok(null) : err(sqsFailureOf(purged.error))
  },
}
