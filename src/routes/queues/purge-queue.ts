import type { Failure } from "../../core/errors.ts"
import type { PurgeCursor, PurgeReply, PurgeRequest } from "../../core/queue/operator/commands.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { Scope } from "../env.ts"
import { callQueue } from "../objects.ts"

/**
 * Deletes the messages of queue `name` that `request` names; answers how many. Slice by slice, so that what else the
 * queue has to do gets its turn.
 */
export async function purgeQueue(
  scope: Scope,
  name: string,
  request: Omit<PurgeRequest, "cursor">,
): Promise<Result<number, Failure>> {
  let incarnation: number | null = null
  let cursor: PurgeCursor | null = null
  let removed = 0
  do {
    const slice: Result<PurgeReply, Failure> = await callQueue<PurgeReply>(
      scope,
      name,
      "once",
      async (queue, entry) => {
        if (incarnation !== null && entry.incarnation !== incarnation) return err({ code: "log_recreated" })
        const reply = await queue.purge(entry.version, { ...request, cursor })
        // an entry that was refused may be of an earlier life, in which nothing was deleted
        if (reply.ok) incarnation = entry.incarnation
        return reply
      },
    )
    if (!slice.ok) return slice
    removed += slice.value.removed
    cursor = slice.value.cursor
  } while (cursor !== null)
  return ok(removed)
}
