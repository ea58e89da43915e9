import type { Failure } from "../../core/errors.ts"
import type { QueueSettings } from "../../core/queue/settings.ts"
import { err, type Result } from "../../core/result.ts"
import type { CatalogEntry } from "../../objects/contract.ts"
import { parseMessageId } from "../../protocol/native/message-id.ts"
import type { Repeat } from "../call-object.ts"
import type { QueueStub } from "../env.ts"
import { callQueue, SHARD } from "../objects.ts"
import type { Call } from "../operation.ts"

/**
 * Calls the queue of a path for the message of that path, by its id counter. An id of another life of the queue is
 * `not_found`: a call is only carried out by the life whose version it names.
 */
export function callMessage<T>(
  call: Call,
  repeat: Repeat,
  work: (queue: QueueStub, entry: CatalogEntry<QueueSettings>, counter: number) => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> | Result<T, Failure> {
  const name = call.params["message"]!
  const id = parseMessageId(name)
  if (!id.ok) return id
  const { incarnation, shard, counter } = id.value
  return callQueue(call, call.params["queue"]!, repeat, async (queue, entry) => {
    const isHere = incarnation === entry.incarnation && shard === SHARD
    return isHere ? work(queue, entry, counter) : err({ code: "not_found", resource: "message", name })
  })
}
